//! The TCP segments of all connections of a run, where somebody wants them.

use super::World;
use crate::pipe::Pipe;
use crate::pipe::tape::Mark;
use crate::view::ParticipantId;

/// All segments of one connection.
#[derive(Clone, Debug)]
#[cfg_attr(
    not(feature = "pcapng"),
    expect(dead_code, reason = "nobody asks for it")
)]
pub(crate) struct Capture {
    pub(crate) connection: u64,
    pub(crate) client: ParticipantId,
    /// By time.
    pub(crate) marks: Vec<Mark>,
}

impl World {
    /// From now on writes down every segment of every connection that is opened.
    #[cfg(feature = "pcapng")]
    pub(crate) fn record(&mut self) {
        self.captures = Some(Vec::new());
    }

    /// Those that somebody else wrote down, where this run was not simulated.
    #[cfg(feature = "traffic")]
    pub(crate) fn captures(&self) -> Option<&[Capture]> {
        self.captures.as_deref()
    }

    /// Every connection so far, in the order of opening.
    #[cfg(feature = "pcapng")]
    pub(crate) fn take_captures(&mut self) -> Vec<Capture> {
        let now = self.state.now;
        let mut captures = self.captures.take().unwrap_or_default();
        for pipe in self.state.pipes.values_mut() {
            captures.extend(capture(pipe, now));
        }
        captures.sort_by_key(|capture| capture.connection);
        captures
    }

    /// Keeps the segments of a connection that is over.
    pub(super) fn keep_tape(&mut self, pipe: &mut Pipe) {
        if let Some(captures) = &mut self.captures {
            captures.extend(capture(pipe, self.state.now));
        }
    }
}

fn capture(pipe: &mut Pipe, now: crate::view::Micros) -> Option<Capture> {
    let marks = pipe.take_tape(now)?;
    Some(Capture {
        connection: pipe.id.number(),
        client: pipe.client,
        marks,
    })
}
