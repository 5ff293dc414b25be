//! A language that nobody speaks: English with other letters, and a third longer.
//!
//! What stays English on a page in this language is no text of the Fluent file, and what does not fit would not fit in
//! many languages.

use super::pattern::{Part, Pattern, encode};
use super::{Texts, table};

/// The code of this language: English of no place.
pub const PSEUDO: &str = "en-XA";

/// Fewer letters are no word.
const WORD_MIN: usize = 3;

impl Texts {
    /// The table of the language that nobody speaks.
    #[must_use]
    pub fn pseudo(&self) -> String {
        let texts = self.entries.iter().map(|entry| {
            let letters = letters(&entry.pattern);
            // Units and the like are the same in every language, or nearly so.
            if letters < WORD_MIN {
                return encode(entry, &entry.pattern);
            }
            let pattern = entry.pattern.map(&str::to_owned, &disguise);
            // Both ends are marked, so that what is cut off is seen.
            let longer = "~".repeat((letters / 3).saturating_sub(2));
            format!("[{}{longer}]", encode(entry, &pattern))
        });
        table(&self.plurals, texts)
    }
}

/// How many letters a text has of its own; of a choice, what it says if nothing else fits.
fn letters(pattern: &Pattern) -> usize {
    let parts = pattern.0.iter().map(|part| match part {
        Part::Text(text) => text.chars().filter(|it| it.is_alphabetic()).count(),
        Part::Argument { .. } => 0,
        Part::Choice(choice) => letters(&choice.default),
    });
    parts.sum()
}

/// The same words, readable, in letters that English has not; what stands between backquotes is code and stays.
fn disguise(text: &str) -> String {
    let mut is_code = false;
    let letters = text.chars().map(|letter| {
        is_code ^= letter == '`';
        match letter {
            _ if is_code => letter,
            'a' => 'å',
            'c' => 'ç',
            'd' => 'ð',
            'e' => 'é',
            'g' => 'ĝ',
            'h' => 'ĥ',
            'i' => 'î',
            'k' => 'ķ',
            'l' => 'ļ',
            'n' => 'ñ',
            'o' => 'ö',
            'r' => 'ŕ',
            's' => 'š',
            't' => 'ţ',
            'u' => 'û',
            'w' => 'ŵ',
            'y' => 'ý',
            'z' => 'ž',
            'A' => 'Å',
            'C' => 'Ç',
            'E' => 'É',
            'I' => 'Î',
            'N' => 'Ñ',
            'O' => 'Ö',
            'S' => 'Š',
            'T' => 'Ţ',
            'U' => 'Û',
            'W' => 'Ŵ',
            'Y' => 'Ý',
            other => other,
        }
    });
    letters.collect()
}
