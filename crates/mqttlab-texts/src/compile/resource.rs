//! A Fluent file: its texts in one list, with what they refer to put in.

use std::path::Path;

use fluent_syntax::ast;
use fluent_syntax::parser;
use fluent_syntax::unicode::unescape_unicode_to_string;

use super::pattern::{Choice, Kind, Part, Pattern, Variant};
use super::plurals::NAMES;
use super::problem::{Place, Problem};
use crate::mark;

/// How deep texts may refer to each other: deeper is a circle.
const DEPTH_MAX: usize = 8;

/// A text of a file.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    /// `share`, or `share.title` for an attribute.
    pub(super) key: String,
    pub(super) place: Place,
    pub(super) pattern: Pattern,
    /// Each once, in the order in which they are named first.
    pub(super) arguments: Vec<Argument>,
    /// As it is written, on one line.
    pub(super) english: String,
}

/// An argument of a text.
#[derive(Clone, Debug)]
pub(super) struct Argument {
    pub(super) name: String,
    pub(super) kind: Kind,
    pub(super) place: Place,
}

/// A Fluent file.
pub(super) struct Resource<'a> {
    path: &'a Path,
    text: &'a str,
    body: Vec<ast::Entry<&'a str>>,
}

impl<'a> Resource<'a> {
    /// # Errors
    /// What is no Fluent.
    pub(super) fn parse(path: &'a Path, text: &'a str) -> Result<Self, Vec<Problem>> {
        match parser::parse(text) {
            Ok(resource) => Ok(Self {
                path,
                text,
                body: resource.body,
            }),
            Err((_, errors)) => Err(errors
                .iter()
                .map(|error| Place::at(path, text, error.pos.start).problem(error.kind.to_string()))
                .collect()),
        }
    }

    /// All texts, in the order of the file.
    pub(super) fn entries(&self, problems: &mut Vec<Problem>) -> Vec<Entry> {
        let mut entries: Vec<Entry> = Vec::new();
        for entry in &self.body {
            let ast::Entry::Message(message) = entry else {
                continue;
            };
            let id = message.id.name;
            let own = message
                .value
                .iter()
                .map(|pattern| (id.to_owned(), id, pattern));
            let attributes = message.attributes.iter().map(|attribute| {
                let name = attribute.id.name;
                (format!("{id}.{name}"), name, &attribute.value)
            });
            for (key, name, pattern) in own.chain(attributes) {
                let place = self.place(name);
                if entries.iter().any(|entry| entry.key == key) {
                    problems.push(place.problem(format!("`{key}` is there twice")));
                }
                entries.push(self.entry(key, place, pattern, problems));
            }
        }
        entries
    }

    fn entry(
        &self,
        key: String,
        place: Place,
        pattern: &ast::Pattern<&'a str>,
        problems: &mut Vec<Problem>,
    ) -> Entry {
        let mut reader = Reader {
            resource: self,
            problems,
        };
        let read = reader.pattern(pattern, 0);
        let mut arguments: Vec<Argument> = Vec::new();
        for (name, kind, place) in read.arguments() {
            match arguments.iter_mut().find(|known| known.name == name) {
                Some(known) if kind == Kind::Number => known.kind = kind,
                Some(_) => {}
                None => arguments.push(Argument {
                    name: name.to_owned(),
                    kind,
                    place: place.clone(),
                }),
            }
        }
        if arguments.len() > mark::ARGUMENTS_MAX {
            let what = format!("`{key}` has more than {} arguments", mark::ARGUMENTS_MAX);
            problems.push(place.problem(what));
        }
        Entry {
            english: written(&read),
            pattern: read,
            key,
            place,
            arguments,
        }
    }

    /// Where something of the file is: `part` lies in its text.
    fn place(&self, part: &str) -> Place {
        let offset = (part.as_ptr() as usize).saturating_sub(self.text.as_ptr() as usize);
        Place::at(self.path, self.text, offset)
    }

    fn message(&self, id: &str, attribute: Option<&str>) -> Option<&ast::Pattern<&'a str>> {
        let message = self.body.iter().find_map(|entry| match entry {
            ast::Entry::Message(message) if message.id.name == id => Some(message),
            _ => None,
        })?;
        match attribute {
            None => message.value.as_ref(),
            Some(name) => {
                let attribute = message.attributes.iter().find(|it| it.id.name == name);
                attribute.map(|it| &it.value)
            }
        }
    }

    fn term(&self, id: &str) -> Option<&ast::Pattern<&'a str>> {
        self.body.iter().find_map(|entry| match entry {
            ast::Entry::Term(term) if term.id.name == id => Some(&term.value),
            _ => None,
        })
    }
}

/// A text as somebody would write it, for the documentation of the code.
fn written(pattern: &Pattern) -> String {
    let parts = pattern.0.iter().map(|part| match part {
        Part::Text(text) => text.clone(),
        Part::Argument { name, .. } => format!("{{${name}}}"),
        Part::Choice(choice) => written(&choice.default),
    });
    parts.collect()
}

/// Turns what is parsed into patterns.
struct Reader<'r, 'a> {
    resource: &'r Resource<'a>,
    problems: &'r mut Vec<Problem>,
}

