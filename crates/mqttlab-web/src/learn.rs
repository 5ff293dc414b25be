//! Learning across lessons: which one is open, what was learnt, and what a teacher has chosen.

use mqttlab_sim::lesson::Course;
use mqttlab_sim::view::Micros;
use web_sys::File;
use yew::Callback;

use crate::lab::Lab;
use crate::lesson::{CATALOGUE, Progress};
use crate::opening::FileTrouble;
use crate::platform::{files, load, store, stored};

/// Under which names the browser keeps what was learnt, and whether answers are hidden.
const PROGRESS: &str = "progress";
const TEACHER: &str = "teacher";

/// What can be asked about lessons.
#[derive(Clone)]
pub(crate) enum Wish {
    /// All of them.
    List,
    /// One of them, by its name.
    Open(String),
    /// A file has come, or could not be had.
    Came(String, Option<Vec<u8>>),
    /// Hide answers or show them.
    Teacher(bool),
    /// The seed for a class, as it was typed.
    Seed(String),
    ClassLink,
    /// Forget what was learnt; at first it is asked whether that is meant.
    Forget,
    /// A file with what was learnt elsewhere.
    Import(Option<File>),
    Imported(Result<String, FileTrouble>),
}

/// What has become of a wish.
pub(crate) enum Granted {
    /// Something else is to be drawn.
    Changed,
    /// A lesson is open.
    Opened(Box<Lab>),
    /// The fragment of a link was asked for.
    Link(String),
}

/// Where to go in a lesson that has not come yet.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Wanted {
    id: String,
    at: Option<Micros>,
}

/// Learning across lessons.
pub(crate) struct Learn {
    pub(crate) progress: Progress,
    /// All lessons are shown, in place of the one that is open.
    pub(crate) lists: bool,
    /// The lesson could not be had.
    pub(crate) trouble: bool,
    pub(crate) teacher: bool,
    /// The seed for all that are opened from now on.
    pub(crate) seed: Option<u64>,
    /// Whether the next word forgets everything.
    pub(crate) is_sure: bool,
    wanted: Option<Wanted>,
    on: Callback<Wish>,
}

impl Learn {
    pub(crate) fn new(on: Callback<Wish>) -> Self {
        Self {
            progress: Progress::parse(&stored(PROGRESS).unwrap_or_default()),
            lists: false,
            trouble: false,
            teacher: stored(TEACHER).as_deref() == Some("on"),
            seed: None,
            is_sure: false,
            wanted: None,
            on,
        }
    }

    /// Does what is asked for; `current` is the lesson on the stage.
    pub(crate) fn grant(&mut self, wish: Wish, current: Option<&str>) -> Granted {
        let was_sure = std::mem::take(&mut self.is_sure);
        match wish {
            Wish::List => {
                self.lists = true;
                self.trouble = false;
            }
            Wish::Open(id) => self.fetch(id, None),
            Wish::Came(id, bytes) => return self.came(&id, bytes),
            Wish::Teacher(on) => {
                self.teacher = on;
                store(TEACHER, if on { "on" } else { "off" });
            }
            Wish::Seed(text) => self.seed = text.trim().parse().ok(),
            Wish::ClassLink => {
                let id = current.unwrap_or(crate::OPENING_ID);
                return Granted::Link(crate::share::class(id, self.seed, self.teacher));
            }
            Wish::Forget if !was_sure => self.is_sure = true,
            Wish::Forget => {
                self.progress = Progress::default();
                store(PROGRESS, "");
            }
            Wish::Import(file) => {
                if let Some(file) = file {
                    files::read_text(file, self.on.reform(Wish::Imported));
                }
            }
            Wish::Imported(text) => {
                let other = Progress::parse(&text.unwrap_or_default());
                for entry in CATALOGUE {
                    self.progress.note(entry.id, other.of(entry.id));
                }
                store(PROGRESS, &self.progress.text());
            }
        }
        Granted::Changed
    }

    /// Has a lesson fetched, to be opened at a moment.
    pub(crate) fn fetch(&mut self, id: String, at: Option<Micros>) {
        if CATALOGUE.iter().all(|entry| entry.id != id) {
            self.trouble = true;
            self.lists = true;
            return;
        }
        self.wanted = Some(Wanted { id: id.clone(), at });
        let path = format!("lessons/{id}.lesson");
        load(
            &path,
            self.on.reform(move |bytes| Wish::Came(id.clone(), bytes)),
        );
    }

    fn came(&mut self, id: &str, bytes: Option<Vec<u8>>) -> Granted {
        let Some(wanted) = self.wanted.take_if(|wanted| wanted.id == id) else {
            // Another one was asked for meanwhile.
            return Granted::Changed;
        };
        let course = bytes.and_then(|bytes| Course::unpack(&bytes).ok());
        self.trouble = course.is_none();
        self.lists = course.is_none();
        let Some(mut course) = course else {
            return Granted::Changed;
        };
        if let Some(seed) = self.seed {
            course.runs.iter_mut().for_each(|run| run.seed = seed);
        }
        let mut lab = Lab::open(course);
        if let Some(at) = wanted.at {
            lab.go_to_moment(at);
        }
        Granted::Opened(Box::new(lab))
    }

    /// Takes note of what was learnt on the stage.
    pub(crate) fn note(&mut self, lab: &Lab) {
        if let Some((id, done)) = lab.done()
            && self.progress.note(id, done)
        {
            store(PROGRESS, &self.progress.text());
        }
    }
}
