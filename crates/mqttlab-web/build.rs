//! Packs the lesson that the page opens with, so that it needs no reader of text to show its first picture, and lists
//! the others. Makes a module of the page's texts.

use std::env;
use std::error::Error;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use mqttlab_lessons::LESSONS;

/// The lesson that the page opens with.
const OPENING: &str = "duel";
/// Where the texts are.
const TEXTS: &str = "texts";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    let out = PathBuf::from(env::var("OUT_DIR")?);
    let mut catalogue = "/// All lessons.\npub(crate) const CATALOGUE: &[Entry] = &[\n".to_owned();
    for source in LESSONS {
        let course = source.read()?;
        let lesson = &course.lesson;
        let questions = lesson.questions().count();
        writeln!(
            catalogue,
            "    Entry {{ id: {:?}, title: {:?}, about: {:?}, questions: {questions}, is_case: {} }},",
            lesson.id, lesson.title, lesson.about, source.is_case
        )?;
        if source.id == OPENING {
            fs::write(out.join("opening.lesson"), course.pack())?;
        }
    }
    catalogue.push_str("];\n");
    fs::write(out.join("catalogue.rs"), catalogue)?;
    println!("cargo::rerun-if-changed={TEXTS}");
    mqttlab_texts::compile::build("lab", Path::new(TEXTS), &out)?;
    Ok(())
}
