//! What event loops tell each other: letters of many words, one for each other loop and round, and how far they came.
//!
//! A letter says nothing new to the disk: what it follows from was handed to the store before it goes out. Whoever gets it
//! notes two things where its writer can see them: that it has been handled, so that no more is under way than there is
//! room for; and later, if the letter wants that, that what came of it is on the disk. **What a loop says in a call that
//! told words which want an answer leaves only when that has been confirmed by all who were told.**
//!
//! A confirmation is noted only after the letters that were written because of what it confirms, and it is looked for only
//! before letters are opened: so it never overtakes them.

use std::collections::VecDeque;
use std::mem;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use mqttlab_core::broker::shard::{ShardId, To, Word};

/// Bytes that all others may have told one loop and that were not handled. A loop that has told another more than its part
/// of it reads nothing from clients. It is little, for all of it may be for one client, and only between rounds is written
/// to that.
const UNDER_WAY_MAX: u64 = 256 << 10;
/// The smallest part.
const UNDER_WAY_MIN: u64 = 64 << 10;

/// What one loop tells another in a round.
pub(super) struct Letter {
    pub(super) from: ShardId,
    /// Letters of one loop are numbered; those of one round to several have the same number.
    number: u64,
    pub(super) words: Vec<Word>,
    bytes: u64,
    wants_answer: bool,
    /// Its writer goes on without a store that has failed.
    pub(super) is_after_failure: bool,
}

/// How far the letters of one loop to another came.
#[derive(Default)]
struct Line {
    /// Bytes that were handled.
    handled: AtomicU64,
    /// The writer waits for that.
    awaited: AtomicBool,
    /// The last letter that was confirmed.
    confirmed: AtomicU64,
}

/// How far all letters came.
pub(super) struct Lines {
    of: usize,
    all: Box<[Line]>,
}

impl Lines {
    pub(super) fn new(of: usize) -> Self {
        let all = (0..of * of).map(|_| Line::default()).collect();
        Self { of, all }
    }

    fn line(&self, from: usize, to: usize) -> &Line {
        &self.all[from * self.of + to]
    }
}

/// The letters of one loop.
pub(super) struct Post {
    own: usize,
    lines: Arc<Lines>,
    /// The number of the letters that are being written.
    number: u64,
    /// By loop.
    desks: Vec<Desk>,
    /// Some word of this call wants an answer.
    pub(super) told: bool,
    /// Confirmations that others wait for, in the order of the letters.
    owed: VecDeque<Owed>,
}

/// What is to be told to one loop, and what it was told.
#[derive(Default)]
struct Desk {
    words: Vec<Word>,
    bytes: u64,
    wants_answer: bool,
    /// Bytes that it was told.
    sent: u64,
    /// Letters that it has not confirmed.
    asked: VecDeque<u64>,
}

/// A confirmation.
struct Owed {
    to: usize,
    letter: u64,
    /// The job of the store with which it is due.
    stored: u64,
}

impl Post {
    pub(super) fn new(own: usize, lines: Arc<Lines>) -> Self {
        Self {
            own,
            number: 1,
            desks: (0..lines.of).map(|_| Desk::default()).collect(),
            lines,
            told: false,
            owed: VecDeque::new(),
        }
    }

    fn others(&self) -> impl Iterator<Item = usize> + use<> {
        let own = self.own;
        (0..self.lines.of).filter(move |&other| other != own)
    }

    /// The broker tells this.
    pub(super) fn write(&mut self, to: To, word: &Word) {
        let (own, of) = (ShardId::new(self.own as u16), self.lines.of as u16);
        let (size, wants_answer) = (word.size(), word.wants_answer());
        self.told |= wants_answer;
        for shard in to.shards(own, of) {
            let desk = &mut self.desks[usize::from(shard.number())];
            desk.words.push(word.clone());
            desk.bytes += size;
            desk.wants_answer |= wants_answer;
        }
    }

    /// What must be confirmed before what the broker says in this call may leave.
    pub(super) fn needed(&self) -> u64 {
        if self.told { self.number } else { 0 }
    }

