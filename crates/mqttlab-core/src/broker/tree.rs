//! Who subscribes to what: a tree of topic levels.
//!
//! Nothing here recurses, whatever the number of levels. Each node is looked at once at most for a topic.

use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

use crate::broker::arena::{Arena, NodeKey, SessionKey, ShareKey};
use crate::broker::books::SHARED_TEXT;
use crate::broker::policy::Overlap;
use crate::broker::small_map::SmallMap;
use crate::packet::{QoS, SubscriptionOptions};

/// So many routes of its last topic stay with a connection.
const ROUTES_KEPT_MAX: usize = 16;

/// All subscriptions, by the levels of their Topic Filters.
#[derive(Clone, Debug)]
pub(super) struct Tree {
    nodes: Arena<NodeKey, Node>,
    root: NodeKey,
    /// Grows with every change, so that whoever remembers a match knows whether it still holds.
    generation: u64,
    /// The letters of all levels.
    letters: usize,
    /// [`Bugs::wildcard_matches_dollar`](crate::broker::Bugs::wildcard_matches_dollar).
    dollar_is_plain: bool,
}

#[derive(Clone, Debug)]
struct Node {
    /// The node above and the level that leads here; none for the root.
    from: Option<(NodeKey, Arc<str>)>,
    children: SmallMap<Arc<str>, NodeKey>,
    /// The child for the level `+`.
    plus: Option<NodeKey>,
    /// Filters that end here.
    here: Members,
    /// Filters that go on with `#` from here.
    below: Members,
}

/// A level in its place, its name without the letters, and its entry in the level above.
const NODE: usize = Arena::<NodeKey, Node>::PLACE + SHARED_TEXT + size_of::<(Arc<str>, NodeKey)>();

type Members = SmallMap<Member, Granted>;

/// Who gets what a filter matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Member {
    Session(SessionKey),
    Share(ShareKey),
}

/// What a subscription was granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Granted {
    pub(super) options: SubscriptionOptions,
    /// Subscription Identifier; 0 for none.
    pub(super) identifier: u32,
}

impl Granted {
    pub(super) fn identifiers(&self) -> &[u32] {
        match self.identifier {
            0 => &[],
            _ => core::slice::from_ref(&self.identifier),
        }
    }
}

/// Where a filter stands in the tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    node: NodeKey,
    below: bool,
}

/// Who gets the messages of one topic.
#[derive(Clone, Debug, Default)]
pub(super) struct Routes {
    pub(super) direct: Vec<Route>,
    pub(super) shares: Vec<ShareKey>,
    identifiers: Vec<u32>,
}

/// One copy for one session.
#[derive(Clone, Copy, Debug)]
pub(super) struct Route {
    pub(super) session: SessionKey,
    /// The filter that brings it; of several, the one with the highest QoS.
    pub(super) place: Place,
    pub(super) qos: QoS,
    /// The session is the publisher itself and wants no echo.
    pub(super) no_local: bool,
    pub(super) retain_as_published: bool,
    identifiers_from: u32,
    identifiers: u32,
}

impl Route {
    /// Whether there is more to it than sending the same bytes as to others.
    pub(super) fn is_special(&self) -> bool {
        self.no_local || self.identifiers > 0
    }
}

impl Routes {
    pub(super) fn clear(&mut self) {
        self.direct.clear();
        self.shares.clear();
        self.identifiers.clear();
    }

    pub(super) fn is_empty(&self) -> bool {
        self.direct.is_empty() && self.shares.is_empty()
    }

    /// Whether they are too many to be remembered with a connection.
    pub(super) fn is_wide(&self) -> bool {
        let most = self.direct.len().max(self.shares.len());
        most.max(self.identifiers.len()) > ROUTES_KEPT_MAX
    }

    /// Gives back the memory that a wider topic needed.
    pub(super) fn shrink(&mut self) {
        self.direct.shrink_to(ROUTES_KEPT_MAX);
        self.shares.shrink_to(ROUTES_KEPT_MAX);
        self.identifiers.shrink_to(ROUTES_KEPT_MAX);
    }

    /// The Subscription Identifiers that go with this copy.
    pub(super) fn identifiers(&self, route: &Route) -> &[u32] {
        let from = route.identifiers_from as usize;
        &self.identifiers[from..from + route.identifiers as usize]
    }
}

impl Tree {
    pub(super) fn new() -> Self {
        let mut nodes = Arena::new();
        let root = nodes.insert(Node::below(None));
        Self {
            nodes,
            root,
            generation: 0,
            letters: 0,
            dollar_is_plain: false,
        }
    }

