//! What happens: who does what, and what that takes.

use std::collections::BTreeMap;
use std::ops::Range;

use mqttlab_core::topic::{self, TopicError};

use super::Check;
use crate::order;
use crate::recording::UserInput;
use crate::scenario::condition::{Condition, Kind};
use crate::scenario::placed::Spanned;
use crate::scenario::{
    Act, Action, Message, SCRIPT_MAX, ScenarioError, Step, WAITING_MAX, Ways, duration, hex,
    quantity, raw,
};
use crate::view::ParticipantId;

impl Check<'_> {
    pub(super) fn script(
        &self,
        script: &[Spanned<raw::Do>],
        groups: &BTreeMap<String, Spanned<Vec<String>>>,
        names: &[&str],
    ) -> Result<(Vec<Step>, Vec<UserInput>), ScenarioError> {
        let mut steps = Vec::new();
        let mut inputs = Vec::new();
        let mut waiting = 0;
        for entry in script {
            let raw = entry.get_ref();
            let act = self.act(raw)?;
            let when = self.when(raw, names)?;
            let Some(at) = raw.at.or(when.as_ref().map(|_| 0)) else {
                return Err(self.error(entry.span(), "a step has `at`, `when` or both"));
            };
            for who in self.named(&raw.who, groups, names)? {
                self.fits(who, &act, raw)?;
                let act = act.clone();
                let (when, action) = (when.clone(), Action { who, act });
                waiting += usize::from(when.is_some());
                match raw.nth {
                    None => steps.push(Step { at, when, action }),
                    Some(nth) => inputs.push(UserInput { at, nth, action }),
                }
            }
            if steps.len() + inputs.len() > SCRIPT_MAX {
                let message = format!("there are more than {SCRIPT_MAX} things to do");
                return Err(self.error(raw.act.span(), message));
            }
            if waiting > WAITING_MAX {
                let message = format!("more than {WAITING_MAX} steps wait for a condition");
                return Err(self.error(raw.act.span(), message));
            }
        }
        // Stable: what is written first happens first.
        order::by_key(&mut steps, |step| (step.at, 0));
        order::by_key(&mut inputs, |input| (input.at, input.nth.into()));
        Ok((steps, inputs))
    }

    /// What a step waits for.
    fn when(&self, raw: &raw::Do, names: &[&str]) -> Result<Option<Condition>, ScenarioError> {
        let Some(text) = &raw.when else {
            return Ok(None);
        };
        if raw.nth.is_some() {
            let message = "`nth` is for a moment, and `when` for whenever it is";
            return Err(self.error(text.span(), message));
        }
        self.condition(text, Kind::Truth, names).map(Some)
    }

    /// All that are meant, the members of groups one by one.
    pub(super) fn named(
        &self,
        who: &Spanned<raw::Names>,
        groups: &BTreeMap<String, Spanned<Vec<String>>>,
        names: &[&str],
    ) -> Result<Vec<ParticipantId>, ScenarioError> {
        let said = match who.get_ref() {
            raw::Names::One(name) => std::slice::from_ref(name),
            raw::Names::Many(names) => names,
        };
        let members = |name| match groups.get(name) {
            Some(group) => group.get_ref().as_slice(),
            None => std::slice::from_ref(name),
        };
        let all = said.iter().flat_map(members);
        all.map(|name| self.participant(name, who.span(), names))
            .collect()
    }

    /// Groups have names of their own, and members that are there.
    pub(super) fn groups(
        &self,
        groups: &BTreeMap<String, Spanned<Vec<String>>>,
        names: &[&str],
    ) -> Result<(), ScenarioError> {
        for (group, members) in groups {
            if names.contains(&group.as_str()) {
                let message = format!("`{group}` is a participant's name already");
                return Err(self.error(members.span(), message));
            }
            for member in members.get_ref() {
                self.participant(member, members.span(), names)?;
            }
        }
        Ok(())
    }

    fn fits(&self, who: ParticipantId, act: &Act, raw: &raw::Do) -> Result<(), ScenarioError> {
        match who {
            _ if act.is_for(who) => Ok(()),
            0 => Err(self.error(raw.who.span(), "the broker cannot do this")),
            1.. => Err(self.error(raw.who.span(), "only the broker can do this")),
        }
    }

    fn act(&self, raw: &raw::Do) -> Result<Act, ScenarioError> {
        let mut keys = Keys::of(raw);
        let act = match raw.act.get_ref() {
            raw::Act::Connect => Act::Connect,
            raw::Act::Disconnect => Act::Disconnect {
                will: keys.take(&raw.will),
            },
            raw::Act::Publish => Act::Publish(Message {
                topic: self.needed_topic(raw, &raw.topic, "topic", topic::check_name)?,
                payload: self.payload(raw.payload.as_ref())?,
                qos: keys.take(&raw.qos),
                retain: keys.take(&raw.retain),
                expiry: self.seconds(raw.expiry.as_ref())?,
            }),
            raw::Act::Subscribe => Act::Subscribe {
                filter: self.needed_topic(raw, &raw.filter, "filter", topic::check_filter)?,
                qos: keys.take(&raw.qos),
            },
            raw::Act::Unsubscribe => Act::Unsubscribe {
                filter: self.needed_topic(raw, &raw.filter, "filter", topic::check_filter)?,
            },
            raw::Act::Crash => Act::Crash {
                how: keys.take(&raw.how),
            },
            raw::Act::PowerOff => Act::PowerOff,
            raw::Act::Restart => Act::Restart {
                memory: keys.take(&raw.memory),
            },
            raw::Act::Cut => Act::Cut {
                way: keys.take(&raw.way),
            },
            raw::Act::Heal => Act::Heal,
            raw::Act::Stall => Act::Stall {
                way: keys.take(&raw.way),
            },
            raw::Act::Release => Act::Release {
                way: keys.take(&raw.way),
            },
            raw::Act::Reset => Act::Reset,
            raw::Act::Close => Act::Close,
            raw::Act::Refuse => Act::Refuse,
            raw::Act::Accept => Act::Accept,
            raw::Act::Pause => Act::Pause,
            raw::Act::Resume => Act::Resume,
            raw::Act::Sleep => Act::Sleep,
            raw::Act::Wake => Act::Wake,
            raw::Act::Send => self.send(raw)?,
            raw::Act::SlowDown => self.slow_down(raw, keys.take(&raw.way))?,
            raw::Act::SpeedUp => Act::SpeedUp {
                way: keys.take(&raw.way),
            },
        };
        match &act {
            Act::Publish(_) => keys.mark(&["topic", "payload", "expiry"]),
            Act::Subscribe { .. } | Act::Unsubscribe { .. } => keys.mark(&["filter"]),
            Act::Connect | Act::Disconnect { .. } | Act::Crash { .. } | Act::PowerOff => {}
            Act::Restart { .. } | Act::Cut { .. } | Act::Heal | Act::Stall { .. } => {}
            Act::Release { .. } | Act::Reset | Act::Close | Act::Refuse | Act::Accept => {}
            Act::Pause | Act::Resume | Act::Sleep | Act::Wake | Act::SpeedUp { .. } => {}
            Act::Send { .. } => keys.mark(&["bytes"]),
            Act::SlowDown { .. } => keys.mark(&["latency", "bandwidth"]),
        }
        match keys.left() {
            None => Ok(act),
            Some((key, span)) => {
                Err(self.error(span, format!("`{key}` does not belong to this act")))
            }
        }
    }

    fn send(&self, raw: &raw::Do) -> Result<Act, ScenarioError> {
        let Some(text) = &raw.bytes else {
            return Err(self.error(raw.act.span(), "this act needs `bytes`"));
        };
        match hex::bytes(text.get_ref()) {
            Some(bytes) => Ok(Act::Send {
                bytes: hex::text(&bytes),
            }),
            None => {
                let message = format!("these are not 1 to {} bytes", hex::BYTES_MAX);
                let help = "write two hexadecimal digits for each, as in `c0 00`";
                Err(self.error(text.span(), message).with_help(help))
            }
        }
    }

    fn slow_down(&self, raw: &raw::Do, way: Ways) -> Result<Act, ScenarioError> {
        if raw.latency.is_none() && raw.bandwidth.is_none() {
            let message = "this act needs a `latency`, a `bandwidth` or both";
            return Err(self.error(raw.act.span(), message));
        }
        let latency = raw.latency.as_ref().map(|text| {
            duration::parse(text.get_ref()).map_err(|message| self.error(text.span(), message))
        });
        let bandwidth = raw.bandwidth.as_ref().map(|text| {
            quantity::rate(text.get_ref()).map_err(|message| self.error(text.span(), message))
        });
        Ok(Act::SlowDown {
            way,
            latency: latency.transpose()?,
            bandwidth: bandwidth.transpose()?,
        })
    }

    fn needed_topic(
        &self,
        raw: &raw::Do,
        text: &Option<Spanned<String>>,
        key: &str,
        check: fn(&str) -> Result<(), TopicError>,
    ) -> Result<String, ScenarioError> {
        match text {
            Some(text) => self.topic(text, key, check),
            None => Err(self.error(raw.act.span(), format!("this act needs a `{key}`"))),
        }
    }
}