    /// Whether something is to be sent.
    pub(super) fn has_letters(&self) -> bool {
        self.desks.iter().any(|desk| !desk.words.is_empty())
    }

    /// The letters of this round, with whom they are for.
    pub(super) fn take_letters(
        &mut self,
        is_after_failure: bool,
    ) -> impl Iterator<Item = (usize, Letter)> {
        let (from, number) = (ShardId::new(self.own as u16), self.number);
        self.number += 1;
        let desks = self.desks.iter_mut().enumerate();
        let full = desks.filter(|(_, desk)| !desk.words.is_empty());
        full.map(move |(to, desk)| {
            let wants_answer = mem::take(&mut desk.wants_answer);
            let bytes = mem::take(&mut desk.bytes);
            desk.sent += bytes;
            if wants_answer {
                desk.asked.push_back(number);
            }
            let words = mem::take(&mut desk.words);
            let letter = Letter {
                from,
                number,
                words,
                bytes,
                wants_answer,
                is_after_failure,
            };
            (to, letter)
        })
    }

    /// Takes note of what others have confirmed; then open the letters, and only then let go what waits for this. Gives
    /// the number up to which all is confirmed.
    pub(super) fn hear(&mut self) -> u64 {
        // What is being written is not.
        let mut confirmed = self.number - 1;
        for other in self.others() {
            let line = self.lines.line(self.own, other);
            let up_to = line.confirmed.load(Ordering::Acquire);
            let asked = &mut self.desks[other].asked;
            while asked.front().is_some_and(|&number| number <= up_to) {
                asked.pop_front();
            }
            if let Some(&number) = asked.front() {
                confirmed = confirmed.min(number - 1);
            }
        }
        confirmed
    }

    /// A letter was handled, and what came of it is on the disk with that job. Says whether its writer waits for room.
    pub(super) fn handled(&mut self, letter: &Letter, stored: u64) -> bool {
        let from = usize::from(letter.from.number());
        if letter.wants_answer {
            self.owed.push_back(Owed {
                to: from,
                letter: letter.number,
                stored,
            });
        }
        self.passed(letter)
    }

    /// A letter is done with. Says whether its writer waits for room.
    pub(super) fn passed(&self, letter: &Letter) -> bool {
        let from = usize::from(letter.from.number());
        let line = self.lines.line(from, self.own);
        line.handled.fetch_add(letter.bytes, Ordering::SeqCst);
        line.awaited.swap(false, Ordering::SeqCst)
    }

    /// So much is on the disk, and all letters are sent: confirms what is due. Gives who waits for it.
    pub(super) fn confirm(&mut self, stored: u64) -> impl Iterator<Item = usize> {
        std::iter::from_fn(move || {
            let owed = self.owed.pop_front_if(|owed| owed.stored <= stored)?;
            let line = self.lines.line(owed.to, self.own);
            line.confirmed.store(owed.letter, Ordering::Release);
            Some(owed.to)
        })
    }

    /// Whether so much is under way that nothing more is to be read from clients.
    pub(super) fn is_full(&self) -> bool {
        self.others().any(|other| self.is_full_to(other))
    }

    fn is_full_to(&self, other: usize) -> bool {
        let desk = &self.desks[other];
        let handled = self
            .lines
            .line(self.own, other)
            .handled
            .load(Ordering::SeqCst);
        let others = self.lines.of as u64 - 1;
        desk.sent + desk.bytes - handled > (UNDER_WAY_MAX / others).max(UNDER_WAY_MIN)
    }

    /// The same, and whoever makes room wakes this loop.
    pub(super) fn waits_for_room(&self) -> bool {
        self.others().any(|other| {
            self.is_full_to(other) && {
                let line = self.lines.line(self.own, other);
                line.awaited.store(true, Ordering::SeqCst);
                self.is_full_to(other)
            }
        })
    }

