//! Text to conditions.

use std::ops::Range;

use mqttlab_core::topic;

use super::{Comparison, Condition, Expression, Fact, Tally, Value};
use crate::scenario::duration;
use crate::scenario::error::nearest;
use crate::view::{ParticipantId, ParticipantState};

/// How deep parentheses and `not` may be nested.
const DEPTH_MAX: u32 = 32;
/// The longest condition, in bytes.
const LENGTH_MAX: usize = 1_000;

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

/// What is wrong with a condition, and where in its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ConditionError {
    pub(crate) span: Range<usize>,
    pub(crate) message: String,
    pub(crate) help: Option<String>,
}

/// What a condition has to come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Number,
    Truth,
    Text,
}

impl Kind {
    fn words(self) -> &'static str {
        match self {
            Self::Number => "a number",
            Self::Truth => "true or false",
            Self::Text => "a text",
        }
    }
}

/// Reads a condition that comes to `kind`; `names` are the participants, the broker first.
pub(crate) fn parse(text: &str, kind: Kind, names: &[&str]) -> Result<Condition, ConditionError> {
    if text.len() > LENGTH_MAX {
        return Err(error(
            0..text.len(),
            format!("a condition has {LENGTH_MAX} bytes at most"),
        ));
    }
    let mut parser = Parser {
        text,
        at: 0,
        depth: 0,
        names,
    };
    let expression = parser.any_of()?;
    parser.skip_space();
    if parser.at < text.len() {
        return Err(error(
            parser.at..text.len(),
            "this does not belong to the condition any more",
        ));
    }
    expect_kind(&expression, kind, 0..text.len())?;
    Ok(Condition {
        text: text.to_owned(),
        expression,
    })
}

fn error(span: Range<usize>, message: impl Into<String>) -> ConditionError {
    ConditionError {
        span,
        message: message.into(),
        help: None,
    }
}

fn kind_of(expression: &Expression) -> Kind {
    match expression {
        Expression::Constant(Value::Number(_)) | Expression::Add(..) | Expression::Subtract(..) => {
            Kind::Number
        }
        Expression::Constant(Value::Text(_)) => Kind::Text,
        Expression::Constant(Value::Truth(_))
        | Expression::Not(_)
        | Expression::And(..)
        | Expression::Or(..)
        | Expression::Compare(..) => Kind::Truth,
        Expression::Fact(fact) => match fact {
            Fact::Now | Fact::Backlog | Fact::Connections(_) | Fact::Queued(_) | Fact::Tally(_) => {
                Kind::Number
            }
            Fact::Connected(_)
            | Fact::Session(_)
            | Fact::Subscribed(..)
            | Fact::BelievesSubscribed(..) => Kind::Truth,
            Fact::State(_) | Fact::Retained(_) => Kind::Text,
        },
    }
}

fn expect_kind(
    expression: &Expression,
    kind: Kind,
    span: Range<usize>,
) -> Result<(), ConditionError> {
    let found = kind_of(expression);
    if found == kind {
        return Ok(());
    }
    Err(error(
        span,
        format!(
            "this is {}, and {} is needed here",
            found.words(),
            kind.words()
        ),
    ))
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    depth: u32,
    names: &'a [&'a str],
}

