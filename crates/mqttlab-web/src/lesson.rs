//! The lesson of the reconnect duel: where its question is asked, what the engine answers, and which part of the story
//! belongs to a moment.

use mqttlab_sim::recording::Recording;
use mqttlab_sim::view::{Fate, Flight, FlightId, Micros, ParticipantId, ParticipantState};

use crate::scene::{Inner, is_close};

/// Index of the client that connects first, and of the one that takes over its name.
const FIRST: ParticipantId = 1;
const SECOND: ParticipantId = 2;

/// What the first client gets next, after the second has sent its CONNECT.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    ConnAck,
    Closed,
    Disconnect,
    Nothing,
}

impl Outcome {
    /// The answers that are offered, in their order.
    pub(crate) const OFFERED: [Self; 3] = [Self::ConnAck, Self::Closed, Self::Disconnect];

    fn of(flight: &Flight) -> Option<Self> {
        match flight.name.as_str() {
            "CONNACK" => Some(Self::ConnAck),
            "DISCONNECT" => Some(Self::Disconnect),
            _ if is_close(flight) => Some(Self::Closed),
            _ => None,
        }
    }
}

/// The question, with the answer that a run of the engine gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Quiz {
    asked: Option<Asked>,
    chosen: Option<u8>,
    checked: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Asked {
    /// The CONNECT that makes the question.
    flight: FlightId,
    from: Micros,
    arrives: Micros,
    truth: Outcome,
    /// When the first client gets its answer, and which flight that is.
    reveal: Micros,
    answer: Option<FlightId>,
}

/// Where the question stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asking {
    /// It has not come up.
    NotYet,
    /// It is asked; nothing on the screen may give the answer away.
    Open { chosen: Option<u8> },
    /// It is answered, and the run has not got there.
    Waiting { chosen: u8 },
    /// The run has given the answer.
    Revealed { chosen: Option<u8>, truth: Outcome },
}

impl Asking {
    pub(crate) fn is_open(self) -> bool {
        matches!(self, Self::Open { .. })
    }
}

impl Quiz {
    /// Runs `probe` to see what happens. A run without the duel has no question.
    pub(crate) fn of(mut probe: Recording) -> Self {
        Self {
            asked: Asked::of(&mut probe),
            chosen: None,
            checked: false,
        }
    }

    /// No question at all.
    pub(crate) fn none() -> Self {
        Self {
            asked: None,
            chosen: None,
            checked: false,
        }
    }

    /// The telling moment: the CONNECT halfway, and which flight that is.
    pub(crate) fn opening(&self) -> Option<(Micros, FlightId)> {
        let asked = self.asked?;
        Some((
            asked.from + (asked.arrives - asked.from) * 55 / 100,
            asked.flight,
        ))
    }

    pub(crate) fn asking(&self, shown: Micros) -> Asking {
        match (self.asked, self.chosen) {
            (Some(asked), _) if shown < asked.from => Asking::NotYet,
            (Some(asked), chosen) if shown >= asked.reveal => Asking::Revealed {
                chosen: chosen.filter(|_| self.checked),
                truth: asked.truth,
            },
            (Some(_), Some(chosen)) if self.checked => Asking::Waiting { chosen },
            (Some(_), chosen) => Asking::Open { chosen },
            (None, _) => Asking::NotYet,
        }
    }

    /// The flight that gives the answer at this moment: worth a pause.
    pub(crate) fn reveal(&self, at: Micros) -> Option<FlightId> {
        self.asked.filter(|asked| asked.reveal == at)?.answer
    }

    pub(crate) fn choose(&mut self, option: u8, shown: Micros) -> bool {
        let may = self.asking(shown).is_open() && usize::from(option) < Outcome::OFFERED.len();
        if may {
            self.chosen = Some(option);
        }
        may
    }

    /// Takes the chosen answer as final.
    pub(crate) fn check(&mut self) -> bool {
        self.checked = self.chosen.is_some();
        self.checked
    }
}

