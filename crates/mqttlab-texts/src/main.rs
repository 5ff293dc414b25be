//! The texts of the page in all languages: for translators, and for the project's chores.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program for the terminal"
)]

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use mqttlab_texts::compile::{PSEUDO, Texts, lines};

/// The applications with texts: how their tables are called, and their folders.
const APPLICATIONS: &[(&str, &str)] = &[
    ("lab", "crates/mqttlab-web/texts"),
    ("sandbox", "crates/mqttlab-sandbox/texts"),
];

/// Says what is wrong with the texts, and what is not translated. With `--pack` and a folder it also writes the table
/// of every language there but English, which the page has in itself; with `--pseudo` only those of a language for tests.
fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let done = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => APPLICATIONS
            .iter()
            .try_for_each(|it| look_at(it, &mut |_, _| Ok(()))),
        ["--pack", folder] => (APPLICATIONS.iter())
            .try_for_each(|it| look_at(it, &mut |file, table| write(folder, file, table))),
        ["--pseudo", folder] => APPLICATIONS.iter().try_for_each(|(name, texts)| {
            let texts = Texts::read(name, Path::new(texts)).map_err(|problems| lines(&problems))?;
            write(folder, &texts.file_of(PSEUDO), &texts.pseudo())
        }),
        _ => Err("there are --pack and --pseudo, each with a folder".to_owned()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(what) => {
            eprintln!("{what}");
            ExitCode::FAILURE
        }
    }
}

fn look_at(
    (name, texts): &(&str, &str),
    take: &mut impl FnMut(&str, &str) -> Result<(), String>,
) -> Result<(), String> {
    let texts = Texts::read(name, Path::new(texts)).map_err(|problems| lines(&problems))?;
    for language in texts.languages().map_err(|problems| lines(&problems))? {
        let missing = &language.missing;
        println!(
            "{name}, {}: {} texts are not translated",
            language.name,
            missing.len()
        );
        if !missing.is_empty() {
            println!("{}", lines(missing));
        }
        take(&texts.file_of(&language.language), &language.table)?;
    }
    Ok(())
}

fn write(folder: &str, file: &str, table: &str) -> Result<(), String> {
    let path = Path::new(folder).join(file);
    let made = path.parent().map_or(Ok(()), fs::create_dir_all);
    made.and_then(|()| fs::write(&path, table))
        .map_err(|error| format!("cannot write {}: {error}", path.display()))
}