    pub(super) fn generation(&self) -> u64 {
        self.generation
    }

    pub(super) fn wildcards_match_dollar(&mut self, do_match: bool) {
        self.dollar_is_plain = do_match;
    }

    /// How many bytes the levels take up, without who subscribes there.
    pub(super) fn memory(&self) -> usize {
        self.nodes.len() * NODE + self.letters
    }

    /// Makes everybody who remembers a match look again.
    pub(super) fn outdate(&mut self) {
        self.generation += 1;
    }

    /// Adds or replaces a subscription. True when there was one.
    pub(super) fn insert(&mut self, filter: &str, member: Member, granted: Granted) -> bool {
        self.generation += 1;
        let (path, below) = split(filter);
        let mut node = self.root;
        for level in path {
            node = self.child_or_new(node, level);
        }
        let members = self.nodes[node].members_mut(below);
        members.insert(member, granted).is_some()
    }

    /// Deletes a subscription. False when there was none.
    pub(super) fn remove(&mut self, filter: &str, member: Member) -> bool {
        let (path, below) = split(filter);
        let mut node = self.root;
        for level in path {
            match self.nodes[node].child(level) {
                Some(child) => node = child,
                None => return false,
            }
        }
        let found = self.nodes[node]
            .members_mut(below)
            .remove(&member)
            .is_some();
        if found {
            self.generation += 1;
            self.prune(node);
        }
        found
    }

    /// Finds who gets the messages of `topic` that come from `publisher`.
    pub(super) fn find(
        &self,
        topic: &str,
        publisher: Option<SessionKey>,
        overlap: Overlap,
        routes: &mut Routes,
    ) {
        routes.clear();
        self.walk(topic, |place, members| {
            for (&member, granted) in members.iter() {
                match member {
                    Member::Session(session) => {
                        routes.push(session, place, granted, publisher);
                    }
                    Member::Share(share) => routes.shares.push(share),
                }
            }
        });
        routes.direct.sort_by_key(|route| route.session);
        match overlap {
            Overlap::OneCopy => routes.merge(),
            Overlap::PerSubscription => {}
        }
    }

    /// The filter that stands there.
    pub(super) fn filter(&self, place: Place) -> Arc<str> {
        let mut levels: Vec<&str> = Vec::new();
        let mut node = place.node;
        while let Some((parent, level)) = &self.nodes[node].from {
            levels.push(level);
            node = *parent;
        }
        levels.reverse();
        if place.below {
            levels.push("#");
        }
        let filter: String = levels.join("/");
        filter.into()
    }

    /// Calls `found` for each filter that matches `topic`.
    fn walk(&self, topic: &str, mut found: impl FnMut(Place, &Members)) {
        let mut open: Vec<(NodeKey, Option<&str>)> = Vec::new();
        open.push((self.root, Some(topic)));
        while let Some((key, rest)) = open.pop() {
            let node = &self.nodes[key];
            // A wildcard in the first level does not match a topic that begins with $. [MQTT-4.7.2-1]
            let wildcards = node.from.is_some() || !topic.starts_with('$') || self.dollar_is_plain;
            if wildcards && !node.below.is_empty() {
                found(
                    Place {
                        node: key,
                        below: true,
                    },
                    &node.below,
                );
            }
            let Some(rest) = rest else {
                if !node.here.is_empty() {
                    found(
                        Place {
                            node: key,
                            below: false,
                        },
                        &node.here,
                    );
                }
                continue;
            };
            let (level, rest) = first_level(rest);
            if wildcards && let Some(plus) = node.plus {
                open.push((plus, rest));
            }
            if let Some(&child) = node.children.get(level) {
                open.push((child, rest));
            }
        }
    }

    fn child_or_new(&mut self, parent: NodeKey, level: &str) -> NodeKey {
        if let Some(child) = self.nodes[parent].child(level) {
            return child;
        }
        let level: Arc<str> = level.into();
        self.letters += level.len();
        let child = self
            .nodes
            .insert(Node::below(Some((parent, Arc::clone(&level)))));
        if &*level == "+" {
            self.nodes[parent].plus = Some(child);
        } else {
            self.nodes[parent].children.insert(level, child);
        }
        child
    }

    /// Takes away nodes that nobody needs any more, from here upwards.
    fn prune(&mut self, mut key: NodeKey) {
        while self.nodes[key].is_empty() {
            let Some((parent, level)) = self.nodes[key].from.clone() else {
                return;
            };
            self.nodes.remove(key);
            self.letters -= level.len();
            if &*level == "+" {
                self.nodes[parent].plus = None;
            } else {
                self.nodes[parent].children.remove(&*level);
            }
            key = parent;
        }
    }

