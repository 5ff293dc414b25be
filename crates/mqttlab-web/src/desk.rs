//! What lies on the desk: how runs get there from files, texts and links, and how they leave as links.

use mqttlab_sim::hunt::Profile;
use mqttlab_sim::job::{Format, Job, Reply};
use mqttlab_sim::link::Shared;
use mqttlab_sim::recording::Recording;
use mqttlab_sim::scenario::{Scenario, ScenarioError};
use mqttlab_sim::view::{EventId, Micros};
use web_sys::File;
use yew::Callback;

use crate::lab::Lab;
use crate::opening::{Content, FileTrouble, Recents, Trouble, link_in, title};
use crate::platform::files::read;
use crate::platform::{store, stored};
use crate::ui::share::Paper;
use crate::worker::{Word, Worker};

/// How many seeds a hunt tries.
pub(crate) const SEEDS: u32 = 1_000;
/// Under which name the browser keeps what was opened.
const RECENTS: &str = "recents";

/// The doors at the top: which panel is on the left.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Door {
    #[default]
    Learn,
    Sandbox,
    Inspect,
}

/// What can be asked of the desk.
pub(crate) enum Ask {
    File(File),
    /// A file was read, or could not be.
    Content(Result<Content, FileTrouble>),
    /// Text that was pasted or typed: a scenario, or an address with a run in it.
    Text(String),
    /// The text of a link.
    Link(String),
    Forget,
}

/// What has become of it.
pub(crate) enum Outcome {
    /// There is another run to look at; whether it is the same that was shared.
    Opened {
        lab: Box<Lab>,
        is_same: bool,
    },
    /// The sandbox has another run.
    Built(Box<Lab>),
    /// The text of the link that was asked for.
    Link(String),
    /// The file that was asked for.
    File(Paper, Vec<u8>),
    /// The condition becomes true there; `None` if it never does.
    Until(Option<(Micros, EventId)>),
    /// The text is no condition.
    NoCondition(ScenarioError),
    /// No seed makes the run fail.
    NothingFound,
    /// What the sandbox is to be told.
    Told(String),
    /// Something else is to be drawn.
    Changed,
    Nothing,
}

/// What a job is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Purpose {
    /// To be looked at.
    Opening,
    /// To be handed out.
    Sharing,
    /// To be found again.
    Remembering,
    /// To be kept as a file.
    Writing(Paper),
    /// To go there.
    Searching,
    /// It is what the sandbox builds.
    Building,
    /// The sandbox goes on with it.
    Taking,
}

/// The desk.
pub(crate) struct Desk {
    worker: Worker,
    jobs: Vec<(u32, Purpose, String)>,
    on: Callback<Ask>,
    pub(crate) recents: Recents,
    pub(crate) trouble: Option<Trouble>,
    /// How far a search is, in percent.
    pub(crate) progress: Option<u8>,
}

impl Desk {
    pub(crate) fn new(on: Callback<Ask>, words: Callback<Word>) -> Self {
        Self {
            worker: Worker::new(words),
            jobs: Vec::new(),
            on,
            recents: Recents::parse(&stored(RECENTS).unwrap_or_default()),
            trouble: None,
            progress: None,
        }
    }

    /// Whether something is being read.
    pub(crate) fn is_busy(&self) -> bool {
        self.jobs
            .iter()
            .any(|(_, purpose, _)| *purpose == Purpose::Opening)
    }

    pub(crate) fn ask(&mut self, ask: Ask) {
        match ask {
            Ask::File(file) => read(file, self.on.reform(Ask::Content)),
            Ask::Content(Ok(Content::Traffic(bytes))) => self.open(Job::Traffic { bytes }),
            Ask::Content(Ok(Content::Text(text))) | Ask::Text(text) => match link_in(&text) {
                Some(link) => self.open(Job::Open {
                    text: link.to_owned(),
                }),
                None => self.open(Job::Read { text }),
            },
            Ask::Content(Err(trouble)) => self.trouble = Some(Trouble::File(trouble)),
            Ask::Link(text) => self.open(Job::Open { text }),
            Ask::Forget => {
                self.recents.forget();
                store(RECENTS, "");
            }
        }
    }

    /// Asks for the link to a run.
    pub(crate) fn share(&mut self, shared: Shared) {
        self.give(Job::Link(Box::new(shared)), Purpose::Sharing, "");
    }

    /// Asks for a run as a file.
    pub(crate) fn write(&mut self, shared: Shared, paper: Paper) {
        let format = match paper {
            Paper::File(format) => format,
            Paper::Picture => Format::Svg,
        };
        let shared = Box::new(shared);
        self.give(Job::Export { shared, format }, Purpose::Writing(paper), "");
    }

    /// Plays a run until a condition becomes true.
    pub(crate) fn play_until(&mut self, shared: Shared, text: String) {
        let shared = Box::new(shared);
        self.progress = Some(0);
        self.give(Job::Until { shared, text }, Purpose::Searching, "");
    }

    /// Looks for a seed with which an expectation fails.
    pub(crate) fn hunt(&mut self, scenario: Scenario) {
        self.progress = Some(0);
        let scenario = Box::new(scenario);
        let profile = Profile::default();
        let seeds = SEEDS;
        self.give(
            Job::Hunt {
                scenario,
                profile,
                seeds,
            },
            Purpose::Searching,
            "",
        );
    }