    /// The store has failed: what was told because of what is lost is told no more, and nobody waits for anything.
    pub(super) fn forget(&mut self) {
        self.owed.clear();
        self.told = false;
        for desk in &mut self.desks {
            let sent = desk.sent;
            *desk = Desk::default();
            desk.sent = sent;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use mqttlab_core::broker::shard::{Shard, ShardId, To, Word};
    use mqttlab_core::broker::{Broker, CloseReason, Config, Input, Sink};
    use mqttlab_core::frame::Frame;
    use mqttlab_core::id::ConnId;
    use mqttlab_core::packet::{Publish, QoS};
    use mqttlab_core::properties::Properties;
    use mqttlab_core::time::Instant;

    use super::{Letter, Lines, Post, UNDER_WAY_MAX};

    /// Keeps what a broker tells.
    #[derive(Default)]
    struct Told(Vec<Word>);

    impl Sink for Told {
        fn send(&mut self, _: ConnId, _: &Frame<'_>) {}

        fn close(&mut self, _: ConnId, _: CloseReason) {}

        fn tell(&mut self, _: To, word: Word) {
            self.0.push(word);
        }
    }

    /// A message of so many bytes for other loops.
    fn message(qos: QoS, bytes: usize) -> Word {
        let shard = Shard::new(ShardId::new(0), 3).expect("one of three");
        let mut broker = Broker::new(Config::default(), 1).into_shard(shard);
        let mut told = Told::default();
        let publish = Publish {
            dup: false,
            qos,
            retain: false,
            topic: "t",
            packet_id: None,
            properties: Properties::EMPTY,
            payload: &vec![0; bytes],
        };
        broker.handle(Instant::ZERO, Input::Publish(publish), &mut told);
        told.0.pop().expect("it tells the others")
    }

    fn posts() -> [Post; 3] {
        let lines = Arc::new(Lines::new(3));
        [0, 1, 2].map(|own| Post::new(own, Arc::clone(&lines)))
    }

    fn send(post: &mut Post) -> Vec<(usize, Letter)> {
        post.take_letters(false).collect()
    }

    #[test]
    fn what_wants_an_answer_is_confirmed_when_all_have_stored_it() {
        let [mut one, mut two, mut three] = posts();
        let before = one.hear();
        one.write(To::Others, &message(QoS::AtLeastOnce, 1));
        let needed = one.needed();
        assert!(one.told && needed > before);
        let letters = send(&mut one);
        assert_eq!(
            letters.iter().map(|(to, _)| *to).collect::<Vec<_>>(),
            [1, 2]
        );
        assert!(one.hear() < needed);
        two.handled(&letters[0].1, 5);
        three.handled(&letters[1].1, 0);
        assert_eq!(two.confirm(4).count(), 0, "it is not on the disk");
        assert_eq!(three.confirm(0).collect::<Vec<_>>(), [0]);
        assert!(one.hear() < needed);
        assert_eq!(two.confirm(5).collect::<Vec<_>>(), [0]);
        assert!(one.hear() >= needed);
    }

    #[test]
    fn what_promises_nothing_is_waited_for_by_nobody() {
        let [mut one, mut two, _] = posts();
        one.write(To::One(ShardId::new(1)), &message(QoS::AtMostOnce, 1));
        assert!(!one.told && one.needed() == 0 && one.has_letters());
        let letters = send(&mut one);
        assert!(!one.has_letters());
        two.handled(&letters[0].1, 9);
        assert_eq!(two.confirm(9).count(), 0);
    }

    #[test]
    fn what_is_under_way_is_bounded_until_it_is_handled() {
        let [mut one, mut two, _] = posts();
        let word = message(QoS::AtMostOnce, 16 << 10);
        let mut words = 0;
        while !one.is_full() {
            one.write(To::One(ShardId::new(1)), &word);
            words += 1;
        }
        assert!(words * word.size() <= UNDER_WAY_MAX + word.size());
        assert!(one.waits_for_room());
        let letters = send(&mut one);
        assert!(one.is_full());
        assert!(two.handled(&letters[0].1, 0), "it is to be woken");
        assert!(!one.is_full() && !one.waits_for_room());
    }
}
