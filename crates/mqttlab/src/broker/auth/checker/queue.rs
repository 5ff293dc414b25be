//! Who waits for an answer, and whose turn it is: addresses take turns, so that one that asks a lot waits for itself.

use std::collections::{HashMap, VecDeque};
use std::net::{IpAddr, Ipv4Addr};
use std::time::Instant;

use mqttlab_core::id::ConnId;

/// Where somebody comes from, as far as turns go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Source {
    /// A socket in the file system.
    Local,
    V4(Ipv4Addr),
    /// The first half of the address: whoever has one has all that begin so.
    V6(u64),
}

impl From<Option<IpAddr>> for Source {
    fn from(address: Option<IpAddr>) -> Self {
        match address {
            None => Self::Local,
            Some(IpAddr::V4(address)) => Self::V4(address),
            Some(IpAddr::V6(address)) => Self::V6((address.to_bits() >> 64) as u64),
        }
    }
}

/// Somebody who waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Waiting<T> {
    pub(super) conn: ConnId,
    pub(super) source: Source,
    pub(super) since: Instant,
    pub(super) question: T,
}

/// All who wait. An address is in `turns` as long as somebody from there waits, and once.
#[derive(Debug)]
pub(super) struct Queue<T> {
    lines: HashMap<Source, VecDeque<Waiting<T>>>,
    turns: VecDeque<Source>,
    length: usize,
    length_max: usize,
}

