//! Clients whose decisions are told, with their reasons: to the log, and to operators who ask.

use std::collections::VecDeque;
use std::num::NonZeroU32;
use std::time::{SystemTime, UNIX_EPOCH};

/// Clients that are traced at once.
pub(crate) const TRACES_MAX: usize = 16;
/// Decisions of a client that are kept; older ones make room.
pub(crate) const LINES_MAX: usize = 500;

/// What a socket remembers of being traced.
pub(super) type TraceId = NonZeroU32;

/// The clients that are traced.
#[derive(Default)]
pub(super) struct Traces {
    all: Vec<Trace>,
    last: u32,
}

/// What was decided about one client since somebody wants to know.
#[derive(Clone, Debug)]
pub(crate) struct Trace {
    id: TraceId,
    pub(crate) client_id: Box<str>,
    /// It is in the configuration; operators do not end it.
    pub(crate) configured: bool,
    pub(crate) lines: VecDeque<Line>,
    /// Lines that made room.
    pub(crate) dropped: u64,
}

/// One decision.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    /// Milliseconds since 1970.
    pub(crate) at_ms: u64,
    /// The number of the connection, as in the log.
    pub(crate) conn: u64,
    pub(crate) text: Box<str>,
}

/// Why a trace does not begin or end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TraceError {
    /// [`TRACES_MAX`] clients are traced already.
    TooMany,
    /// Nobody traces this client.
    Unknown,
    /// The configuration says that this client is traced.
    Configured,
}

impl Traces {
    /// Whether anybody is traced.
    #[inline]
    pub(super) fn any(&self) -> bool {
        !self.all.is_empty()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Trace> {
        self.all.iter()
    }

    pub(super) fn of(&self, client_id: &str) -> Option<&Trace> {
        self.all.iter().find(|trace| *trace.client_id == *client_id)
    }

    /// What the socket of this client is to remember.
    pub(super) fn id(&self, client_id: &str) -> Option<TraceId> {
        self.of(client_id).map(|trace| trace.id)
    }

    /// Follows the configuration, which names one client or none.
    pub(super) fn configure(&mut self, client_id: Option<&str>) {
        self.all
            .retain(|trace| !trace.configured || Some(&*trace.client_id) == client_id);
        let Some(client_id) = client_id else { return };
        match self.all.iter_mut().find(|t| *t.client_id == *client_id) {
            Some(trace) => trace.configured = true,
            None => {
                self.push(client_id, true);
            }
        }
    }

    /// Begins to trace a client, or goes on with it.
    pub(super) fn start(&mut self, client_id: &str) -> Result<TraceId, TraceError> {
        if let Some(id) = self.id(client_id) {
            return Ok(id);
        }
        let asked_for = self.all.iter().filter(|trace| !trace.configured).count();
        if asked_for >= TRACES_MAX {
            return Err(TraceError::TooMany);
        }
        Ok(self.push(client_id, false))
    }

    /// Ends it and forgets what was decided.
    pub(super) fn stop(&mut self, client_id: &str) -> Result<(), TraceError> {
        let at = self.all.iter().position(|t| *t.client_id == *client_id);
        let at = at.ok_or(TraceError::Unknown)?;
        if self.all[at].configured {
            return Err(TraceError::Configured);
        }
        self.all.remove(at);
        Ok(())
    }

    /// Takes note of a decision; says whose it is, or `None` where nobody wants to know any more.
    pub(super) fn note(&mut self, id: TraceId, conn: u64, text: String) -> Option<&str> {
        let trace = self.all.iter_mut().find(|trace| trace.id == id)?;
        if trace.lines.len() >= LINES_MAX {
            trace.lines.pop_front();
            trace.dropped += 1;
        }
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        trace.lines.push_back(Line {
            at_ms: since.map_or(0, |since| since.as_millis() as u64),
            conn,
            text: text.into(),
        });
        Some(&trace.client_id)
    }

    fn push(&mut self, client_id: &str, configured: bool) -> TraceId {
        // Should they ever run out, an old socket's decisions go to a new trace: no harm.
        self.last = self.last.checked_add(1).unwrap_or(1);
        let id = TraceId::new(self.last).unwrap_or(TraceId::MIN);
        self.all.push(Trace {
            id,
            client_id: client_id.into(),
            configured,
            lines: VecDeque::new(),
            dropped: 0,
        });
        id
    }
}

#[cfg(test)]
mod tests {
    use super::{LINES_MAX, TRACES_MAX, TraceError, Traces};

    #[test]
    fn a_trace_keeps_the_last_lines_and_there_are_not_too_many() {
        let mut traces = Traces::default();
        let id = traces.start("a").expect("there is room");
        for number in 0..LINES_MAX + 2 {
            let whose = traces.note(id, 1, number.to_string());
            assert_eq!(whose, Some("a"));
        }
        let trace = traces.of("a").expect("it goes on");
        assert_eq!((trace.lines.len(), trace.dropped), (LINES_MAX, 2));
        assert_eq!(&*trace.lines[0].text, "2");
        for number in 1..TRACES_MAX {
            traces.start(&number.to_string()).expect("there is room");
        }
        assert_eq!(traces.start("b"), Err(TraceError::TooMany));
        assert_eq!(traces.start("a"), Ok(id));
        traces.stop("a").expect("it was asked for");
        assert_eq!(traces.note(id, 1, String::new()), None);
        assert_eq!(traces.stop("a"), Err(TraceError::Unknown));
    }

    #[test]
    fn the_configured_one_comes_and_goes_with_the_configuration() {
        let mut traces = Traces::default();
        traces.configure(Some("a"));
        assert_eq!(traces.stop("a"), Err(TraceError::Configured));
        traces.configure(Some("b"));
        assert!(traces.of("a").is_none() && traces.of("b").is_some());
        traces.configure(None);
        assert!(!traces.any());
    }
}
