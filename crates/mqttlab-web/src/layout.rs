//! Where things are drawn: geometry without a browser.

pub(crate) mod ladder;
pub(crate) mod topology;
