//! What must have happened before what the broker has said may leave.

use std::collections::VecDeque;

/// Stands for a place in the line of what waits; a later one is larger.
pub(super) type Ticket = u64;

/// What must have happened; 0 for nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Terms {
    /// The job of the store that is done.
    pub(super) stored: u64,
    /// The letter to other loops that all of them have confirmed.
    pub(super) confirmed: u64,
}

impl Terms {
    fn max(self, other: Self) -> Self {
        Self {
            stored: self.stored.max(other.stored),
            confirmed: self.confirmed.max(other.confirmed),
        }
    }
}

/// The line of what waits: nobody in it goes before those in front.
#[derive(Default)]
pub(super) struct Gates {
    last: Ticket,
    waiting: VecDeque<(Ticket, Terms)>,
}

impl Gates {
    /// A ticket for what must wait for these terms, and for whatever waits already.
    pub(super) fn ticket(&mut self, terms: Terms) -> Ticket {
        if let Some(&(ticket, last)) = self.waiting.back() {
            let terms = last.max(terms);
            if terms == last {
                return ticket;
            }
            return self.push(terms);
        }
        self.push(terms)
    }

    fn push(&mut self, terms: Terms) -> Ticket {
        self.last += 1;
        self.waiting.push_back((self.last, terms));
        self.last
    }

    /// All that waits now also waits until so much is confirmed.
    pub(super) fn raise(&mut self, confirmed: u64) {
        if let Some((_, terms)) = self.waiting.front_mut() {
            terms.confirmed = terms.confirmed.max(confirmed);
        }
    }

    /// Nothing waits any more.
    pub(super) fn clear(&mut self) {
        self.waiting.clear();
    }

    /// So much has happened. Gives the last ticket that is good now, if that is another than before.
    pub(super) fn open(&mut self, so_far: Terms) -> Option<Ticket> {
        let mut good = None;
        while let Some(&(ticket, terms)) = self.waiting.front()
            && terms.max(so_far) == so_far
        {
            self.waiting.pop_front();
            good = Some(ticket);
        }
        good
    }
}

#[cfg(test)]
mod tests {
    use super::{Gates, Terms};

    #[test]
    fn nobody_goes_before_those_in_front() {
        let terms = |stored, confirmed| Terms { stored, confirmed };
        let mut gates = Gates::default();
        let stored = gates.ticket(terms(1, 0));
        assert_eq!(gates.ticket(terms(1, 0)), stored);
        let both = gates.ticket(terms(0, 3));
        assert!(both > stored);
        assert_eq!(gates.ticket(terms(0, 0)), both);
        assert_eq!(gates.open(terms(0, 3)), None);
        assert_eq!(gates.open(terms(1, 2)), Some(stored));
        assert_eq!(gates.open(terms(1, 2)), None);
        let last = gates.ticket(terms(2, 0));
        assert_eq!(gates.open(terms(2, 3)), Some(last));
        assert!(gates.ticket(terms(3, 0)) > last);
        gates.raise(7);
        assert_eq!(gates.open(terms(3, 6)), None);
        assert!(gates.open(terms(3, 7)).is_some());
    }
}
