//! What a condition can ask for, and what each of these takes.

use mqttlab_core::topic;

use super::super::{Expression, Fact, Tally, Value};
use super::{ConditionError, Parser, error};
use crate::scenario::error::nearest;
use crate::view::ParticipantId;

const PACKETS: &[&str] = &[
    "CONNECT",
    "CONNACK",
    "PUBLISH",
    "PUBACK",
    "PUBREC",
    "PUBREL",
    "PUBCOMP",
    "SUBSCRIBE",
    "SUBACK",
    "UNSUBSCRIBE",
    "UNSUBACK",
    "PINGREQ",
    "PINGRESP",
    "DISCONNECT",
    "AUTH",
    "SYN",
    "SYN-ACK",
    "ACK",
    "FIN",
    "RST",
];

const FACTS: &[&str] = &[
    "now",
    "state",
    "backlog",
    "connected",
    "connections",
    "session",
    "queued",
    "subscribed",
    "believes_subscribed",
    "retained",
    "received",
    "sent",
    "arrived",
    "resent",
    "decided",
    "and",
    "or",
    "not",
    "true",
    "false",
];

impl Parser<'_> {
    pub(super) fn fact(&mut self) -> Result<Expression, ConditionError> {
        let start = self.at;
        let name = self.word().to_owned();
        let span = start..self.at;
        let fact = match name.as_str() {
            "true" | "false" => return Ok(Expression::Constant(Value::Truth(name == "true"))),
            "now" => return Ok(Expression::Fact(Fact::Now)),
            "backlog" => return Ok(Expression::Fact(Fact::Backlog)),
            "state" => Fact::State(self.only_name()?),
            "connected" => Fact::Connected(self.only_name()?),
            "connections" => Fact::Connections(self.only_text()?),
            "session" => Fact::Session(self.only_text()?),
            "queued" => Fact::Queued(self.only_text()?),
            "retained" => Fact::Retained(self.only_text()?),
            "resent" => Fact::Tally(Tally::Resent {
                who: self.only_name()?,
            }),
            "decided" => Fact::Tally(Tally::Decided {
                clause: self.only_text()?,
            }),
            "subscribed" => {
                self.expect("(")?;
                let client_id = self.quoted()?;
                self.expect(",")?;
                let filter = self.quoted()?;
                self.expect(")")?;
                Fact::Subscribed(client_id, filter)
            }
            "believes_subscribed" => {
                self.expect("(")?;
                let who = self.name()?;
                self.expect(",")?;
                let filter = self.quoted()?;
                self.expect(")")?;
                Fact::BelievesSubscribed(who, filter)
            }
            "received" => self.received()?,
            "sent" => self.sent()?,
            "arrived" => self.arrived()?,
            unknown => {
                let mut error = error(span, format!("there is no fact called `{unknown}`"));
                error.help = nearest(unknown, FACTS.iter().copied())
                    .map(|name| format!("did you mean `{name}`?"));
                return Err(error);
            }
        };
        Ok(Expression::Fact(fact))
    }

    fn received(&mut self) -> Result<Fact, ConditionError> {
        self.expect("(")?;
        let who = self.name()?;
        let filter = self.optional_filter()?;
        let payload = if filter.is_some() && self.take(",") {
            Some(self.quoted()?)
        } else {
            None
        };
        self.expect(")")?;
        Ok(Fact::Tally(Tally::Received {
            who,
            filter,
            payload,
        }))
    }

    fn sent(&mut self) -> Result<Fact, ConditionError> {
        self.expect("(")?;
        let who = self.name()?;
        let packet = self.packet()?;
        let filter = self.optional_filter()?;
        self.expect(")")?;
        Ok(Fact::Tally(Tally::Sent {
            who,
            packet,
            filter,
        }))
    }

    fn arrived(&mut self) -> Result<Fact, ConditionError> {
        self.expect("(")?;
        let who = self.name()?;
        let packet = self.packet()?;
        let words = match self.take(",") {
            true => Some(self.quoted()?),
            false => None,
        };
        self.expect(")")?;
        Ok(Fact::Tally(Tally::Arrived { who, packet, words }))
    }

    fn packet(&mut self) -> Result<String, ConditionError> {
        self.expect(",")?;
        let start = self.start();
        let packet = self.quoted()?;
        if !PACKETS.contains(&packet.as_str()) {
            let mut error = error(
                start..self.at,
                format!("there is no packet called `{packet}`"),
            );
            error.help = nearest(&packet.to_uppercase(), PACKETS.iter().copied())
                .map(|name| format!("did you mean `{name}`?"));
            return Err(error);
        }
        Ok(packet)
    }

    fn optional_filter(&mut self) -> Result<Option<String>, ConditionError> {
        if !self.take(",") {
            return Ok(None);
        }
        let start = self.start();
        let filter = self.quoted()?;
        match topic::check_filter(&filter) {
            Ok(()) => Ok(Some(filter)),
            Err(wrong) => Err(error(start..self.at, format!("Topic Filter: {wrong}"))),
        }
    }

    fn only_name(&mut self) -> Result<ParticipantId, ConditionError> {
        self.expect("(")?;
        let id = self.name()?;
        self.expect(")")?;
        Ok(id)
    }

    fn only_text(&mut self) -> Result<String, ConditionError> {
        self.expect("(")?;
        let text = self.quoted()?;
        self.expect(")")?;
        Ok(text)
    }

    fn name(&mut self) -> Result<ParticipantId, ConditionError> {
        let start = self.start();
        let name = self.quoted()?;
        if let Some(id) = self.names.iter().position(|known| *known == name) {
            return Ok(id as ParticipantId);
        }
        let mut error = error(start..self.at, format!("no participant is called `{name}`"));
        error.help = nearest(&name, self.names.iter().copied())
            .map(|name| format!("did you mean `{name}`?"));
        Err(error)
    }
}
