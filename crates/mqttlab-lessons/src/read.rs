//! From a lesson's files to the lesson.

use mqttlab_sim::lesson::{
    Beat, Choice, Course, Goal, Lesson, Look, Question, Snippet, Solution, Watched, WhatIf,
};
use mqttlab_sim::recording::{Changes, UserInput};
use mqttlab_sim::scenario::{Action, Scenario, Step, duration};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use toml::{Table, Value};

use crate::markdown::{self, Fence, Section};
use crate::{LessonError, Source, misconceptions, patch};

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct RawBeat {
    when: Option<String>,
    wait: Option<String>,
    packet: Option<String>,
    field: Option<String>,
    state: Option<String>,
    clauses: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawQuestion {
    ask: String,
    until: String,
    option: Vec<RawOption>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawOption {
    say: String,
    when: String,
    reply: String,
    believes: Option<String>,
    counter: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawWhatIf {
    id: String,
    shows: String,
    patch: Table,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawGoal {
    reach: String,
    lasts: Option<String>,
    #[serde(default)]
    tools: Vec<Table>,
    hints: Vec<String>,
    solution: RawSolution,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawSolution {
    what_if: Option<String>,
    #[serde(default, rename = "do")]
    script: Vec<Table>,
    #[serde(default)]
    omit: Vec<u32>,
}

/// Reads a lesson; says where it is wrong.
pub(crate) fn course(source: &Source) -> Result<Course, LessonError> {
    let document = markdown::read(source.text)?;
    let scenario: Table = source.scenario.parse()?;
    let mut reader = Reader {
        runs: vec![parse(&scenario)?],
        tables: vec![scenario],
        conditions: Vec::new(),
    };
    let what_ifs = reader.what_ifs(&document.sections)?;
    let lesson = Lesson {
        id: source.id.to_owned(),
        title: document.head.title.clone(),
        about: about(&document.head)?,
        beats: reader.each(&document.sections, "beat", |reader, section, fence| {
            reader.beat(section, fence, &what_ifs)
        })?,
        goals: reader.each(&document.sections, "goal", |reader, section, fence| {
            reader.goal(section, fence, &what_ifs)
        })?,
        snippets: source
            .snippets
            .iter()
            .map(|(name, text)| Snippet {
                name: (*name).to_owned(),
                text: (*text).to_owned(),
            })
            .collect(),
        what_ifs,
    };
    Ok(Course {
        lesson,
        runs: reader.watched()?,
    })
}

fn parse(table: &Table) -> Result<Scenario, LessonError> {
    Ok(Scenario::parse(&toml::to_string(table)?)?)
}

fn read<T: DeserializeOwned>(fence: &Fence) -> Result<T, LessonError> {
    Ok(toml::from_str(&fence.text)?)
}

fn span(text: Option<&String>) -> Result<u64, LessonError> {
    match text {
        Some(text) => duration::parse(text).map_err(LessonError::new),
        None => Ok(0),
    }
}

fn about(head: &Section) -> Result<String, LessonError> {
    match head.blocks.as_slice() {
        [mqttlab_sim::lesson::Block::Text(text)] => Ok(text.clone()),
        _ => Err(LessonError::new("below the title stands one paragraph")),
    }
}

fn index_of(what_ifs: &[WhatIf], id: &str) -> Result<u32, LessonError> {
    let at = what_ifs.iter().position(|what_if| what_if.id == id);
    let at = at.ok_or_else(|| LessonError::new(format!("no what-if is called `{id}`")))?;
    Ok(at as u32)
}

struct Reader {
    /// The scenarios as they are written, the lesson's own first.
    tables: Vec<Table>,
    runs: Vec<Scenario>,
    conditions: Vec<String>,
}

impl Reader {
    /// Reads the sections that have a block of this `kind`.
    fn each<T>(
        &mut self,
        sections: &[Section],
        kind: &str,
        mut read: impl FnMut(&mut Self, &Section, &Fence) -> Result<T, LessonError>,
    ) -> Result<Vec<T>, LessonError> {
        let mut found = Vec::new();
        for section in sections {
            let Some(first) = section.fences.first() else {
                return Err(
                    LessonError::new("a section begins with `toml beat` or the like")
                        .in_section(&section.title),
                );
            };
            if first.kind == kind {
                let one = read(self, section, first);
                found.push(one.map_err(|error| error.in_section(&section.title))?);
            } else if !["beat", "goal", "what-if"].contains(&first.kind.as_str()) {
                let message = format!("`toml {}` is not known", first.kind);
                return Err(LessonError::new(message).in_section(&section.title));
            }
        }
        Ok(found)
    }

    fn watch(&mut self, condition: &str) -> Watched {
        let known = self.conditions.iter().position(|one| one == condition);
        let at = known.unwrap_or_else(|| {
            self.conditions.push(condition.to_owned());
            self.conditions.len() - 1
        });
        at as Watched
    }

    /// The runs, with the conditions that they watch.
    fn watched(self) -> Result<Vec<Scenario>, LessonError> {
        let mut runs = self.runs;
        for run in &mut runs {
            let conditions = self.conditions.iter().map(|text| run.condition(text));
            run.watched = conditions.collect::<Result<_, _>>()?;
        }
        Ok(runs)
    }

    fn what_ifs(&mut self, sections: &[Section]) -> Result<Vec<WhatIf>, LessonError> {
        self.each(sections, "what-if", |reader, section, fence| {
            let raw: RawWhatIf = read(fence)?;
            let mut table = reader.tables[0].clone();
            // What was expected of the lesson's own run need not come of this one.
            table.remove("expect");
            patch::apply(&mut table, &raw.patch);
            let run = parse(&table)?;
            if run == reader.runs[0] {
                return Err(LessonError::new("it is the same run"));
            }
            reader.runs.push(run);
            reader.tables.push(table);
            Ok(WhatIf {
                id: raw.id,
                title: section.title.clone(),
                text: section.blocks.clone(),
                shows: reader.watch(&raw.shows),
            })
        })
    }

    fn beat(
        &mut self,
        section: &Section,
        fence: &Fence,
        what_ifs: &[WhatIf],
    ) -> Result<Beat, LessonError> {
        let raw: RawBeat = read(fence)?;
        let question = match &section.fences[1..] {
            [] => None,
            [fence] if fence.kind == "question" => Some(self.question(&read(fence)?, what_ifs)?),
            _ => return Err(LessonError::new("a beat has one `toml question` at most")),
        };
        let state =
            match &raw.state {
                Some(name) => Some(self.runs[0].participant(name).ok_or_else(|| {
                    LessonError::new(format!("no participant is called `{name}`"))
                })?),
                None => None,
            };
        Ok(Beat {
            title: section.title.clone(),
            text: section.blocks.clone(),
            when: raw.when.as_deref().map(|when| self.watch(when)),
            wait: span(raw.wait.as_ref())?,
            look: Look {
                packet: raw.packet,
                field: raw.field,
                state,
            },
            clauses: raw.clauses,
            question,
        })
    }

    fn question(
        &mut self,
        raw: &RawQuestion,
        what_ifs: &[WhatIf],
    ) -> Result<Question, LessonError> {
        let mut options = Vec::new();
        for option in &raw.option {
            let counter = option.counter.as_deref();
            let belief = option.believes.as_deref().map(misconceptions::named);
            options.push(Choice {
                say: option.say.clone(),
                when: self.watch(&option.when),
                reply: option.reply.clone(),
                belief: belief.transpose()?.map(|it| it.says),
                counter: counter.map(|id| index_of(what_ifs, id)).transpose()?,
            });
        }
        Ok(Question {
            ask: raw.ask.clone(),
            until: self.watch(&raw.until),
            options,
        })
    }

    fn goal(
        &mut self,
        section: &Section,
        fence: &Fence,
        what_ifs: &[WhatIf],
    ) -> Result<Goal, LessonError> {
        let raw: RawGoal = read(fence)?;
        let what_if = raw.solution.what_if.as_deref();
        let run = match what_if {
            Some(id) => index_of(what_ifs, id)? + 1,
            None => 0,
        };
        Ok(Goal {
            title: section.title.clone(),
            text: section.blocks.clone(),
            reach: self.watch(&raw.reach),
            lasts: span(raw.lasts.as_ref())?,
            tools: self.tools(raw.tools)?,
            hints: raw.hints.clone(),
            solution: Solution {
                run,
                changes: self.changes(run, raw.solution)?,
            },
        })
    }

    /// Reads actions of a run that are written like a script.
    fn script(&self, run: u32, script: Vec<Table>) -> Result<Vec<Step>, LessonError> {
        let mut table = self.tables[run as usize].clone();
        let script = script.into_iter().map(Value::Table).collect();
        table.insert("do".to_owned(), Value::Array(script));
        table.remove("expect");
        Ok(parse(&table)?.script)
    }

    /// Actions that have no time of their own.
    fn tools(&self, mut tools: Vec<Table>) -> Result<Vec<Action>, LessonError> {
        for tool in &mut tools {
            if tool.insert("at".to_owned(), "0s".into()).is_some() {
                return Err(LessonError::new("a tool has no `at`"));
            }
        }
        let steps = self.script(0, tools)?.into_iter();
        Ok(steps.map(|step| step.action).collect())
    }

    fn changes(&self, run: u32, solution: RawSolution) -> Result<Changes, LessonError> {
        let inputs = self.script(run, solution.script)?;
        Ok(Changes {
            inputs: inputs
                .into_iter()
                .map(|step| UserInput {
                    at: step.at,
                    nth: 0,
                    action: step.action,
                })
                .collect(),
            omitted: solution.omit,
        })
    }
}
