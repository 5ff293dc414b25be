//! Text to conditions: how facts are put together.

mod fact;
mod token;

use std::ops::Range;

use super::{Condition, Expression, Fact, Value};
use crate::scenario::error::nearest;
use crate::view::ParticipantState;

/// How deep parentheses and `not` may be nested.
const DEPTH_MAX: u32 = 32;
/// The longest condition, in bytes.
const LENGTH_MAX: usize = 1_000;

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
