//! Which plural goes with which number.

use icu_locale_core::Locale;
use icu_plurals::{PluralCategory, PluralRules, PluralRulesOptions};

/// How many numbers have a plural in a table: those that follow are like the last hundred of them.
const NUMBERS: u64 = 200;

/// Names of plurals in Fluent, and their letters in a table.
pub(super) const NAMES: [(&str, PluralCategory, char); 6] = [
    ("zero", PluralCategory::Zero, 'z'),
    ("one", PluralCategory::One, 'o'),
    ("two", PluralCategory::Two, 't'),
    ("few", PluralCategory::Few, 'f'),
    ("many", PluralCategory::Many, 'm'),
    ("other", PluralCategory::Other, 'x'),
];

/// The plurals of a language.
#[derive(Debug)]
pub(super) struct Plurals(Vec<PluralCategory>);

impl Plurals {
    /// # Errors
    /// When `language` is no code of a language.
    pub(super) fn of(language: &str) -> Result<Self, String> {
        let locale = Locale::try_from_str(language).map_err(|_| {
            format!("`{language}` is no code of a language, as `de` or `pt-BR` are")
        })?;
        let rules = PluralRules::try_new(locale.into(), PluralRulesOptions::default())
            .map_err(|error| format!("there are no plurals for `{language}`: {error}"))?;
        let numbers = 0..NUMBERS;
        Ok(Self(
            numbers.map(|number| rules.category_for(number)).collect(),
        ))
    }

    /// Whether the language has a plural of this name.
    pub(super) fn has(&self, name: &str) -> bool {
        let named = NAMES.iter().find(|(known, ..)| *known == name);
        // What goes with no whole number is still a plural of Fluent.
        named.is_some_and(|(_, plural, _)| {
            *plural == PluralCategory::Other || self.0.contains(plural)
        })
    }

    /// One letter for each number.
    pub(super) fn letters(&self) -> String {
        self.0.iter().map(|plural| letter(*plural)).collect()
    }
}

fn letter(plural: PluralCategory) -> char {
    let named = NAMES.iter().find(|(_, known, _)| *known == plural);
    named.map_or('x', |(_, _, letter)| *letter)
}

#[cfg(test)]
mod tests {
    use icu_locale_core::Locale;
    use icu_plurals::{PluralRules, PluralRulesOptions};

    use super::{Plurals, letter};

    /// Numbers from 100 on go like those from 100 to 199: true of all languages up to a million.
    #[test]
    fn a_table_of_two_hundred_numbers_says_it_for_all() {
        for language in ["en", "de", "fr", "ru", "pl", "ar", "cy", "lt", "ja", "sl"] {
            let letters = Plurals::of(language)
                .expect("the language is known")
                .letters();
            let locale = Locale::try_from_str(language).expect("it is a code");
            let rules = PluralRules::try_new(locale.into(), PluralRulesOptions::default());
            let rules = rules.expect("the language is known");
            for number in 100..20_000_u64 {
                let at = (100 + number % 100) as usize;
                let told = letters.as_bytes()[at] as char;
                assert_eq!(
                    told,
                    letter(rules.category_for(number)),
                    "{language}: {number}"
                );
            }
        }
    }
}
