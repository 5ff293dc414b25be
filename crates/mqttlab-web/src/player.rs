//! The clock of the page: how virtual time passes while somebody watches.
//!
//! It decides only how long things take on the wall. What happens, and when in virtual time, is the recording's
//! business: the same run gives the same events at any speed.

use mqttlab_sim::view::Micros;

/// How long a flight takes on the wall in paced mode, in milliseconds.
const FLIGHT_MS: f64 = 600.0;
/// How long a folded flight takes there.
const FOLDED_MS: f64 = 150.0;
/// How long an idle gap takes there at most.
const GAP_MS: f64 = 300.0;
/// Gaps shorter than this are not worth a note.
const NOTE_MIN: Micros = 500_000;
/// How long the note about a skipped gap stays, in milliseconds.
const NOTE_MS: f64 = 1_800.0;
/// What is assumed where no packet has flown yet.
const USUAL_FLIGHT: Micros = 20_000;

/// How virtual time follows the wall clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Speed {
    /// Every flight takes about the same time on the wall, and idle gaps are skipped.
    Paced,
    /// So many virtual seconds in so many seconds on the wall.
    Scaled { times: u32, per: u32 },
}

impl Speed {
    /// Those that can be chosen.
    pub(crate) const ALL: &'static [Self] = &[
        Self::Paced,
        Self::Scaled { times: 1, per: 100 },
        Self::Scaled { times: 1, per: 10 },
        Self::Scaled { times: 1, per: 1 },
        Self::Scaled { times: 10, per: 1 },
        Self::Scaled { times: 100, per: 1 },
        Self::Scaled {
            times: 1000,
            per: 1,
        },
    ];

    /// Whether single decisions can still be followed by ear.
    pub(crate) fn is_slow(self) -> bool {
        match self {
            Self::Paced => true,
            Self::Scaled { times, per } => times <= per,
        }
    }
}

/// What is known of the time up to the next event.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Outlook {
    /// When the next event happens.
    pub(crate) next_event_at: Option<Micros>,
    /// How long the shortest of the flights takes that are on the wire and will arrive.
    pub(crate) flight: Option<Micros>,
    /// Whether these are only such that are folded away.
    pub(crate) folded: bool,
}

/// An idle gap that was skipped.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Skip {
    /// How long it was.
    pub(crate) length: Micros,
    /// How much longer the note about it is shown, in milliseconds.
    left_ms: f64,
}

/// A stretch of virtual time that passes evenly on the wall.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Stretch {
    from: Micros,
    to: Micros,
    wall_ms: f64,
    done_ms: f64,
}

/// The clock of the page.
#[derive(Clone, Debug)]
pub(crate) struct Player {
    playing: bool,
    speed: Speed,
    shown: Micros,
    stretch: Option<Stretch>,
    skip: Option<Skip>,
    usual_flight: Micros,
}

impl Default for Player {
    fn default() -> Self {
        Self {
            playing: false,
            speed: Speed::Paced,
            shown: 0,
            stretch: None,
            skip: None,
            usual_flight: USUAL_FLIGHT,
        }
    }
}

impl Player {
    pub(crate) fn is_playing(&self) -> bool {
        self.playing
    }

    pub(crate) fn speed(&self) -> Speed {
        self.speed
    }

    /// The moment on the screen.
    pub(crate) fn shown(&self) -> Micros {
        self.shown
    }

    /// The gap that has just been skipped, while the note about it is shown.
    pub(crate) fn skip(&self) -> Option<Micros> {
        self.skip.map(|skip| skip.length)
    }

    pub(crate) fn play(&mut self) {
        self.playing = true;
        self.stretch = None;
    }

    pub(crate) fn pause(&mut self) {
        self.playing = false;
        self.stretch = None;
        self.skip = None;
    }

    pub(crate) fn choose(&mut self, speed: Speed) {
        self.speed = speed;
        self.stretch = None;
    }

    /// Shows another moment at once.
    pub(crate) fn jump(&mut self, to: Micros) {
        self.shown = to;
        self.stretch = None;
        self.skip = None;
    }

    /// Lets up to `wall_ms` pass, but not beyond the next event; says how much of it is left over.
    ///
    /// With something left over and the next event's moment on the screen, the caller lets the event happen and calls again.
    pub(crate) fn advance(&mut self, wall_ms: f64, outlook: &Outlook) -> f64 {
        let Some(next) = outlook.next_event_at.filter(|_| self.playing) else {
            return 0.0;
        };
        let mut stretch = match self.stretch {
            Some(stretch) if stretch.to == next && stretch.from <= self.shown => stretch,
            Some(_) | None => self.stretch_to(next, outlook),
        };
        let used = wall_ms.min(stretch.wall_ms - stretch.done_ms).max(0.0);
        stretch.done_ms += used;
        if stretch.done_ms >= stretch.wall_ms {
            self.shown = next.max(self.shown);
            self.stretch = None;
        } else {
            let part = stretch.done_ms / stretch.wall_ms;
            let passed = (stretch.to - stretch.from) as f64 * part;
            self.shown = (stretch.from + passed as Micros).max(self.shown);
            self.stretch = Some(stretch);
        }
        wall_ms - used
    }

    /// Lets the note about a skipped gap grow old.
    pub(crate) fn age_note(&mut self, wall_ms: f64) {
        self.skip = self.skip.and_then(|skip| {
            let left_ms = skip.left_ms - wall_ms;
            (left_ms > 0.0).then_some(Skip { left_ms, ..skip })
        });
    }

    fn stretch_to(&mut self, next: Micros, outlook: &Outlook) -> Stretch {
        let from = self.shown.min(next);
        let gap = next - from;
        let (wall_ms, skips) = match self.speed {
            Speed::Scaled { times, per } => (
                gap as f64 / 1_000.0 * f64::from(per) / f64::from(times),
                false,
            ),
            Speed::Paced => self.paced(gap, outlook),
        };
        if skips && gap >= NOTE_MIN {
            self.skip = Some(Skip {
                length: gap,
                left_ms: NOTE_MS,
            });
        }
        Stretch {
            from,
            to: next,
            wall_ms,
            done_ms: 0.0,
        }
    }

    fn paced(&mut self, gap: Micros, outlook: &Outlook) -> (f64, bool) {
        match outlook.flight {
            Some(flight) => {
                let flight = flight.max(1);
                let whole_ms = if outlook.folded { FOLDED_MS } else { FLIGHT_MS };
                if !outlook.folded {
                    self.usual_flight = flight;
                }
                let ms = gap as f64 / flight as f64 * whole_ms;
                (ms.min(whole_ms), false)
            }
            None => {
                let ms = gap as f64 / self.usual_flight as f64 * FLIGHT_MS;
                (ms.min(GAP_MS), ms > GAP_MS)
            }
        }
    }
}

#[cfg(test)]
mod tests;
