//! From the text form to a checked scenario.

mod client;
mod expect;
mod link;
mod script;

use std::ops::Range;

use mqttlab_core::topic::{TopicError, check_filter};

use super::limits::is_id;
use super::placed::Spanned;
use super::{AccessSpec, BrokerSpec, HostSpec, Scenario, ScenarioError, TEXT_MAX, raw, reader};
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
        title,
        about,
        mqtt,
        seed,
        until,
        broker,
        clients,
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
        Ok(())
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
        } = broker;
        let filters = |filters: Vec<Spanned<String>>| -> Result<Vec<String>, ScenarioError> {
            let checked = filters.iter();
            checked
                .map(|filter| self.topic(filter, "Topic Filter", check_filter))
                .collect()
        };
        let access = AccessSpec {
            users,
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
