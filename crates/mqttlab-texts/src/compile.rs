//! From Fluent files to tables and code.
//!
//! An application has a folder `texts` with `en.ftl` and a file for each further language. Its build script calls
//! [`build`]; the program of this crate writes the tables of the other languages, and tells translators what is missing.

mod code;
mod pattern;
mod plurals;
mod problem;
mod pseudo;
mod resource;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use code::code_of;
use pattern::{Kind, Pattern, encode};
use plurals::Plurals;
pub use problem::{Place, Problem};
pub use pseudo::PSEUDO;
use resource::{Entry, Resource};

use crate::mark;

/// The language that everything else is compared with.
pub const ENGLISH: &str = "en";
/// The text in which a language says its own name.
const NAME: &str = "language-name";
/// Texts are numbered with two bytes.
const TEXTS_MAX: usize = 65_535;

/// All texts of an application, as English has them.
#[derive(Debug)]
pub struct Texts {
    application: String,
    entries: Vec<Entry>,
    plurals: Plurals,
    /// Every further language: its code and its file.
    others: BTreeMap<String, PathBuf>,
    /// Of all files together: it is in the names of the tables, so that a page never meets one of another build.
    stamp: u32,
}

/// A language, made into a table.
#[derive(Debug)]
pub struct Translation {
    /// As in `de` or `pt-BR`.
    pub language: String,
    /// What it calls itself.
    pub name: String,
    /// What the page reads.
    pub table: String,
    /// What is not translated and therefore English.
    pub missing: Vec<Problem>,
}

impl Texts {
    /// Reads the folder of an application's texts; `application` is how its tables are called.
    ///
    /// # Errors
    /// What is wrong with `en.ftl`, or the files that cannot be read.
    pub fn read(application: &str, folder: &Path) -> Result<Self, Vec<Problem>> {
        let mut files = files(folder).map_err(|error| vec![Problem::of_file(folder, &error)])?;
        let Some(english) = files.remove(ENGLISH) else {
            let error = io::Error::from(io::ErrorKind::NotFound);
            return Err(vec![Problem::of_file(&folder.join("en.ftl"), &error)]);
        };
        let mut sum = crc32fast::Hasher::new();
        let text = content(&english)?;
        sum.update(text.as_bytes());
        for path in files.values() {
            sum.update(content(path)?.as_bytes());
        }
        let mut texts = Self::of_english(application, &english, &text)?;
        texts.others = files;
        texts.stamp = sum.finalize();
        Ok(texts)
    }

    /// Takes English alone, from its text.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn of_english(application: &str, path: &Path, text: &str) -> Result<Self, Vec<Problem>> {
        let mut problems = Vec::new();
        let entries = Resource::parse(path, text)?.entries(&mut problems);
        let start = Place::start(path);
        if entries.len() > TEXTS_MAX {
            problems.push(start.problem(format!("there are more than {TEXTS_MAX} texts")));
        }
        if entries.iter().all(|entry| entry.key != NAME) {
            problems.push(start.problem(format!(
                "`{NAME}` is missing: what the language calls itself"
            )));
        }
        for (at, entry) in entries.iter().enumerate() {
            let name = code::name_of(entry);
            let is_same = |it: &Entry| it.key != entry.key && code::name_of(it) == name;
            if entries[..at].iter().any(is_same) {
                problems.push(entry.place.problem(format!(
                    "`{}` has the same name in Rust as another text: {name}",
                    entry.key
                )));
            }
        }
        let plurals = Plurals::of(ENGLISH).map_err(|what| vec![start.problem(what)])?;
        match problems.is_empty() {
            true => Ok(Self {
                application: application.to_owned(),
                entries,
                plurals,
                others: BTreeMap::new(),
                stamp: 0,
            }),
            false => Err(problems),
        }
    }

    /// English as a table.
    #[must_use]
    pub fn table(&self) -> String {
        let texts = self
            .entries
            .iter()
            .map(|entry| encode(entry, &entry.pattern));
        table(&self.plurals, texts)
    }

    /// The module that the application includes; `table` is the path of [`Texts::table`] in a file.
    ///
    /// # Errors
    /// What is wrong with the other languages: their names are in the module too.
    pub fn code(&self, table: &Path) -> Result<String, Vec<Problem>> {
        let languages = self.languages()?;
        let mut names = vec![(ENGLISH.to_owned(), self.name().to_owned())];
        names.extend(languages.into_iter().map(|it| (it.language, it.name)));
        Ok(code_of(&self.entries, table, &names, &self.file_of("{}")))
    }

    /// Every further language.
    ///
    /// # Errors
    /// Everything that is wrong with any of them.
    pub fn languages(&self) -> Result<Vec<Translation>, Vec<Problem>> {
        let mut problems = Vec::new();
        let mut languages = Vec::new();
        for (language, path) in &self.others {
            match content(path).and_then(|text| self.translate(language, path, &text)) {
                Ok(translation) => languages.push(translation),
                Err(more) => problems.extend(more),
            }
        }
        match problems.is_empty() {
            true => Ok(languages),
            false => Err(problems),
        }
    }

    /// Makes a table of a language.
    ///
    /// # Errors
    /// Everything that is wrong with its file: what English does not have, other arguments, unknown plurals.
    pub fn translate(
        &self,
        language: &str,
        path: &Path,
        text: &str,
    ) -> Result<Translation, Vec<Problem>> {
        let mut problems = Vec::new();
        let translated = Resource::parse(path, text)?.entries(&mut problems);
        let plurals =
            Plurals::of(language).map_err(|what| vec![Place::start(path).problem(what)])?;
        for entry in &translated {
            match self.entries.iter().find(|it| it.key == entry.key) {
                Some(english) => compare(english, entry, &plurals, &mut problems),
                None => problems.push(
                    (entry.place)
                        .problem(format!("`{}` is not among the English texts", entry.key)),
                ),
            }
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        let mut missing = Vec::new();
        let mut texts = Vec::new();
        for english in &self.entries {
            match translated.iter().find(|it| it.key == english.key) {
                Some(entry) => texts.push(encode(english, &entry.pattern)),
                None => {
                    let what = format!("`{}` is missing: it stays English", english.key);
                    missing.push(Place::start(path).problem(what));
                    // Another language may have other plurals: English has one for exactly 1.
                    texts.push(encode(english, &english.pattern.with_exact_one()));
                }
            }
        }
        let name = translated.iter().find(|it| it.key == NAME);
        Ok(Translation {
            language: language.to_owned(),
            name: name
                .map_or(language, |entry| entry.english.as_str())
                .to_owned(),
            table: table(&plurals, texts.into_iter()),
            missing,
        })
    }

    /// The file of a language's table, from the page's folder.
    #[must_use]
    pub fn file_of(&self, language: &str) -> String {
        format!(
            "texts/{}-{language}-{:08x}.txt",
            self.application, self.stamp
        )
    }

    fn name(&self) -> &str {
        let name = self.entries.iter().find(|entry| entry.key == NAME);
        name.map_or(ENGLISH, |entry| entry.english.as_str())
    }
}