    /// Every subscription with its filter, in no order that means anything.
    pub(super) fn iter(&self) -> impl Iterator<Item = (Arc<str>, Member, Granted)> {
        self.nodes.iter().flat_map(move |(key, node)| {
            let at = move |below| Place { node: key, below };
            let here = node.here.iter().map(move |(m, g)| (at(false), *m, *g));
            let below = node.below.iter().map(move |(m, g)| (at(true), *m, *g));
            here.chain(below)
                .map(|(place, member, granted)| (self.filter(place), member, granted))
        })
    }

    /// # Panics
    /// If the tree is not whole.
    pub(super) fn check(&self) {
        for (key, node) in self.nodes.iter() {
            match &node.from {
                None => assert_eq!(key, self.root, "only the root has no parent"),
                Some((parent, level)) => {
                    let found = self.nodes[*parent].child(level);
                    assert_eq!(found, Some(key), "a parent knows its child {level:?}");
                    assert!(!node.is_empty(), "a node without use is pruned");
                }
            }
        }
    }
}

impl Routes {
    fn push(
        &mut self,
        session: SessionKey,
        place: Place,
        granted: &Granted,
        publisher: Option<SessionKey>,
    ) {
        let identifiers_from = self.identifiers.len() as u32;
        if granted.identifier != 0 {
            self.identifiers.push(granted.identifier);
        }
        self.direct.push(Route {
            session,
            place,
            qos: granted.options.qos,
            no_local: granted.options.no_local && publisher == Some(session),
            retain_as_published: granted.options.retain_as_published,
            identifiers_from,
            identifiers: u32::from(granted.identifier != 0),
        });
    }

    /// Makes one copy of all those for one session. [MQTT-3.3.5-1]
    fn merge(&mut self) {
        let Some(mut last) = self.direct.first().copied() else {
            return;
        };
        if self
            .direct
            .windows(2)
            .all(|pair| pair[0].session != pair[1].session)
        {
            return;
        }
        let old = core::mem::take(&mut self.direct);
        for route in old.into_iter().skip(1) {
            if route.session != last.session {
                self.direct.push(last);
                last = route;
            } else if last.no_local || route.no_local {
                // One of them brings no echo: the other alone counts, if there is one that does.
                last = if last.no_local { route } else { last };
            } else {
                self.join(&mut last, &route);
            }
        }
        self.direct.push(last);
    }

    fn join(&mut self, one: &mut Route, other: &Route) {
        if other.identifiers > 0 {
            let old =
                one.identifiers_from as usize..(one.identifiers_from + one.identifiers) as usize;
            if old.end != self.identifiers.len() {
                one.identifiers_from = self.identifiers.len() as u32;
                self.identifiers.extend_from_within(old);
            }
            let new = other.identifiers_from as usize
                ..(other.identifiers_from + other.identifiers) as usize;
            self.identifiers.extend_from_within(new);
            one.identifiers += other.identifiers;
        }
        if other.qos > one.qos {
            one.qos = other.qos;
            one.place = other.place;
        }
        one.retain_as_published |= other.retain_as_published;
    }
}

impl Node {
    fn below(from: Option<(NodeKey, Arc<str>)>) -> Self {
        Self {
            from,
            children: SmallMap::new(),
            plus: None,
            here: Members::new(),
            below: Members::new(),
        }
    }

    fn child(&self, level: &str) -> Option<NodeKey> {
        if level == "+" {
            self.plus
        } else {
            self.children.get(level).copied()
        }
    }

    fn members_mut(&mut self, below: bool) -> &mut Members {
        if below {
            &mut self.below
        } else {
            &mut self.here
        }
    }

    fn is_empty(&self) -> bool {
        self.children.is_empty()
            && self.plus.is_none()
            && self.here.is_empty()
            && self.below.is_empty()
    }
}

/// The first level of a topic, and what follows if there is more. Levels are short: to search like this is quicker than
/// [`str::split_once`], which prepares for long strings.
fn first_level(topic: &str) -> (&str, Option<&str>) {
    match topic.bytes().position(|byte| byte == b'/') {
        Some(at) => (&topic[..at], Some(&topic[at + 1..])),
        None => (topic, None),
    }
}

/// The levels of a filter without a `#` at its end, and whether there is one.
fn split(filter: &str) -> (impl Iterator<Item = &str>, bool) {
    let (path, below) = match filter.strip_suffix('#') {
        Some(path) => (path.strip_suffix('/'), true),
        None => (Some(filter), false),
    };
    (path.into_iter().flat_map(|path| path.split('/')), below)
}
