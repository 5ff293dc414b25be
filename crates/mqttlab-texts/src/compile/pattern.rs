//! A text with arguments and choices, and how it stands in a table.

use super::plurals::NAMES;
use super::problem::Place;
use super::resource::Entry;
use crate::mark;

/// What an argument is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Number,
}

/// A text.
#[derive(Clone, Debug, Default)]
pub(super) struct Pattern(pub(super) Vec<Part>);

/// A part of a text.
#[derive(Clone, Debug)]
pub(super) enum Part {
    Text(String),
    Argument {
        name: String,
        kind: Kind,
        place: Place,
    },
    Choice(Choice),
}

/// Variants, of which an argument takes one.
#[derive(Clone, Debug)]
pub(super) struct Choice {
    pub(super) by: String,
    pub(super) kind: Kind,
    pub(super) place: Place,
    pub(super) variants: Vec<Variant>,
    /// For all that no other variant is for.
    pub(super) default: Pattern,
}

#[derive(Clone, Debug)]
pub(super) struct Variant {
    pub(super) key: String,
    pub(super) place: Place,
    pub(super) pattern: Pattern,
}

impl Variant {
    /// Whether it is for one number, not for a plural.
    pub(super) fn is_exact(&self) -> bool {
        self.key.starts_with(|first: char| first.is_ascii_digit())
    }
}

impl Pattern {
    /// Visits every choice, those within others too.
    pub(super) fn each_choice<'a>(&'a self, visit: &mut impl FnMut(&'a Choice)) {
        for part in &self.0 {
            if let Part::Choice(choice) = part {
                visit(choice);
                for variant in &choice.variants {
                    variant.pattern.each_choice(visit);
                }
                choice.default.each_choice(visit);
            }
        }
    }

    /// Every argument that is named, as often as it is.
    pub(super) fn arguments(&self) -> Vec<(&str, Kind, &Place)> {
        let mut found = Vec::new();
        for part in &self.0 {
            match part {
                Part::Text(_) => {}
                Part::Argument { name, kind, place } => found.push((name.as_str(), *kind, place)),
                Part::Choice(choice) => {
                    found.push((&choice.by, choice.kind, &choice.place));
                    let variants = choice.variants.iter().map(|it| &it.pattern);
                    for pattern in variants.chain([&choice.default]) {
                        found.extend(pattern.arguments());
                    }
                }
            }
        }
        found
    }

    /// The same, with the English plural for one as the number 1 itself.
    pub(super) fn with_exact_one(&self) -> Self {
        self.map(
            &|key| {
                if key == "one" {
                    "1".to_owned()
                } else {
                    key.to_owned()
                }
            },
            &str::to_owned,
        )
    }

    /// The same with other keys of choices by number, and other words.
    pub(super) fn map(
        &self,
        keys: &impl Fn(&str) -> String,
        words: &impl Fn(&str) -> String,
    ) -> Self {
        let parts = self.0.iter().map(|part| match part {
            Part::Text(text) => Part::Text(words(text)),
            Part::Argument { .. } => part.clone(),
            Part::Choice(choice) => Part::Choice(Choice {
                variants: (choice.variants.iter())
                    .map(|variant| Variant {
                        key: match choice.kind {
                            Kind::Number => keys(&variant.key),
                            Kind::Text => variant.key.clone(),
                        },
                        place: variant.place.clone(),
                        pattern: variant.pattern.map(keys, words),
                    })
                    .collect(),
                default: choice.default.map(keys, words),
                ..choice.clone()
            }),
        });
        Self(parts.collect())
    }
}

/// A text as it stands in a table; `english` says which argument has which number.
pub(super) fn encode(english: &Entry, pattern: &Pattern) -> String {
    let mut text = String::new();
    write(english, pattern, &mut text);
    text
}

fn write(english: &Entry, pattern: &Pattern, text: &mut String) {
    for part in &pattern.0 {
        match part {
            Part::Text(words) => text.push_str(words),
            Part::Argument { name, .. } => text.push(mark_of(english, name)),
            Part::Choice(choice) => {
                text.push(mark::CHOICE);
                text.push(mark_of(english, &choice.by));
                for variant in &choice.variants {
                    match choice.kind {
                        Kind::Number if !variant.is_exact() => text.push(letter_of(&variant.key)),
                        Kind::Number | Kind::Text => text.push_str(&variant.key),
                    }
                    text.push(mark::KEY);
                    write(english, &variant.pattern, text);
                    text.push(mark::VARIANT);
                }
                text.push(mark::KEY);
                write(english, &choice.default, text);
                text.push(mark::LAST);
            }
        }
    }
}

fn mark_of(english: &Entry, name: &str) -> char {
    let arguments = english.arguments.iter();
    let at = arguments.take_while(|it| it.name != name).count();
    // There are no more than have marks: reading has counted them.
    char::from_u32(mark::ARGUMENT as u32 + at as u32).unwrap_or(mark::ARGUMENT)
}

fn letter_of(plural: &str) -> char {
    let named = NAMES.iter().find(|(name, ..)| *name == plural);
    named.map_or('x', |(_, _, letter)| *letter)
}
