//! What comes too often from the same place: clients that connect again and again, addresses that guess passwords.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, RandomState};
use std::marker::PhantomData;
use std::time::Duration;

use mqttlab_core::time::Instant;

use super::super::config::{Habit, Then};

/// Places that are watched at once.
const WATCHED_MAX: usize = 10_000;

/// Counts by place.
///
/// Nearly all places are seen once, so little is kept of them: instead of the place its hash, under a key that nobody
/// outside can know, and no details before the second time.
pub(super) struct Habits<K: ?Sized, D> {
    habit: Habit,
    /// The hash of a place is hashed once more to find it here, which costs less than to write a hasher that does not.
    seen: HashMap<u64, Seen<D>>,
    hasher: RandomState,
    places: PhantomData<fn(&K)>,
}

struct Seen<D> {
    /// When the window began.
    since: Instant,
    count: u32,
    /// About the last two times that differ, from the second time on.
    details: Option<Box<[Option<D>; 2]>>,
}

/// Somebody does it too often.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TooOften<D> {
    pub(super) count: u32,
    /// Until when it is to be kept out, if that is wanted.
    pub(super) refuse_until: Option<Instant>,
    /// About the last two times that differ, the first one left out.
    pub(super) details: [Option<D>; 2],
}

impl<K: Hash + ?Sized, D: Copy + PartialEq> Habits<K, D> {
    pub(super) fn new(habit: Habit) -> Self {
        Self {
            habit,
            seen: HashMap::new(),
            hasher: RandomState::new(),
            places: PhantomData,
        }
    }

    /// Goes on with another rule; what was counted under the old one counts no more.
    pub(super) fn follow(&mut self, habit: Habit) {
        if habit != self.habit {
            *self = Self::new(habit);
        }
    }

    /// Takes note of one more time. Says so once in a window where it is once too often.
    pub(super) fn note(&mut self, whose: &K, detail: D, now: Instant) -> Option<TooOften<D>> {
        if self.habit.then == Then::Ignore {
            return None;
        }
        let whose = self.hasher.hash_one(whose);
        let window = Duration::from_secs(self.habit.window_s.into());
        let is_over = |seen: &Seen<D>| now.since(seen.since) >= window;
        if self.seen.len() >= WATCHED_MAX && !self.seen.contains_key(&whose) {
            self.seen.retain(|_, seen| !is_over(seen) && seen.count > 1);
            if self.seen.len() >= WATCHED_MAX {
                return None;
            }
        }
        let new = Seen {
            since: now,
            count: 0,
            details: None,
        };
        let seen = self.seen.entry(whose).or_insert(new);
        if is_over(seen) {
            (seen.since, seen.count, seen.details) = (now, 0, None);
        }
        seen.count += 1;
        let details = if seen.count == 1 {
            [Some(detail), None]
        } else {
            let details = seen.details.get_or_insert_default();
            if details[0] != Some(detail) {
                **details = [Some(detail), details[0]];
            }
            **details
        };
        let refuse_for = Duration::from_secs(self.habit.refuse_s.into());
        let too_often = TooOften {
            count: seen.count,
            refuse_until: (self.habit.then == Then::Refuse).then(|| now + refuse_for),
            details,
        };
        (seen.count == self.habit.max.saturating_add(1)).then_some(too_often)
    }
}

#[cfg(test)]
mod tests {
    use mqttlab_core::time::Instant;

    use super::super::super::config::{Habit, Then};
    use super::{Habits, TooOften, WATCHED_MAX};

    fn at(s: u64) -> Instant {
        Instant::from_micros(s * 1_000_000)
    }

    fn habit(then: Then) -> Habit {
        Habit {
            max: 2,
            window_s: 10,
            then,
            refuse_s: 60,
        }
    }

    #[test]
    fn once_too_often_in_a_window_is_said_once() {
        let mut habits = Habits::new(habit(Then::Refuse));
        assert_eq!(habits.note(&"a", 1, at(0)), None);
        assert_eq!(habits.note(&"a", 2, at(1)), None);
        assert_eq!(habits.note(&"b", 2, at(1)), None);
        let expected = TooOften {
            count: 3,
            refuse_until: Some(at(62)),
            details: [Some(1), Some(2)],
        };
        assert_eq!(habits.note(&"a", 1, at(2)), Some(expected));
        assert_eq!(habits.note(&"a", 1, at(3)), None);
        // The next window counts anew.
        assert_eq!(habits.note(&"a", 1, at(10)), None);
        assert_eq!(habits.note(&"a", 1, at(11)), None);
        let again = habits.note(&"a", 1, at(12)).expect("once too often");
        assert_eq!(again.details, [Some(1), None]);
        habits.follow(habit(Then::Report));
        for _ in 0..2 {
            assert_eq!(habits.note(&"a", 1, at(13)), None);
        }
        let reported = habits.note(&"a", 1, at(13)).expect("once too often");
        assert_eq!(reported.refuse_until, None);
        habits.follow(habit(Then::Ignore));
        for _ in 0..9 {
            assert_eq!(habits.note(&"a", 1, at(13)), None);
        }
    }

    #[test]
    fn a_crowd_of_new_names_pushes_out_only_those_seen_once() {
        let mut habits = Habits::new(habit(Then::Report));
        habits.note(&0, (), at(0));
        habits.note(&0, (), at(0));
        for number in 1..=2 * WATCHED_MAX {
            habits.note(&number, (), at(1));
            assert!(habits.seen.len() <= WATCHED_MAX);
        }
        assert!(habits.note(&0, (), at(2)).is_some());
    }
}
