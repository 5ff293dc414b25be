//! From the text form to a checked scenario.

mod client;
mod expect;
mod link;
mod rule;
mod script;

use std::ops::Range;

use mqttlab_core::topic::{TopicError, check_filter};

use super::limits::is_id;
use super::placed::Spanned;
use super::{
    ABOUT_MAX, ACCESS_MAX, AccessSpec, BrokerSpec, HostSpec, PAYLOAD_MAX, SHARDS_MAX, Scenario,
    ScenarioError, TEXT_MAX, TITLE_MAX, raw, reader,
};
use crate::view::ParticipantId;

pub(super) fn scenario(text: &str) -> Result<Scenario, ScenarioError> {
    if text.len() > TEXT_MAX {
        let message = format!("the text has more than {TEXT_MAX} bytes");
        return Err(ScenarioError::at(text, 0..0, message));
    }
    let document: raw::Document =
        reader::read(text).map_err(|mistake| ScenarioError::from_reader(text, mistake))?;
    let check = Check { text };
    check.header(&document.scenario)?;
    let clients = check.clients(&document)?;
    let names: Vec<&str> = ["broker"]
        .into_iter()
        .chain(clients.iter().map(|client| client.name.as_str()))
        .collect();
    check.groups(&document.groups, &names)?;
    let rules = check.rules(&document.rule, &document.groups, &names)?;
    let (script, inputs) = check.script(&document.script, &document.groups, &names)?;
    let expectations = check.expectations(&document.expect, &names)?;
    let raw::Header {
        id,
        title,
        version: _,
        mqtt,
        seed,
        until,
        about,
    } = document.scenario;
    let broker = check.broker(document.broker)?;
    let id = id.into_inner();
    Ok(Scenario {
        id,
        title: title.into_inner(),
        about: about.map(Spanned::into_inner).unwrap_or_default(),
        mqtt,
        seed,
        until,
        broker,
        clients,
        rules,
        script,
        inputs,
        expectations,
        watched: Vec::new(),
    })
}

/// Knows the text, so that every mistake has a place.
struct Check<'t> {
    text: &'t str,
}

impl Check<'_> {
    fn error(&self, span: Range<usize>, message: impl Into<String>) -> ScenarioError {
        ScenarioError::at(self.text, span, message)
    }

    fn header(&self, header: &raw::Header) -> Result<(), ScenarioError> {
        let version = &header.version;
        if *version.get_ref() != 1 {
            return Err(self
                .error(
                    version.span(),
                    format!("version {} is not known", version.get_ref()),
                )
                .with_help("this program reads `version = 1`"));
        }
        let id = &header.id;
        if !is_id(id.get_ref()) {
            return Err(self.error(
                id.span(),
                "an id has 1 to 64 lower-case letters, digits and `-`",
            ));
        }
        self.length(&header.title, "a title", TITLE_MAX)?;
        if let Some(about) = &header.about {
            self.length(about, "`about`", ABOUT_MAX)?;
        }
        Ok(())
    }

    /// At most so many characters.
    fn length(&self, text: &Spanned<String>, what: &str, most: usize) -> Result<(), ScenarioError> {
        match text.get_ref().chars().nth(most) {
            None => Ok(()),
            Some(_) => {
                let message = format!("{what} has {most} characters at most");
                Err(self.error(text.span(), message))
            }
        }
    }

    /// At most so many of something; the place is that of the first too many.
    fn number<T>(
        &self,
        list: &[T],
        most: usize,
        what: &str,
        place: impl FnOnce(&T) -> Range<usize>,
    ) -> Result<(), ScenarioError> {
        match list.get(most) {
            None => Ok(()),
            Some(extra) => {
                Err(self.error(place(extra), format!("there are more than {most} {what}")))
            }
        }
    }

    fn payload(&self, payload: Option<&Spanned<String>>) -> Result<String, ScenarioError> {
        let Some(payload) = payload else {
            return Ok(String::new());
        };
        if payload.get_ref().len() > PAYLOAD_MAX {
            let message = format!("a payload has {PAYLOAD_MAX} bytes at most");
            return Err(self.error(payload.span(), message));
        }
        Ok(payload.get_ref().clone())
    }

    fn topic(
        &self,
        text: &Spanned<String>,
        what: &str,
        check: fn(&str) -> Result<(), TopicError>,
    ) -> Result<String, ScenarioError> {
        match check(text.get_ref()) {
            Ok(()) => Ok(text.get_ref().clone()),
            Err(wrong) => Err(self.error(text.span(), format!("{what}: {wrong}"))),
        }
    }

    fn broker(&self, broker: raw::Broker) -> Result<BrokerSpec, ScenarioError> {
        let raw::Broker {
            policy,
            disk,
            users,
            deny_publish,
            deny_subscribe,
            bugs,
            sync_every,
            backlog,
            accept,
            shards,
        } = broker;
        for denied in [&deny_publish, &deny_subscribe] {
            self.number(denied, ACCESS_MAX, "filters", Spanned::span)?;
        }
        if let Some(users) = users
            .as_ref()
            .filter(|all| all.get_ref().len() > ACCESS_MAX)
        {
            let message = format!("there are more than {ACCESS_MAX} users");
            return Err(self.error(users.span(), message));
        }
        let filters = |filters: Vec<Spanned<String>>| -> Result<Vec<String>, ScenarioError> {
            let checked = filters.iter();
            checked
                .map(|filter| self.topic(filter, "Topic Filter", check_filter))
                .collect()
        };
        let shards = match shards {
            None => 1,
            Some(shards) if !(1..=SHARDS_MAX).contains(shards.get_ref()) => {
                let message = format!("a broker has 1 to {SHARDS_MAX} shards");
                return Err(self.error(shards.span(), message));
            }
            Some(shards) if *shards.get_ref() > 1 && cfg!(not(feature = "shards")) => {
                let message = "here a broker has one shard; `mqttlab run` plays more";
                return Err(self.error(shards.span(), message.to_owned()));
            }
            Some(shards) => shards.into_inner(),
        };
        let access = AccessSpec {
            users: users.map(Spanned::into_inner).unwrap_or_default(),
            deny_publish: filters(deny_publish)?,
            deny_subscribe: filters(deny_subscribe)?,
        };
        Ok(BrokerSpec {
            policy,
            disk,
            host: HostSpec {
                backlog,
                accept: accept.unwrap_or(0),
                sync_every: sync_every.filter(|every| *every > 0),
                shards,
            },
            access,
            bugs,
        })
    }

    fn participant(
        &self,
        name: &str,
        span: Range<usize>,
        names: &[&str],
    ) -> Result<ParticipantId, ScenarioError> {
        match names.iter().position(|known| *known == name) {
            Some(at) => Ok(at as ParticipantId),
            None => Err(self
                .error(span, format!("no participant is called `{name}`"))
                .did_you_mean(name, names.iter().copied())),
        }
    }
}
