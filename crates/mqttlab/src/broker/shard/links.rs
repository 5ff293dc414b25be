//! The links of all connections of a loop, and how much of their clients' input they hold.

use mqttlab_core::link::Link;

/// By slot. What links hold is counted: packets that have not come whole, and the topics of Topic Aliases.
pub(super) struct Links {
    places: Vec<Option<Link>>,
    count: usize,
    bytes: usize,
    max: usize,
}

impl Links {
    /// For one of so many loops, which together may hold `max` bytes; 0 is for no limit.
    pub(super) fn new(max: u64, loops: usize) -> Self {
        let mut links = Self {
            places: Vec::new(),
            count: 0,
            bytes: 0,
            max: 0,
        };
        links.follow(max, loops);
        links
    }

    /// Another limit holds.
    pub(super) fn follow(&mut self, max: u64, loops: usize) {
        self.max = match max.div_ceil(loops as u64) {
            0 => usize::MAX,
            part => usize::try_from(part).unwrap_or(usize::MAX),
        };
    }

    pub(super) fn insert(&mut self, slot: usize, link: Link) {
        if self.places.len() <= slot {
            self.places.resize_with(slot + 1, || None);
        }
        self.remove(slot);
        self.count += 1;
        self.bytes += link.memory();
        self.places[slot] = Some(link);
    }

    pub(super) fn remove(&mut self, slot: usize) {
        let link = self.places.get_mut(slot).and_then(Option::take);
        if let Some(link) = link {
            self.count -= 1;
            self.bytes -= link.memory();
        }
    }

    /// The link in this slot. Whoever gives it something to read says so afterwards.
    pub(super) fn at(&mut self, slot: usize) -> Option<&mut Link> {
        self.places.get_mut(slot)?.as_mut()
    }

    /// The link in this slot held `before` bytes until it was given something to read. Says whether it holds more now,
    /// and all of them too much.
    ///
    /// Whoever holds no more than its part goes on: others may have taken all there is and keep it, and all parts together
    /// are as much again at the most.
    pub(super) fn settle(&mut self, slot: usize, before: usize) -> bool {
        let now = self.at(slot).map_or(0, |link| link.memory());
        self.bytes = self.bytes + now - before;
        now > before && self.bytes > self.max && now > self.max / self.count.max(1)
    }

    /// All connections are gone: so is the memory for them.
    pub(super) fn clear(&mut self) {
        self.places = Vec::new();
        self.count = 0;
        self.bytes = 0;
    }
}
