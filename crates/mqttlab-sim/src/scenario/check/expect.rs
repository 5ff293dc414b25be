//! What must come of a run.

use std::ops::Range;

use super::Check;
use crate::scenario::condition::{self, Condition, Kind};
use crate::scenario::placed::Spanned;
use crate::scenario::{
    ABOUT_MAX, EXPECTATIONS_MAX, Expectation, ExpectationKind, ScenarioError, raw,
};

impl Check<'_> {
    pub(super) fn expectations(
        &self,
        expect: &[Spanned<raw::Expect>],
        names: &[&str],
    ) -> Result<Vec<Expectation>, ScenarioError> {
        if let Some(extra) = expect.get(EXPECTATIONS_MAX) {
            let message = format!("there are more than {EXPECTATIONS_MAX} expectations");
            return Err(self.error(extra.span(), message));
        }
        expect
            .iter()
            .map(|entry| self.expectation(entry, names))
            .collect()
    }

    fn expectation(
        &self,
        entry: &Spanned<raw::Expect>,
        names: &[&str],
    ) -> Result<Expectation, ScenarioError> {
        let raw = entry.get_ref();
        let given: Vec<_> = [
            (ExpectationKind::Eventually, &raw.eventually),
            (ExpectationKind::Never, &raw.never),
            (ExpectationKind::Always, &raw.always),
            (
                ExpectationKind::Count {
                    min: i64::MIN,
                    max: i64::MAX,
                },
                &raw.count,
            ),
        ]
        .into_iter()
        .filter_map(|(kind, text)| Some((kind, text.as_ref()?)))
        .collect();
        let [(kind, text)] = given.as_slice() else {
            let span = given.last().map_or(entry.span(), |(_, text)| text.span());
            let message = "an expectation has one of `eventually`, `never`, `always` and `count`";
            return Err(self.error(span, message));
        };
        let (kind, wanted) = match kind {
            ExpectationKind::Count { .. } => (self.bounds(raw, text.span())?, Kind::Number),
            ExpectationKind::Eventually | ExpectationKind::Never | ExpectationKind::Always => {
                self.no_bounds(raw)?;
                (*kind, Kind::Truth)
            }
        };
        if let Some(because) = &raw.because {
            self.length(because, "`because`", ABOUT_MAX)?;
        }
        Ok(Expectation {
            kind,
            condition: self.condition(text, wanted, names)?,
            from: raw.from.unwrap_or(0),
            by: raw.by,
            because: raw.because.clone().map(Spanned::into_inner),
        })
    }

    pub(super) fn condition(
        &self,
        text: &Spanned<String>,
        wanted: Kind,
        names: &[&str],
    ) -> Result<Condition, ScenarioError> {
        condition::parse(text.get_ref(), wanted, names)
            .map_err(|error| self.condition_error(text, error))
    }

    fn bounds(
        &self,
        raw: &raw::Expect,
        span: Range<usize>,
    ) -> Result<ExpectationKind, ScenarioError> {
        let number = |number: &Option<Spanned<i64>>| number.as_ref().map(|n| *n.get_ref());
        let (is, min, max) = (number(&raw.is), number(&raw.min), number(&raw.max));
        let kind = match (is, min, max) {
            (Some(is), None, None) => ExpectationKind::Count { min: is, max: is },
            (None, None, None) => {
                return Err(self.error(span, "a `count` needs `is`, or `min` and `max`"));
            }
            (None, min, max) => ExpectationKind::Count {
                min: min.unwrap_or(i64::MIN),
                max: max.unwrap_or(i64::MAX),
            },
            (Some(_), _, _) => {
                return Err(self.error(span, "`is` stands alone, without `min` and `max`"));
            }
        };
        Ok(kind)
    }

    fn no_bounds(&self, raw: &raw::Expect) -> Result<(), ScenarioError> {
        match [&raw.is, &raw.min, &raw.max].into_iter().flatten().next() {
            None => Ok(()),
            Some(bound) => Err(self.error(bound.span(), "only a `count` has this")),
        }
    }

    fn condition_error(
        &self,
        text: &Spanned<String>,
        error: condition::ConditionError,
    ) -> ScenarioError {
        let outer = text.span();
        // Between plain quotes the condition stands as it is; with escapes in it only the whole can be pointed at.
        let inner = outer.start + 1;
        let verbatim = self.text.get(inner..inner + text.get_ref().len()) == Some(text.get_ref());
        let span = if verbatim {
            inner + error.span.start..inner + error.span.end
        } else {
            outer
        };
        let result = self.error(span, error.message);
        match error.help {
            Some(help) => result.with_help(help),
            None => result,
        }
    }
}
