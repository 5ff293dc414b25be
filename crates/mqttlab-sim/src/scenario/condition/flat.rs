//! Expressions without nesting, so that bytes of a stranger cannot make the reader nest.

use serde::{Deserialize, Serialize};

use super::{Comparison, Expression, Fact, Tally, Value};
use crate::scenario::Unfit;
use crate::view::ParticipantId;

/// The most parts of an expression.
const PARTS_MAX: usize = 1_000;

/// An expression in postfix order: what an operator takes stands before it.
#[derive(Serialize, Deserialize)]
pub(super) struct Flat(Vec<Part>);

#[derive(Serialize, Deserialize)]
enum Part {
    Constant(Value),
    Fact(Fact),
    Not,
    And,
    Or,
    Compare(Comparison),
    Add,
    Subtract,
}

impl Flat {
    /// Everybody it asks about.
    pub(super) fn participants(&self) -> impl Iterator<Item = ParticipantId> {
        self.0.iter().filter_map(|part| match part {
            Part::Fact(fact) => match fact {
                Fact::State(who) | Fact::Connected(who) | Fact::BelievesSubscribed(who, _) => {
                    Some(*who)
                }
                Fact::Tally(tally) => match tally {
                    Tally::Received { who, .. }
                    | Tally::Sent { who, .. }
                    | Tally::Arrived { who, .. }
                    | Tally::Resent { who } => Some(*who),
                    Tally::Decided { .. } => None,
                },
                Fact::Now
                | Fact::Backlog
                | Fact::Connections(_)
                | Fact::Session(_)
                | Fact::Queued(_)
                | Fact::Subscribed(..)
                | Fact::Retained(_) => None,
            },
            Part::Constant(_)
            | Part::Not
            | Part::And
            | Part::Or
            | Part::Compare(_)
            | Part::Add
            | Part::Subtract => None,
        })
    }

    fn push(&mut self, expression: Expression) {
        let (operands, part) = match expression {
            Expression::Constant(value) => (Vec::new(), Part::Constant(value)),
            Expression::Fact(fact) => (Vec::new(), Part::Fact(fact)),
            Expression::Not(inner) => (vec![inner], Part::Not),
            Expression::And(a, b) => (vec![a, b], Part::And),
            Expression::Or(a, b) => (vec![a, b], Part::Or),
            Expression::Compare(a, comparison, b) => (vec![a, b], Part::Compare(comparison)),
            Expression::Add(a, b) => (vec![a, b], Part::Add),
            Expression::Subtract(a, b) => (vec![a, b], Part::Subtract),
        };
        for operand in operands {
            self.push(*operand);
        }
        self.0.push(part);
    }
}

impl From<Expression> for Flat {
    fn from(expression: Expression) -> Self {
        let mut flat = Self(Vec::new());
        flat.push(expression);
        flat
    }
}

impl TryFrom<Flat> for Expression {
    type Error = Unfit;

    fn try_from(Flat(parts): Flat) -> Result<Self, Unfit> {
        const WRONG: Unfit = Unfit("a condition is damaged");
        if parts.len() > PARTS_MAX {
            return Err(WRONG);
        }
        let mut done: Vec<Self> = Vec::new();
        for part in parts {
            let mut take = || done.pop().map(Box::new).ok_or(WRONG);
            let next = match part {
                Part::Constant(value) => Self::Constant(value),
                Part::Fact(fact) => Self::Fact(fact),
                Part::Not => Self::Not(take()?),
                Part::And | Part::Or | Part::Compare(_) | Part::Add | Part::Subtract => {
                    let (b, a) = (take()?, take()?);
                    match part {
                        Part::And => Self::And(a, b),
                        Part::Or => Self::Or(a, b),
                        Part::Compare(comparison) => Self::Compare(a, comparison, b),
                        Part::Add => Self::Add(a, b),
                        Part::Subtract => Self::Subtract(a, b),
                        Part::Constant(_) | Part::Fact(_) | Part::Not => return Err(WRONG),
                    }
                }
            };
            done.push(next);
        }
        match done.pop() {
            Some(whole) if done.is_empty() => Ok(whole),
            Some(_) | None => Err(WRONG),
        }
    }
}