/// For a build script: makes `texts.rs` in the folder `out` of the texts in `folder`.
///
/// # Errors
/// When files cannot be read or written, or there is something wrong with a text; that is one message with all of it.
pub fn build(application: &str, folder: &Path, out: &Path) -> Result<(), String> {
    let write = |path: &Path, text: &str| {
        fs::write(path, text).map_err(|error| format!("cannot write {}: {error}", path.display()))
    };
    let texts = Texts::read(application, folder).map_err(|problems| lines(&problems))?;
    let table = out.join("texts.table");
    let code = texts.code(&table).map_err(|problems| lines(&problems))?;
    write(&table, &texts.table())?;
    write(&out.join("texts.rs"), &code)
}

/// A line for each problem.
#[must_use]
pub fn lines(problems: &[Problem]) -> String {
    let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
    lines.join("\n")
}

fn table(plurals: &Plurals, texts: impl Iterator<Item = String>) -> String {
    let mut table = plurals.letters();
    for text in texts {
        table.push(mark::NEXT);
        table.push_str(&text);
    }
    table
}

/// What a translation has that English has not, or the other way round.
fn compare(english: &Entry, entry: &Entry, plurals: &Plurals, problems: &mut Vec<Problem>) {
    let key = &entry.key;
    for argument in &entry.arguments {
        let name = &argument.name;
        match english.arguments.iter().find(|it| it.name == *name) {
            None => problems
                .push((argument.place).problem(format!("`{key}` has no `${name}` in English"))),
            Some(known) if argument.kind == Kind::Number && known.kind == Kind::Text => {
                let what = format!("`${name}` is no number: it can choose only between texts");
                problems.push(argument.place.problem(what));
            }
            Some(_) => {}
        }
    }
    for argument in &english.arguments {
        if entry.arguments.iter().all(|it| it.name != argument.name) {
            let what = format!("`{key}` does not say `${}`", argument.name);
            problems.push(entry.place.problem(what));
        }
    }
    for (plural, place) in entry.pattern.plurals() {
        if !plurals.has(plural) {
            problems.push(place.problem(format!("this language has no plural `{plural}`")));
        }
    }
}

/// The Fluent files of a folder, by their languages.
fn files(folder: &Path) -> io::Result<BTreeMap<String, PathBuf>> {
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if let Some(language) = name.strip_suffix(".ftl") {
            files.insert(language.to_owned(), path.clone());
        }
    }
    Ok(files)
}

fn content(path: &Path) -> Result<String, Vec<Problem>> {
    let text = fs::read_to_string(path).map_err(|error| vec![Problem::of_file(path, &error)])?;
    Ok(text.replace("\r\n", "\n"))
}

impl Pattern {
    /// The plurals that it has texts for, and where.
    fn plurals(&self) -> Vec<(&str, &Place)> {
        let mut found = Vec::new();
        self.each_choice(&mut |choice| {
            let keys = choice.variants.iter();
            let plurals = keys.filter(|it| choice.kind == Kind::Number && !it.is_exact());
            found.extend(plurals.map(|it| (it.key.as_str(), &it.place)));
        });
        found
    }
}
