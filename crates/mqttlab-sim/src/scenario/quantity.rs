//! Rates, shares and sizes as text: `2 Mbit/s`, `20%`, `64 KiB`.

use serde::{Deserialize, Deserializer, de};

use super::WHOLE;
use super::duration::decimal;

const RATES: &[(&str, u64)] = &[
    ("bit/s", 1),
    ("kbit/s", 1_000),
    ("Mbit/s", 1_000_000),
    ("Gbit/s", 1_000_000_000),
];

const SIZES: &[(&str, u64)] = &[("B", 1), ("KiB", 1 << 10), ("MiB", 1 << 20)];

/// Reads a rate in bits a second; zero is refused.
pub(super) fn rate(text: &str) -> Result<u64, String> {
    match measure(text, RATES) {
        Some(0) => Err("a rate of nothing would never deliver; use `act = \"stall\"`".to_owned()),
        Some(rate) => Ok(rate),
        None => Err(format!(
            "`{text}` is no rate; write it like `250 kbit/s` or `2 Mbit/s`"
        )),
    }
}

/// Reads a size in bytes.
pub(super) fn size(text: &str) -> Result<u32, String> {
    measure(text, SIZES)
        .and_then(|size| u32::try_from(size).ok())
        .ok_or_else(|| format!("`{text}` is no size; write it like `1460 B` or `64 KiB`"))
}

/// Reads a share below a whole, in parts of [`WHOLE`].
pub(super) fn share(text: &str) -> Result<u32, String> {
    percent(text)
        .filter(|parts| *parts < WHOLE)
        .ok_or_else(|| format!("`{text}` is no share; write it like `2%` or `0.5%`, below 100%"))
}

/// Reads a percentage, in parts of [`WHOLE`].
pub(super) fn percent(text: &str) -> Option<u32> {
    let number = text.trim().strip_suffix('%')?;
    let parts = decimal(number.trim_end(), u64::from(WHOLE / 100))?;
    u32::try_from(parts).ok()
}

fn measure(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let text = text.trim();
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.')?;
    let (number, unit) = text.split_at(digits);
    let (_, each) = units.iter().find(|(name, _)| *name == unit.trim_start())?;
    decimal(number, *each)
}

macro_rules! reader {
    ($name:ident $parse:ident $type:ty) => {
        pub(super) fn $name<'de, D: Deserializer<'de>>(
            deserializer: D,
        ) -> Result<Option<$type>, D::Error> {
            let text = String::deserialize(deserializer)?;
            $parse(&text).map(Some).map_err(de::Error::custom)
        }
    };
}

reader!(optional_rate rate u64);
reader!(optional_size size u32);
reader!(optional_share share u32);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_are_read_exactly() {
        assert_eq!(rate("2 Mbit/s"), Ok(2_000_000));
        assert_eq!(rate("9.6kbit/s"), Ok(9_600));
        assert_eq!(size("64 KiB"), Ok(65_536));
        assert_eq!(share("20%"), Ok(2_000));
        assert_eq!(share("0.5 %"), Ok(50));
    }

    #[test]
    fn what_is_no_quantity_is_refused() {
        assert!(rate("0 bit/s").is_err());
        assert!(rate("fast").is_err());
        assert!(size("12").is_err());
        assert!(size("9000 MiB").is_err());
        assert!(share("100%").is_err());
        assert!(share("20").is_err());
    }
}