impl Asked {
    fn of(probe: &mut Recording) -> Option<Self> {
        let asks = |flight: &&Flight| flight.from == SECOND && flight.name == "CONNECT";
        let mut asked: Option<Flight> = None;
        while probe.next_event_at().is_some() {
            probe.step();
            let Some(question) = &asked else {
                asked = probe.flights().iter().find(asks).cloned();
                continue;
            };
            let answer = probe.flights().iter().find_map(|flight| {
                let is_new = flight.to == FIRST && flight.sent_at >= question.sent_at;
                let outcome = Outcome::of(flight)?;
                is_new.then_some((outcome, flight.arrived_at?, flight.id))
            });
            if let Some((truth, reveal, answer)) = answer {
                let question = probe.flights().get(question.id as usize)?;
                return Some(Self {
                    flight: question.id,
                    from: question.sent_at,
                    arrives: question.arrived_at.unwrap_or(reveal),
                    truth,
                    reveal,
                    answer: Some(answer),
                });
            }
        }
        let question = asked?;
        Some(Self {
            flight: question.id,
            from: question.sent_at,
            arrives: question.due_at.unwrap_or(question.sent_at),
            truth: Outcome::Nothing,
            reveal: probe.end(),
            answer: None,
        })
    }
}

/// The parts of the story, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// Only the first client is there.
    Alone,
    /// The second one's CONNECT is on its way.
    SameName,
    /// The broker has taken the second and closes the first.
    Takeover,
    /// The first has lost its connection and waits.
    Waiting,
    /// The first comes back.
    BackAgain,
    /// It repeats.
    Endless,
    /// Nothing more happens in this run.
    Over,
}

impl Part {
    /// How many steps there are; the last part is none of its own.
    pub(crate) const STEPS: usize = 6;

    /// Its number, from 1.
    pub(crate) fn step(self) -> usize {
        match self {
            Self::Alone => 1,
            Self::SameName => 2,
            Self::Takeover => 3,
            Self::Waiting => 4,
            Self::BackAgain => 5,
            Self::Endless | Self::Over => 6,
        }
    }
}

/// What the story refers to, read off the moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Facts {
    pub(crate) part: Part,
    pub(crate) first: String,
    pub(crate) second: String,
    pub(crate) client_id: String,
    /// Whom the broker has a connection with.
    pub(crate) connected: Option<String>,
    /// Since when.
    pub(crate) connected_since: Option<Micros>,
    /// How often the broker has closed a connection.
    pub(crate) closes: usize,
}

impl Facts {
    pub(crate) fn of(scene: &Inner) -> Self {
        let closes = scene
            .flights
            .iter()
            .filter(|flight| flight.from == 0 && flight.to <= SECOND && is_close(flight))
            .count();
        let connected = scene
            .clients()
            .iter()
            .find(|client| client.id <= SECOND && client.state == ParticipantState::Connected);
        let name = |id| scene.name(id).to_owned();
        Self {
            part: part(scene, closes),
            first: name(FIRST),
            second: name(SECOND),
            client_id: scene
                .participant(FIRST)
                .map_or_else(String::new, |first| first.client_id.clone()),
            connected: connected.map(|client| client.name.clone()),
            connected_since: connected.map(|client| client.since),
            closes,
        }
    }
}

fn part(scene: &Inner, closes: usize) -> Part {
    if scene.view.next_event_at.is_none() && closes > 0 {
        return Part::Over;
    }
    let connects = |id| {
        let sent = scene.flights.iter();
        sent.filter(move |flight| flight.from == id && flight.name == "CONNECT")
    };
    let arrived = |flight: &Flight| flight.fate == Fate::Arrived;
    let first_is_closed = scene
        .flights
        .iter()
        .any(|flight| flight.to == FIRST && is_close(flight) && arrived(flight));
    match connects(SECOND).next() {
        None => Part::Alone,
        Some(second) if !arrived(second) => Part::SameName,
        Some(_) if closes > 1 => {
            if closes == 2 && connects(SECOND).count() == 1 {
                Part::BackAgain
            } else {
                Part::Endless
            }
        }
        Some(_) if connects(FIRST).count() > 1 => Part::BackAgain,
        Some(_) if first_is_closed => Part::Waiting,
        Some(_) => Part::Takeover,
    }
}

#[cfg(test)]
mod tests;