impl<T> Queue<T> {
    /// An empty one, in which so many may wait.
    pub(super) fn new(length_max: usize) -> Self {
        Self {
            lines: HashMap::new(),
            turns: VecDeque::new(),
            length: 0,
            length_max,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.length
    }

    /// Since when the one waits who has waited longest.
    pub(super) fn oldest(&self) -> Option<Instant> {
        let firsts = self.lines.values().filter_map(|line| line.front());
        firsts.map(|waiting| waiting.since).min()
    }

    /// Takes somebody in. Where the queue is full, the last of the longest line makes room and is handed back, as long as
    /// that line is longer than the newcomer's own would be.
    ///
    /// # Errors
    /// When there is no room: the newcomer.
    pub(super) fn push(&mut self, newcomer: Waiting<T>) -> Result<Option<Waiting<T>>, Waiting<T>> {
        let mut displaced = None;
        if self.length >= self.length_max {
            let own = self.lines.get(&newcomer.source).map_or(0, VecDeque::len);
            let of = |(source, line): (&Source, &VecDeque<_>)| (line.len(), *source);
            let longest = self.lines.iter().map(of).max_by_key(|&(length, _)| length);
            match longest {
                Some((length, source)) if length > own + 1 => displaced = self.pop_last(source),
                Some(_) | None => return Err(newcomer),
            }
        }
        let line = self.lines.entry(newcomer.source).or_default();
        if line.is_empty() {
            self.turns.push_back(newcomer.source);
        }
        line.push_back(newcomer);
        self.length += 1;
        Ok(displaced)
    }

    /// Whose turn it is.
    pub(super) fn next(&mut self) -> Option<Waiting<T>> {
        let source = self.turns.pop_front()?;
        let line = self.lines.get_mut(&source)?;
        let next = line.pop_front()?;
        self.length -= 1;
        if line.is_empty() {
            self.lines.remove(&source);
        } else {
            self.turns.push_back(source);
        }
        Some(next)
    }

    /// Takes out somebody who waits no longer. Says whether it was still there.
    pub(super) fn remove(&mut self, source: Source, conn: ConnId) -> bool {
        let before = self.length;
        if let Some(line) = self.lines.get_mut(&source) {
            let others = line.len();
            line.retain(|waiting| waiting.conn != conn);
            self.length -= others - line.len();
        }
        self.tidy();
        self.length < before
    }

    /// Takes out all who ask this.
    pub(super) fn take(&mut self, asks: impl Fn(&T) -> bool) -> Vec<Waiting<T>> {
        let mut taken = Vec::new();
        for line in self.lines.values_mut() {
            if line.iter().any(|waiting| asks(&waiting.question)) {
                let (same, others): (Vec<_>, _) = line.drain(..).partition(|it| asks(&it.question));
                *line = others.into();
                taken.extend(same);
            }
        }
        self.length -= taken.len();
        if !taken.is_empty() {
            self.tidy();
        }
        taken
    }

    fn pop_last(&mut self, source: Source) -> Option<Waiting<T>> {
        let last = self.lines.get_mut(&source)?.pop_back()?;
        self.length -= 1;
        self.tidy();
        Some(last)
    }

    /// Forgets lines in which nobody waits.
    fn tidy(&mut self) {
        let lines = &mut self.lines;
        lines.retain(|_, line| !line.is_empty());
        self.turns.retain(|source| lines.contains_key(source));
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};
    use std::time::Instant;

    use mqttlab_core::id::ConnId;

    use super::{Queue, Source, Waiting};

    fn from(address: u8) -> Source {
        Source::V4(Ipv4Addr::new(10, 0, 0, address))
    }

    fn waiting(source: Source, number: u64) -> Waiting<u64> {
        Waiting {
            conn: ConnId::new(number).expect("not zero"),
            source,
            since: Instant::now(),
            question: number % 10,
        }
    }

    fn order(queue: &mut Queue<u64>) -> Vec<u64> {
        let mut order = Vec::new();
        while let Some(next) = queue.next() {
            order.push(next.conn.number());
        }
        assert_eq!((queue.len(), queue.lines.len()), (0, 0));
        order
    }

    #[test]
    fn addresses_take_turns_and_each_keeps_its_own_order() {
        let mut queue = Queue::new(10);
        for number in 1..=5 {
            assert_eq!(queue.push(waiting(from(1), number)), Ok(None));
        }
        for number in [11, 12] {
            assert_eq!(queue.push(waiting(from(2), number)), Ok(None));
        }
        assert_eq!(queue.push(waiting(Source::Local, 21)), Ok(None));
        assert_eq!(order(&mut queue), [1, 11, 21, 2, 12, 3, 4, 5]);
    }

    #[test]
    fn a_full_queue_has_room_for_those_who_ask_for_less() {
        let mut queue = Queue::new(4);
        for number in 1..=4 {
            assert_eq!(queue.push(waiting(from(1), number)), Ok(None));
        }
        queue.push(waiting(from(1), 5)).expect_err("it is full");
        let displaced = |done: Option<Waiting<u64>>| done.map(|it| it.conn.number());
        let done = queue.push(waiting(from(2), 11)).expect("it asks for less");
        assert_eq!(displaced(done), Some(4));
        let done = queue.push(waiting(from(2), 12)).expect("it asks for less");
        assert_eq!(displaced(done), Some(3));
        // Both lines are as long as each other now.
        queue
            .push(waiting(from(2), 13))
            .expect_err("no more than others");
        queue
            .push(waiting(from(1), 6))
            .expect_err("no more than others");
        assert_eq!(order(&mut queue), [1, 11, 2, 12]);
    }

    #[test]
    fn who_has_gone_is_not_answered_and_who_asks_the_same_is_answered_at_once() {
        let mut queue = Queue::new(10);
        for (address, number) in [(1, 1), (1, 2), (1, 12), (2, 22), (3, 3)] {
            assert_eq!(queue.push(waiting(from(address), number)), Ok(None));
        }
        let conn = |number| ConnId::new(number).expect("not zero");
        assert!(queue.remove(from(3), conn(3)));
        assert!(!queue.remove(from(3), conn(3)));
        let mut same: Vec<_> = queue.take(|&question| question == 2);
        same.sort_by_key(|waiting| waiting.conn);
        let numbers: Vec<_> = same.iter().map(|waiting| waiting.conn.number()).collect();
        assert_eq!(numbers, [2, 12, 22]);
        assert_eq!(order(&mut queue), [1]);
        assert!(queue.oldest().is_none());
    }

    #[test]
    fn whoever_has_one_address_of_ipv6_has_many() {
        let source = |text: &str| Source::from(text.parse::<IpAddr>().ok());
        assert_eq!(source("2001:db8::1"), source("2001:db8::2:3"));
        assert_ne!(source("2001:db8::1"), source("2001:db8:0:1::1"));
        assert_ne!(source("10.0.0.1"), source("10.0.0.2"));
        assert_eq!(Source::from(None), Source::Local);
    }
}