    /// Ends whatever the worker does.
    pub(crate) fn cancel(&mut self) {
        self.worker.cancel();
        self.jobs.clear();
        self.progress = None;
    }

    /// Reads what the sandbox builds.
    pub(crate) fn build(&mut self, text: &str) {
        let text = text.to_owned();
        self.jobs
            .retain(|(_, purpose, _)| *purpose != Purpose::Building);
        self.give(Job::Read { text }, Purpose::Building, "");
    }

    /// Asks for the text of a run, for the sandbox.
    pub(crate) fn take(&mut self, shared: Shared) {
        let (shared, format) = (Box::new(shared), Format::Scenario);
        self.give(Job::Export { shared, format }, Purpose::Taking, "");
    }

    pub(crate) fn heard(&mut self, word: Word) -> Outcome {
        self.worker.heard(&word);
        let (number, reply) = match word {
            Word::Gone => {
                self.jobs.clear();
                self.trouble = Some(Trouble::NoWorker);
                return Outcome::Changed;
            }
            Word::Reply(_, Reply::Ready) => return Outcome::Nothing,
            Word::Reply(_, Reply::Progress(percent)) => {
                self.progress = self.progress.map(|_| percent);
                return Outcome::Changed;
            }
            Word::Reply(number, reply) => (number, reply),
        };
        let Some(index) = self.jobs.iter().position(|(known, ..)| *known == number) else {
            return Outcome::Nothing;
        };
        let (_, purpose, name) = self.jobs.remove(index);
        if purpose == Purpose::Searching {
            self.progress = None;
        }
        match reply {
            Reply::Ready | Reply::Progress(_) => Outcome::Nothing,
            Reply::Until(Ok(found)) => Outcome::Until(found),
            Reply::Until(Err(error)) => Outcome::NoCondition(error),
            Reply::Hunted(None) => Outcome::NothingFound,
            Reply::Hunted(Some(shared)) => {
                let (recording, is_same) = shared.open();
                self.opened(recording, is_same)
            }
            Reply::Read(Ok(scenario)) if purpose == Purpose::Building => {
                Outcome::Built(Box::new(Lab::show(Recording::new(*scenario))))
            }
            Reply::Read(Err(error)) if purpose == Purpose::Building => Outcome::Told(wrong(error)),
            Reply::Read(Ok(scenario)) => self.opened(Recording::new(*scenario), true),
            Reply::Opened(Ok(shared)) => {
                let moment = shared.moment.clone();
                let (recording, is_same) = shared.open();
                let outcome = self.opened(recording, is_same);
                if let Outcome::Opened { mut lab, is_same } = outcome {
                    lab.select(&moment);
                    return Outcome::Opened { lab, is_same };
                }
                outcome
            }
            Reply::Read(Err(error)) => self.troubled(Trouble::Text(error)),
            Reply::Opened(Err(error)) => self.troubled(Trouble::Link(error)),
            Reply::Link(text) if purpose == Purpose::Remembering => {
                self.recents.remember(&name, &text);
                store(RECENTS, &self.recents.stored());
                Outcome::Changed
            }
            Reply::Link(text) => Outcome::Link(text),
            Reply::Exported(bytes) => match purpose {
                Purpose::Writing(paper) => Outcome::File(paper, bytes),
                Purpose::Taking => {
                    Outcome::Told(format!("text\n{}", String::from_utf8_lossy(&bytes)))
                }
                Purpose::Opening
                | Purpose::Sharing
                | Purpose::Remembering
                | Purpose::Searching
                | Purpose::Building => Outcome::Nothing,
            },
        }
    }

    fn troubled(&mut self, trouble: Trouble) -> Outcome {
        self.trouble = Some(trouble);
        Outcome::Changed
    }

    fn opened(&mut self, recording: Recording, is_same: bool) -> Outcome {
        self.trouble = None;
        let lab = Lab::show(recording);
        let name = title(lab.scenario()).to_owned();
        self.give(
            Job::Link(Box::new(lab.shared())),
            Purpose::Remembering,
            &name,
        );
        let lab = Box::new(lab);
        Outcome::Opened { lab, is_same }
    }

    /// What was being opened before is forgotten: only the latest counts.
    fn open(&mut self, job: Job) {
        self.trouble = None;
        self.jobs
            .retain(|(_, purpose, _)| *purpose != Purpose::Opening);
        self.give(job, Purpose::Opening, "");
    }

    fn give(&mut self, job: Job, purpose: Purpose, name: &str) {
        match self.worker.ask(&job) {
            Some(number) => self.jobs.push((number, purpose, name.to_owned())),
            None => self.trouble = Some(Trouble::NoWorker),
        }
    }
}

/// What is wrong with a text, for the sandbox.
fn wrong(error: ScenarioError) -> String {
    let (line, column, width) = (error.line, error.column, error.width);
    let (message, help) = (error.message, error.help.unwrap_or_default());
    format!("wrong\n{line}\n{column}\n{width}\n{message}\n{help}")
}