impl<'a> Reader<'_, 'a> {
    fn problem(&mut self, part: &str, what: impl Into<String>) {
        let problem = self.resource.place(part).problem(what);
        if !self.problems.contains(&problem) {
            self.problems.push(problem);
        }
    }

    fn pattern(&mut self, pattern: &ast::Pattern<&'a str>, depth: usize) -> Pattern {
        let mut parts = Vec::new();
        for element in &pattern.elements {
            match element {
                ast::PatternElement::TextElement { value } => {
                    if value.contains(|letter: char| letter < ' ' && letter != '\n') {
                        self.problem(value, "there is a control character in this text");
                    }
                    // A line end within a text is a space, as it is in HTML.
                    parts.push(Part::Text(value.replace('\n', " ")));
                }
                ast::PatternElement::Placeable { expression } => {
                    parts.extend(self.expression(expression, depth));
                }
            }
        }
        Pattern(parts)
    }

    fn expression(&mut self, expression: &ast::Expression<&'a str>, depth: usize) -> Vec<Part> {
        match expression {
            ast::Expression::Inline(inline) => self.inline(inline, depth),
            ast::Expression::Select { selector, variants } => self
                .choice(selector, variants, depth)
                .into_iter()
                .map(Part::Choice)
                .collect(),
        }
    }

    fn inline(&mut self, inline: &ast::InlineExpression<&'a str>, depth: usize) -> Vec<Part> {
        use ast::InlineExpression as Inline;
        match inline {
            Inline::StringLiteral { value } => {
                let text = unescape_unicode_to_string(value).into_owned();
                if text.contains(|letter: char| letter < ' ' && letter != '\n' && letter != '\t') {
                    self.problem(value, "there is a control character in this text");
                }
                vec![Part::Text(text)]
            }
            Inline::NumberLiteral { value } => vec![Part::Text((*value).to_owned())],
            Inline::VariableReference { id } => vec![self.argument(id.name, Kind::Text)],
            Inline::FunctionReference { id, arguments } => match number_of(id.name, arguments) {
                Some(name) => vec![self.argument(name, Kind::Number)],
                None => {
                    self.problem(id.name, "of all functions there is `NUMBER($name)` alone");
                    Vec::new()
                }
            },
            Inline::MessageReference { id, attribute } => {
                let name = attribute.as_ref().map(|it| it.name);
                let resource = self.resource;
                self.refer(id.name, resource.message(id.name, name), depth)
            }
            Inline::TermReference {
                id,
                attribute: None,
                arguments: None,
            } => {
                let resource = self.resource;
                self.refer(id.name, resource.term(id.name), depth)
            }
            Inline::TermReference { id, .. } => {
                self.problem(id.name, "a term has neither attributes nor arguments here");
                Vec::new()
            }
            Inline::Placeable { expression } => self.expression(expression, depth),
        }
    }

    fn argument(&mut self, name: &str, kind: Kind) -> Part {
        Part::Argument {
            name: name.to_owned(),
            kind,
            place: self.resource.place(name),
        }
    }

    /// The text that is referred to.
    fn refer(
        &mut self,
        id: &str,
        found: Option<&ast::Pattern<&'a str>>,
        depth: usize,
    ) -> Vec<Part> {
        match found {
            Some(_) if depth == DEPTH_MAX => {
                self.problem(id, format!("`{id}` refers to itself"));
                Vec::new()
            }
            Some(pattern) => self.pattern(pattern, depth + 1).0,
            None => {
                self.problem(id, format!("there is no text `{id}`"));
                Vec::new()
            }
        }
    }

    fn choice(
        &mut self,
        selector: &ast::InlineExpression<&'a str>,
        variants: &[ast::Variant<&'a str>],
        depth: usize,
    ) -> Option<Choice> {
        let (by, is_number) = match selector {
            ast::InlineExpression::VariableReference { id } => (id.name, false),
            ast::InlineExpression::FunctionReference { id, arguments } => {
                match number_of(id.name, arguments) {
                    Some(name) => (name, true),
                    None => {
                        self.problem(id.name, "of all functions there is `NUMBER($name)` alone");
                        return None;
                    }
                }
            }
            _ => {
                let what = "only arguments can choose between variants";
                let place = variants.first().map_or("", |variant| key_of(variant).0);
                self.problem(place, what);
                return None;
            }
        };
        let is_numeric = |variant: &ast::Variant<&str>| {
            let (key, is_digits) = key_of(variant);
            is_digits || NAMES.iter().any(|(name, ..)| *name == key)
        };
        let kind = match is_number || variants.iter().all(is_numeric) {
            true => Kind::Number,
            false => Kind::Text,
        };
        let mut default = Pattern::default();
        let mut others = Vec::new();
        for variant in variants {
            let pattern = self.pattern(&variant.value, depth);
            let (key, _) = key_of(variant);
            if variant.default {
                default = pattern;
                continue;
            }
            if kind == Kind::Number && !is_numeric(variant) {
                self.problem(key, format!("`{key}` is neither a number nor a plural"));
            }
            others.push(Variant {
                key: key.to_owned(),
                place: self.resource.place(key),
                pattern,
            });
        }
        Some(Choice {
            by: by.to_owned(),
            kind,
            place: self.resource.place(by),
            variants: others,
            default,
        })
    }
}

/// The argument of `NUMBER($name)`.
fn number_of<'a>(function: &str, arguments: &ast::CallArguments<&'a str>) -> Option<&'a str> {
    match arguments.positional.as_slice() {
        [ast::InlineExpression::VariableReference { id }]
            if function == "NUMBER" && arguments.named.is_empty() =>
        {
            Some(id.name)
        }
        _ => None,
    }
}

/// The key of a variant, and whether it is a number.
fn key_of<'a>(variant: &ast::Variant<&'a str>) -> (&'a str, bool) {
    match &variant.key {
        ast::VariantKey::Identifier { name } => (name, false),
        ast::VariantKey::NumberLiteral { value } => (value, true),
    }
}