/// The optional keys that an action was given, and which of them it took.
struct Keys {
    given: Vec<(&'static str, Range<usize>)>,
}

impl Keys {
    fn of(raw: &raw::Do) -> Self {
        fn key<T>(
            name: &'static str,
            value: &Option<Spanned<T>>,
        ) -> Option<(&'static str, Range<usize>)> {
            Some((name, value.as_ref()?.span()))
        }
        let given = [
            key("topic", &raw.topic),
            key("payload", &raw.payload),
            key("qos", &raw.qos),
            key("retain", &raw.retain),
            key("filter", &raw.filter),
            key("will", &raw.will),
            key("way", &raw.way),
            key("how", &raw.how),
            key("memory", &raw.memory),
            key("expiry", &raw.expiry),
            key("bytes", &raw.bytes),
            key("latency", &raw.latency),
            key("bandwidth", &raw.bandwidth),
        ];
        Self {
            given: given.into_iter().flatten().collect(),
        }
    }

    /// The value of a key that this act knows, or its default.
    fn take<T: Copy + Default>(&mut self, value: &Option<Spanned<T>>) -> T {
        let Some(value) = value else {
            return T::default();
        };
        self.given.retain(|(_, span)| *span != value.span());
        *value.get_ref()
    }

    /// This act knows these keys.
    fn mark(&mut self, names: &[&str]) {
        self.given.retain(|(name, _)| !names.contains(name));
    }

    fn left(self) -> Option<(&'static str, Range<usize>)> {
        self.given.into_iter().next()
    }
}
