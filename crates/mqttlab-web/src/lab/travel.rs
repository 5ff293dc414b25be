//! Ways through time. Long ones go on from frame to frame, so that the page stays alive meanwhile.

use std::rc::Rc;

use mqttlab_sim::view::{Micros, View};

use super::{Lab, Selection};

/// How many happenings there are in one part of a way; the page counts the time of the parts.
const PART: u32 = 128;
/// How many parts are gone at once where there is no crowd: most ways are no longer.
const PARTS_AT_ONCE: u32 = 16;
/// How often it is shown how far a long way has come, in milliseconds.
const DRAWN_MS: f64 = 250.0;

/// A way to another moment.
#[derive(Debug)]
pub(super) struct Heading {
    to: Micros,
    /// Whether all that happens on the way has been played before.
    is_known: bool,
    /// How it was before the last thing that happens on the way.
    eve: Option<Rc<View>>,
}

impl Lab {
    /// Where a long way through time leads, while it is not there yet.
    pub(crate) fn heading(&self) -> Option<Micros> {
        self.heading.as_ref().map(|heading| heading.to)
    }

    /// Goes to a moment, over several frames if the way is long.
    pub(super) fn head_for(&mut self, to: Micros) {
        self.player.pause();
        let is_under_way = self.heading.is_some();
        self.set_out(to);
        // Somebody who drags the scrubber asks for many moments between two frames.
        if !is_under_way {
            self.undrawn_ms = 0.0;
            let parts = if self.scene.is_crowd() {
                1
            } else {
                PARTS_AT_ONCE
            };
            for _ in 0..parts {
                if self.travel(PART) {
                    return self.arrive();
                }
            }
        }
    }

    /// Shows the moment `to`, however long that takes.
    pub(crate) fn seek(&mut self, to: Micros) {
        self.set_out(to);
        while !self.travel(u32::MAX) {}
        self.arrive();
    }

    /// Goes a part of the way. Says whether there is something new to draw.
    pub(super) fn go_on(&mut self) -> bool {
        if self.travel(PART) {
            self.arrive();
            return true;
        }
        if self.undrawn_ms < DRAWN_MS {
            return false;
        }
        self.undrawn_ms = 0.0;
        self.show_the_way();
        true
    }

    /// Stays where a long way has come to.
    pub(super) fn stop_travelling(&mut self) {
        if self.heading.take().is_some() {
            self.show_the_way();
        }
    }

    fn show_the_way(&mut self) {
        self.refresh(None);
        self.player.jump(self.recording.now());
    }

    fn set_out(&mut self, to: Micros) {
        let to = to.min(self.scene.end);
        self.heading = Some(Heading {
            to,
            is_known: to <= self.recording.current_branch().explored,
            eve: None,
        });
    }

    /// Lets so many things happen on the way; says whether it is at its end.
    fn travel(&mut self, happenings: u32) -> bool {
        let Some(heading) = &mut self.heading else {
            return true;
        };
        if heading.is_known && heading.eve.is_none() {
            if !self.recording.seek_eve_part(heading.to, happenings) {
                return false;
            }
            heading.eve = Some(Rc::new(self.recording.view()));
        }
        if !self.recording.seek_part(heading.to, happenings) {
            return false;
        }
        let eve = heading.eve.as_ref().map(|eve| eve.events_done);
        let is_eve = eve == self.recording.latest();
        if is_eve || heading.is_known {
            return true;
        }
        // Only now it is known what came last: what it changed is worth a step back.
        heading.is_known = true;
        heading.eve = None;
        false
    }

    fn arrive(&mut self) {
        let Some(Heading { to, eve, .. }) = self.heading.take() else {
            return;
        };
        let eve = eve.filter(|eve| Some(eve.events_done) == self.recording.latest());
        self.refresh(eve);
        self.player.jump(to);
        let gone = self
            .selection
            .flight
            .is_some_and(|id| self.scene.flight(id).is_none())
            || self
                .selection
                .event
                .is_some_and(|id| self.scene.event(id).is_none());
        if gone || self.follows {
            self.selection = Selection::default();
            self.packet = None;
            self.go_along(0);
        }
    }
}
