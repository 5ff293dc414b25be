//! What must always hold, and runs that look for it after each happening.

use serde::{Deserialize, Serialize};

use super::{Alarm, Happening, World};
use crate::pipe::Way;
use crate::view::{EventId, Micros};

/// Something that must always hold and does not: a bug of the simulator or of a machine in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Violation {
    /// When.
    pub at: Micros,
    /// The last event before it was seen; `None` where nothing had happened yet.
    pub event: Option<EventId>,
    /// What does not hold, in the words of its check.
    pub text: String,
}

/// Whether it is looked for, and what was found first.
#[cfg(feature = "checks")]
#[derive(Clone, Debug, Default)]
pub(super) struct Watch {
    is_on: bool,
    found: Option<Violation>,
}

impl World {
    /// Checks what must always hold.
    ///
    /// # Panics
    /// When it does not: that is a bug of the simulator or of a machine in it.
    pub(crate) fn check_invariants(&self) {
        let state = &self.state;
        assert!(
            state
                .queue
                .keys()
                .next()
                .is_none_or(|&(at, _)| at >= state.now)
        );
        for (alarm, key) in &state.alarms {
            let planned = state.queue.get(key);
            assert!(
                matches!(planned, Some(Happening::Alarm(a)) if a == alarm),
                "{alarm:?}"
            );
        }
        for (id, pipe) in &state.pipes {
            assert_eq!(*id, pipe.id);
            assert!(!pipe.is_over(), "{id} is over and was not put away");
            for way in Way::BOTH {
                let alarm = state
                    .alarms
                    .get(&Alarm::Arrival(*id, way))
                    .map(|&(at, _)| at);
                assert_eq!(alarm, pipe.lane(way).next_arrival(), "{id} {way:?}");
                for (flight, due_at) in pipe.lane(way).dues() {
                    assert_eq!(state.open.get(&flight), Some(&due_at), "{id} {way:?}");
                }
            }
        }
        for machine in state.broker.machines() {
            machine.check_invariants();
        }
        for client in &state.clients {
            if let Some(machine) = &client.machine {
                machine.check_invariants();
            }
        }
    }

    /// Looks from now on after each happening whether everything that must always hold does; the run ends where it does
    /// not.
    #[cfg(feature = "checks")]
    pub(crate) fn watch_invariants(&mut self) {
        self.watch.is_on = true;
    }

    /// Elsewhere in the run it may still hold.
    #[cfg(feature = "checks")]
    pub(super) fn forget_violation(&mut self) {
        self.watch.found = None;
    }

    /// What did not hold.
    #[cfg(feature = "checks")]
    pub(crate) fn violation(&self) -> Option<&Violation> {
        self.watch.found.as_ref()
    }

    #[cfg(feature = "checks")]
    pub(super) fn look_whether_all_holds(&mut self) {
        if !self.watch.is_on || self.watch.found.is_some() {
            return;
        }
        // The checks only look, so nothing is left half done.
        let checked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            self.check_invariants();
        }));
        let Err(panic) = checked else {
            return;
        };
        let text = panic.downcast_ref::<String>().cloned();
        let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
        self.state.ended = true;
        self.watch.found = Some(Violation {
            at: self.state.now,
            event: self.log.next_event().checked_sub(1),
            text: text.unwrap_or_else(|| "a check failed without words".to_owned()),
        });
    }
}

#[cfg(all(test, feature = "checks", feature = "text"))]
mod tests {
    use crate::recording::Recording;
    use crate::scenario::Scenario;
    use crate::world::{Alarm, Happening};

    const TEXT: &str = r#"
[scenario]
id = "watched"
title = "Watched"
version = 1
until = "10s"
[[client]]
name = "A"
[[do]]
at = "1s"
who = "A"
act = "connect"
"#;

    fn recording() -> Recording {
        let scenario = Scenario::parse(TEXT).expect("it is a scenario");
        Recording::new(scenario).checked()
    }

    #[test]
    fn a_sound_run_is_the_same_with_checks() {
        let mut checked = recording();
        checked.seek(checked.end());
        assert_eq!(checked.violation(), None);
        let mut plain = Recording::new(checked.scenario().clone());
        plain.seek(plain.end());
        assert_eq!(plain.hash(), checked.hash());
    }

    #[test]
    fn a_run_ends_where_something_does_not_hold_and_says_what() {
        let mut recording = recording();
        recording.seek(1_010_000);
        let alarms = &mut recording.world.state.alarms;
        alarms.insert(Alarm::WakeBroker, (2_000_000, u64::MAX));
        recording.seek(recording.end());
        let violation = recording.violation().expect("an alarm rings for nothing");
        assert_eq!((violation.at, violation.event), (1_020_000, Some(4)));
        assert!(violation.text.contains("WakeBroker"), "{violation:?}");
        assert_eq!(recording.next_event_at(), None);
        let planned = recording.world.state.queue.values();
        let arrivals = planned.filter(|next| matches!(next, Happening::Alarm(_)));
        assert!(arrivals.count() > 0, "there was more to come");
    }
}