impl Parser<'_> {
    fn any_of(&mut self) -> Result<Expression, ConditionError> {
        self.chain(Self::all_of, "or", Expression::Or)
    }

    fn all_of(&mut self) -> Result<Expression, ConditionError> {
        self.chain(Self::negated, "and", Expression::And)
    }

    fn chain(
        &mut self,
        next: fn(&mut Self) -> Result<Expression, ConditionError>,
        word: &str,
        join: fn(Box<Expression>, Box<Expression>) -> Expression,
    ) -> Result<Expression, ConditionError> {
        let start = self.start();
        let mut left = next(self)?;
        while self.take_word(word) {
            expect_kind(&left, Kind::Truth, start..self.at)?;
            let right_start = self.start();
            let right = next(self)?;
            expect_kind(&right, Kind::Truth, right_start..self.at)?;
            left = join(Box::new(left), Box::new(right));
        }
        Ok(left)
    }

    fn negated(&mut self) -> Result<Expression, ConditionError> {
        if !self.take_word("not") {
            return self.comparison();
        }
        let start = self.start();
        let inner = self.deeper(Self::negated)?;
        expect_kind(&inner, Kind::Truth, start..self.at)?;
        Ok(Expression::Not(Box::new(inner)))
    }

    fn comparison(&mut self) -> Result<Expression, ConditionError> {
        let start = self.start();
        let left = self.sum()?;
        let Some(comparison) = self.take_comparison() else {
            return Ok(left);
        };
        let right = self.sum()?;
        let span = start..self.at;
        if kind_of(&left) != kind_of(&right) {
            let (a, b) = (kind_of(&left).words(), kind_of(&right).words());
            return Err(error(span, format!("{a} cannot be compared with {b}")));
        }
        check_state_name(&left, &right, &span)?;
        Ok(Expression::Compare(
            Box::new(left),
            comparison,
            Box::new(right),
        ))
    }

    fn sum(&mut self) -> Result<Expression, ConditionError> {
        let start = self.start();
        let mut left = self.atom()?;
        loop {
            let join = if self.take("+") {
                Expression::Add
            } else if self.take("-") {
                Expression::Subtract
            } else {
                return Ok(left);
            };
            let right = self.atom()?;
            expect_kind(&left, Kind::Number, start..self.at)?;
            expect_kind(&right, Kind::Number, start..self.at)?;
            left = join(Box::new(left), Box::new(right));
        }
    }

    fn atom(&mut self) -> Result<Expression, ConditionError> {
        let start = self.start();
        if self.take("(") {
            let inner = self.deeper(Self::any_of)?;
            self.expect(")")?;
            return Ok(inner);
        }
        match self.text[start..].chars().next() {
            Some('"' | '\'') => Ok(Expression::Constant(Value::Text(self.quoted()?))),
            Some(c) if c.is_ascii_digit() => self.number(),
            Some(c) if c.is_ascii_alphabetic() => self.fact(),
            Some(_) | None => Err(error(
                start..start + 1,
                "a fact, a number or a text is missing here",
            )),
        }
    }

    fn number(&mut self) -> Result<Expression, ConditionError> {
        let start = self.at;
        let rest = &self.text[start..];
        let length = rest
            .find(|c: char| !c.is_alphanumeric() && c != '.')
            .unwrap_or(rest.len());
        self.at += length;
        let text = &rest[..length];
        let value = if text.bytes().all(|byte| byte.is_ascii_digit()) {
            text.parse()
                .map_err(|_| "this number is too large".to_owned())
        } else {
            duration::parse(text).map(|micros| micros as i64)
        };
        match value {
            Ok(number) => Ok(Expression::Constant(Value::Number(number))),
            Err(message) => Err(error(start..self.at, message)),
        }
    }

    fn fact(&mut self) -> Result<Expression, ConditionError> {
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

    fn quoted(&mut self) -> Result<String, ConditionError> {
        let start = self.start();
        let rest = &self.text[start..];
        let Some(quote) = rest.chars().next().filter(|c| matches!(c, '"' | '\'')) else {
            return Err(error(start..start + 1, "a text in quotes is missing here"));
        };
        let Some(length) = rest[1..].find(quote) else {
            return Err(error(
                start..self.text.len(),
                "the quote at the end is missing",
            ));
        };
        self.at = start + length + 2;
        Ok(rest[1..=length].to_owned())
    }

    fn deeper(
        &mut self,
        next: fn(&mut Self) -> Result<Expression, ConditionError>,
    ) -> Result<Expression, ConditionError> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(error(
                self.at..self.at + 1,
                "the condition is nested too deeply",
            ));
        }
        let inner = next(self)?;
        self.depth -= 1;
        Ok(inner)
    }

    fn skip_space(&mut self) {
        let rest = &self.text[self.at..];
        self.at += rest.len() - rest.trim_start().len();
    }

    fn start(&mut self) -> usize {
        self.skip_space();
        self.at
    }

    fn take(&mut self, symbol: &str) -> bool {
        self.skip_space();
        let found = self.text[self.at..].starts_with(symbol);
        if found {
            self.at += symbol.len();
        }
        found
    }

    fn expect(&mut self, symbol: &str) -> Result<(), ConditionError> {
        if self.take(symbol) {
            Ok(())
        } else {
            Err(error(
                self.at..self.at + 1,
                format!("`{symbol}` is missing here"),
            ))
        }
    }

    fn take_word(&mut self, word: &str) -> bool {
        self.skip_space();
        let rest = &self.text[self.at..];
        let found = rest.strip_prefix(word).is_some_and(|after| {
            !after.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
        });
        if found {
            self.at += word.len();
        }
        found
    }

    fn word(&mut self) -> &str {
        let rest = &self.text[self.at..];
        let length = rest
            .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
            .unwrap_or(rest.len());
        self.at += length;
        &rest[..length]
    }

    fn take_comparison(&mut self) -> Option<Comparison> {
        [
            ("==", Comparison::Equal),
            ("!=", Comparison::NotEqual),
            ("<=", Comparison::LessOrEqual),
            (">=", Comparison::GreaterOrEqual),
            ("<", Comparison::Less),
            (">", Comparison::Greater),
        ]
        .into_iter()
        .find(|(symbol, _)| self.take(symbol))
        .map(|(_, comparison)| comparison)
    }
}

/// A state that does not exist would make a comparison that is never true.
fn check_state_name(
    left: &Expression,
    right: &Expression,
    span: &Range<usize>,
) -> Result<(), ConditionError> {
    let ((Expression::Fact(Fact::State(_)), Expression::Constant(Value::Text(name)))
    | (Expression::Constant(Value::Text(name)), Expression::Fact(Fact::State(_)))) = (left, right)
    else {
        return Ok(());
    };
    let mut known = ParticipantState::ALL.iter().map(|state| state.name());
    if known.clone().any(|state| state == name) {
        return Ok(());
    }
    let mut error = error(span.clone(), format!("there is no state called `{name}`"));
    error.help = nearest(name, known.by_ref()).map(|name| format!("did you mean `{name}`?"));
    Err(error)
}
