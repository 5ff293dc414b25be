//! The smallest parts of a condition: words, symbols, numbers, texts.

use super::super::{Comparison, Expression, Value};
use super::{ConditionError, Parser, error};
use crate::scenario::duration;

impl Parser<'_> {
    pub(super) fn number(&mut self) -> Result<Expression, ConditionError> {
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

    pub(super) fn quoted(&mut self) -> Result<String, ConditionError> {
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

    pub(super) fn skip_space(&mut self) {
        let rest = &self.text[self.at..];
        self.at += rest.len() - rest.trim_start().len();
    }

    pub(super) fn start(&mut self) -> usize {
        self.skip_space();
        self.at
    }

    pub(super) fn take(&mut self, symbol: &str) -> bool {
        self.skip_space();
        let found = self.text[self.at..].starts_with(symbol);
        if found {
            self.at += symbol.len();
        }
        found
    }

    pub(super) fn expect(&mut self, symbol: &str) -> Result<(), ConditionError> {
        if self.take(symbol) {
            Ok(())
        } else {
            Err(error(
                self.at..self.at + 1,
                format!("`{symbol}` is missing here"),
            ))
        }
    }

    pub(super) fn take_word(&mut self, word: &str) -> bool {
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

    pub(super) fn word(&mut self) -> &str {
        let rest = &self.text[self.at..];
        let length = rest
            .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
            .unwrap_or(rest.len());
        self.at += length;
        &rest[..length]
    }

    pub(super) fn take_comparison(&mut self) -> Option<Comparison> {
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
