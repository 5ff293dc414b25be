//! Spans of virtual time as text: `250ms`, `1.5s`, `5m`.

#[cfg(feature = "text")]
use serde::{Deserialize, Deserializer, de};

use crate::view::Micros;

/// The longest span a scenario may name: thirty days.
pub const MAX: Micros = 30 * 24 * 3_600_000_000;

const UNITS: &[(&str, Micros)] = &[
    ("us", 1),
    ("µs", 1),
    ("ms", 1_000),
    ("s", 1_000_000),
    ("m", 60_000_000),
    ("min", 60_000_000),
    ("h", 3_600_000_000),
    ("d", 86_400_000_000),
];

/// Reads a span: a number, with or without a decimal point, and a unit (`us`, `ms`, `s`, `m`, `h`, `d`).
///
/// ```
/// use mqttlab_sim::scenario::duration::parse;
/// assert_eq!(parse("1.5s"), Ok(1_500_000));
/// assert_eq!(parse("250 ms"), Ok(250_000));
/// assert!(parse("5").is_err());
/// ```
///
/// # Errors
/// Says what is wrong with the text, in one sentence.
pub fn parse(text: &str) -> Result<Micros, String> {
    let trimmed = text.trim();
    let digits = trimmed
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(trimmed.len());
    let (number, unit) = trimmed.split_at(digits);
    let unit = unit.trim_start();
    let Some(&(_, size)) = UNITS.iter().find(|(name, _)| *name == unit) else {
        return Err(if unit.is_empty() {
            format!("`{text}` needs a unit: write `{trimmed}s`, `{trimmed}ms` or `{trimmed}m`")
        } else {
            format!("`{unit}` is no unit of time; use us, ms, s, m, h or d")
        });
    };
    let micros = decimal(number, size)
        .ok_or_else(|| format!("`{text}` is no span of time; write it like `250ms` or `1.5s`"))?;
    if micros > MAX {
        return Err(format!("`{text}` is longer than thirty days"));
    }
    Ok(micros)
}

/// `number` × `size` in whole units, cut off; `None` where it is no decimal number or overflows.
pub(super) fn decimal(number: &str, size: u64) -> Option<u64> {
    let (whole, part) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() && part.is_empty() || part.len() > 9 || number.ends_with('.') {
        return None;
    }
    let whole: u64 = if whole.is_empty() {
        0
    } else {
        whole.parse().ok()?
    };
    let mut result = u128::from(whole) * u128::from(size);
    if !part.is_empty() {
        let digits: u128 = part.parse().ok()?;
        result += digits * u128::from(size) / 10_u128.pow(part.len() as u32);
    }
    u64::try_from(result).ok()
}

/// Writes a span the way a person would: `40 ms`, `4.9 s`, `1 h 30 min`.
pub fn words(micros: Micros) -> String {
    match micros {
        0 => "0 s".to_owned(),
        1..1_000 => format!("{micros} µs"),
        1_000..1_000_000 => format!("{} ms", thousandths(micros)),
        1_000_000..120_000_000 => format!("{} s", thousandths(micros / 1_000)),
        120_000_000..7_200_000_000 => two_units(micros / 1_000_000, 60, "min", "s"),
        _ => two_units(micros / 60_000_000, 60, "h", "min"),
    }
}

fn thousandths(value: u64) -> String {
    let (whole, part) = (value / 1_000, value % 1_000);
    let text = format!("{whole}.{part:03}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn two_units(small: u64, each: u64, big_name: &str, small_name: &str) -> String {
    match (small / each, small % each) {
        (big, 0) => format!("{big} {big_name}"),
        (big, rest) => format!("{big} {big_name} {rest} {small_name}"),
    }
}

#[cfg(feature = "text")]
pub(super) fn required<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Micros, D::Error> {
    let text = String::deserialize(deserializer)?;
    parse(&text).map_err(de::Error::custom)
}

#[cfg(feature = "text")]
pub(super) fn optional<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Micros>, D::Error> {
    required(deserializer).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_read_exactly() {
        for (text, micros) in [
            ("0s", 0),
            ("40ms", 40_000),
            ("0.412s", 412_000),
            ("1.5 s", 1_500_000),
            ("90s", 90_000_000),
            ("5m", 300_000_000),
            ("2h", 7_200_000_000),
            ("7us", 7),
            (".5ms", 500),
        ] {
            assert_eq!(parse(text), Ok(micros), "{text}");
        }
    }

    #[test]
    fn what_is_no_span_is_refused_with_a_reason() {
        for text in [
            "",
            "5",
            "s",
            "5 parsecs",
            "-5s",
            "1.2.3s",
            "99999999999999999999s",
            "31d",
            "1.s",
        ] {
            let error = parse(text).expect_err(text);
            assert!(!error.is_empty());
        }
        assert!(parse("5").expect_err("no unit").contains("`5s`"));
    }

    #[test]
    fn spans_are_written_for_people() {
        for (micros, text) in [
            (0, "0 s"),
            (7, "7 µs"),
            (40_000, "40 ms"),
            (1_500, "1.5 ms"),
            (4_900_000, "4.9 s"),
            (90_000_000, "90 s"),
            (300_000_000, "5 min"),
            (5_400_000_000, "90 min"),
            (9_000_000_000, "2 h 30 min"),
        ] {
            assert_eq!(words(micros), text);
        }
    }
}
