//! A language while the page runs.

use std::str::Chars;

use crate::mark;

/// What is filled into a text.
#[derive(Clone, Copy, Debug)]
pub enum Argument<'a> {
    /// As it is.
    Text(&'a str),
    /// In digits; it may also decide about a plural.
    Number(u64),
}

/// A number to be filled in, of whatever type.
#[derive(Clone, Copy, Debug)]
pub struct Number(pub u64);

impl From<u8> for Number {
    fn from(number: u8) -> Self {
        Self(number.into())
    }
}

impl From<u16> for Number {
    fn from(number: u16) -> Self {
        Self(number.into())
    }
}

impl From<u32> for Number {
    fn from(number: u32) -> Self {
        Self(number.into())
    }
}

impl From<u64> for Number {
    fn from(number: u64) -> Self {
        Self(number)
    }
}

impl From<usize> for Number {
    fn from(number: usize) -> Self {
        Self(number as u64)
    }
}

/// The texts of a language, by their numbers.
#[derive(Debug)]
pub struct Book {
    /// Which plural goes with a number, a letter each: after 199 it goes on as from 100.
    plurals: &'static [u8],
    texts: Vec<&'static str>,
}

impl Book {
    /// Reads a table that `compile` has written.
    #[must_use]
    pub fn read(table: &'static str) -> Self {
        let (plurals, texts) = table.split_once(mark::NEXT).unwrap_or_default();
        Self {
            plurals: plurals.as_bytes(),
            texts: texts.split(mark::NEXT).collect(),
        }
    }

    /// Whether it has the same number of texts as another one: then both were made for the same page.
    #[must_use]
    pub fn is_like(&self, other: &Self) -> bool {
        self.texts.len() == other.texts.len() && self.plurals.len() == other.plurals.len()
    }

    /// A text without arguments; empty where there is none of that number.
    #[must_use]
    pub fn text(&self, number: u16) -> &'static str {
        self.texts.get(usize::from(number)).copied().unwrap_or("")
    }

    /// A text with its arguments filled in.
    #[must_use]
    pub fn fill(&self, number: u16, arguments: &[Argument<'_>]) -> String {
        let mut filled = String::new();
        let mut rest = self.text(number).chars();
        self.write(&mut rest, arguments, &mut filled, true);
        filled
    }

    /// Writes as far as the variant goes that `rest` is in, or only reads on; returns the mark that it ends with.
    fn write(
        &self,
        rest: &mut Chars<'_>,
        arguments: &[Argument<'_>],
        filled: &mut String,
        writes: bool,
    ) -> char {
        loop {
            match rest.next() {
                None => return mark::LAST,
                Some(end @ (mark::VARIANT | mark::LAST)) => return end,
                Some(mark::CHOICE) => self.choose(rest, arguments, filled, writes),
                Some(_) if !writes => {}
                Some(letter) => match argument(arguments, letter) {
                    Some(Argument::Text(text)) => filled.push_str(text),
                    Some(Argument::Number(number)) => filled.push_str(&number.to_string()),
                    None => filled.push(letter),
                },
            }
        }
    }

    /// Writes the first variant whose key is that of the argument.
    fn choose(
        &self,
        rest: &mut Chars<'_>,
        arguments: &[Argument<'_>],
        filled: &mut String,
        mut writes: bool,
    ) {
        let decides = rest.next().and_then(|letter| argument(arguments, letter));
        let mut key = String::new();
        loop {
            key.clear();
            key.extend(rest.by_ref().take_while(|letter| *letter != mark::KEY));
            let is_meant = match decides {
                _ if key.is_empty() => true,
                Some(Argument::Text(text)) => key == text,
                Some(Argument::Number(number)) => {
                    key == number.to_string() || key.as_bytes() == [self.plural(number)]
                }
                None => false,
            };
            let end = self.write(rest, arguments, filled, writes && is_meant);
            writes &= !is_meant;
            if end == mark::LAST {
                return;
            }
        }
    }

    /// The letter of the plural that goes with a number.
    fn plural(&self, number: u64) -> u8 {
        let at = match number {
            0..100 => number,
            _ => 100 + number % 100,
        };
        self.plurals.get(at as usize).copied().unwrap_or(b'x')
    }
}

fn argument<'a>(arguments: &[Argument<'a>], letter: char) -> Option<Argument<'a>> {
    let index = (letter as usize).checked_sub(mark::ARGUMENT as usize)?;
    arguments.get(index).copied()
}

#[cfg(test)]
mod tests {
    use super::{Argument, Book};

    const TABLE: &str = "xox\u{1f}plain\u{1f}\u{1} of \u{2}\u{1f}\
        \u{e}\u{1}0\u{f}none\u{10}o\u{f}\u{1} one\u{10}\u{f}\u{1} more\u{11}!\u{1f}\
        \u{e}\u{1}a\u{f}A\u{e}\u{2}1\u{f}i\u{10}\u{f}j\u{11}k\u{10}\u{f}B\u{11}.";

    #[test]
    fn texts_are_found_by_their_numbers() {
        let book = Book::read(TABLE);
        assert_eq!(book.text(0), "plain");
        assert_eq!(book.text(99), "");
    }

    #[test]
    fn arguments_are_filled_in() {
        let book = Book::read(TABLE);
        let filled = book.fill(1, &[Argument::Number(3), Argument::Text("four")]);
        assert_eq!(filled, "3 of four");
    }

    #[test]
    fn a_number_decides_by_itself_or_by_its_plural() {
        let book = Book::read(TABLE);
        for (number, text) in [
            (0, "none!"),
            (1, "1 one!"),
            (2, "2 more!"),
            (900, "900 more!"),
        ] {
            assert_eq!(book.fill(2, &[Argument::Number(number)]), text);
        }
    }

    #[test]
    fn a_text_decides_and_choices_are_within_choices() {
        let book = Book::read(TABLE);
        let fill = |text, number| book.fill(3, &[Argument::Text(text), Argument::Number(number)]);
        assert_eq!(fill("a", 1), "Aik.");
        assert_eq!(fill("a", 2), "Ajk.");
        assert_eq!(fill("b", 1), "B.");
    }

    #[test]
    fn a_damaged_table_is_no_panic() {
        for table in [
            "",
            "x",
            "x\u{1f}\u{e}",
            "x\u{1f}\u{e}\u{1}",
            "x\u{1f}\u{e}\u{1}k\u{f}",
        ] {
            let book = Book::read(table);
            let _ = book.fill(0, &[Argument::Number(1)]);
        }
        assert!(!Book::read("x\u{1f}a").is_like(&Book::read(TABLE)));
    }
}
