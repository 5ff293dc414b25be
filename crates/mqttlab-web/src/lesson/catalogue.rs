//! Which lessons there are, in the order in which they build on each other.

/// A lesson that can be fetched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    /// Its file is `lessons/ID.lesson`.
    pub(crate) id: &'static str,
    pub(crate) title: &'static str,
    pub(crate) about: &'static str,
    pub(crate) questions: u8,
    /// A mistake is to be found in it.
    pub(crate) is_case: bool,
}

include!(concat!(env!("OUT_DIR"), "/catalogue.rs"));

/// Where a lesson stands among those of its kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// From 1.
    pub(crate) number: usize,
    pub(crate) of: usize,
    pub(crate) is_case: bool,
}

pub(crate) fn entry(id: &str) -> Option<&'static Entry> {
    CATALOGUE.iter().find(|entry| entry.id == id)
}

/// Those of one kind.
pub(crate) fn of_kind(is_case: bool) -> impl Iterator<Item = &'static Entry> {
    let entries = CATALOGUE.iter();
    entries.filter(move |entry| entry.is_case == is_case)
}

pub(crate) fn place(id: &str) -> Option<Place> {
    let is_case = entry(id)?.is_case;
    Some(Place {
        number: of_kind(is_case).position(|entry| entry.id == id)? + 1,
        of: of_kind(is_case).count(),
        is_case,
    })
}

/// The lesson that follows.
pub(crate) fn after(id: &str) -> Option<&'static Entry> {
    let at = CATALOGUE.iter().position(|entry| entry.id == id)?;
    CATALOGUE.get(at + 1)
}
