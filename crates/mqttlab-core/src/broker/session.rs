//! What the broker keeps of a client, connected or not.

use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::sync::Arc;
use alloc::vec::Vec;

use crate::broker::arena::ConnKey;
use crate::broker::message::{Delivery, Will};
use crate::broker::passport::{self, Passport, Source, identity};
use crate::broker::retain::Cursor;
use crate::broker::tree::Granted;
use crate::broker::waiting::Waiting;
use crate::broker::{Change, Identity};
use crate::id::PacketId;
use crate::qos::{Receiver, Sender};
use crate::time::{Duration, Instant};

/// The state of one client that survives its connections. [MQTT-4.1.0-1]
#[derive(Clone, Debug)]
pub(super) struct Session {
    pub(super) client_id: Arc<str>,
    /// What its client came in with.
    pub(super) passport: Option<Arc<Passport>>,
    pub(super) conn: Option<ConnKey>,
    /// How long it outlives its connection, in seconds; `u32::MAX` for without end.
    pub(super) expiry_s: u32,
    /// When it ends, while it has no connection and an end.
    pub(super) ends_at: Option<Instant>,
    /// By filter.
    pub(super) subscriptions: Vec<Subscription>,
    pub(super) will: Option<Box<Will>>,
    pub(super) flow: Option<Box<Flow>>,
}

/// What a session has to do with QoS 1 and 2: nothing at all, for many.
#[derive(Clone, Debug)]
pub(super) struct Flow {
    /// Messages that wait, in their order.
    pub(super) queue: Waiting,
    /// Messages to the client that are in flight.
    pub(super) sender: Sender<Delivery>,
    /// On this connection, the messages in flight from this one on have not been sent again yet: the client's Receive
    /// Maximum is smaller than it was.
    pub(super) unsent_from: Option<PacketId>,
    /// QoS 2 messages from the client that wait for PUBREL.
    pub(super) receiver: Receiver,
    /// Retained messages that are owed to new subscriptions.
    pub(super) cursors: VecDeque<Cursor>,
    /// When to look for more of them, if the search was cut short.
    pub(super) retained_at: Option<Instant>,
}

static NO_FLOW: Flow = Flow::new();

impl Flow {
    const fn new() -> Self {
        Self {
            queue: Waiting::new(),
            sender: Sender::new(),
            unsent_from: None,
            receiver: Receiver::new(),
            cursors: VecDeque::new(),
            retained_at: None,
        }
    }

    #[cold]
    fn begin(none: &mut Option<Box<Self>>) -> &mut Self {
        none.insert(Box::new(Self::new()))
    }

    /// Whether as many messages are in flight as `window` allows.
    #[inline]
    pub(super) fn window_is_full(&self, window: u16) -> bool {
        self.sender.len() >= usize::from(window)
    }

    /// An identifier for a message that goes out now.
    #[inline]
    pub(super) fn take_packet_id(&mut self, delivery: Delivery) -> PacketId {
        self.sender.insert(delivery.qos, delivery).expect(
            "the window is not full, and has at most as many places as there are identifiers",
        )
    }
}

/// One Topic Filter of a session.
#[derive(Clone, Debug)]
pub(super) struct Subscription {
    /// With `$share/…` where it is shared.
    pub(super) filter: Arc<str>,
    pub(super) granted: Granted,
}

impl Session {
    pub(super) fn new(client_id: Arc<str>, passport: Option<Arc<Passport>>, expiry_s: u32) -> Self {
        Self {
            client_id,
            passport,
            conn: None,
            expiry_s,
            ends_at: None,
            subscriptions: Vec::new(),
            will: None,
            flow: None,
        }
    }

    /// What it has to do with QoS 1 and 2.
    #[inline]
    pub(super) fn flow(&self) -> &Flow {
        self.flow.as_deref().unwrap_or(&NO_FLOW)
    }

    /// The same, to be changed.
    #[inline]
    pub(super) fn flow_mut(&mut self) -> &mut Flow {
        match &mut self.flow {
            Some(flow) => flow,
            none @ None => Flow::begin(none),
        }
    }

    /// The bytes of memory for it.
    pub(super) fn flow_memory(&self) -> usize {
        self.flow.as_ref().map_or(0, |flow| {
            let of_lists = flow.queue.memory() + flow.sender.memory() + flow.receiver.memory();
            size_of::<Flow>() + of_lists + flow.cursors.capacity() * size_of::<Cursor>()
        })
    }

    /// Takes out all that it has to do with QoS 1 and 2.
    pub(super) fn take_flow(&mut self) -> Flow {
        self.flow.take().map_or(const { Flow::new() }, |flow| *flow)
    }

    /// No more retained messages are owed for this filter.
    pub(super) fn forget_cursor(&mut self, filter: &str) {
        if !self.flow().cursors.is_empty() {
            let cursors = &mut self.flow_mut().cursors;
            cursors.retain(|cursor| &*cursor.filter != filter);
        }
    }

    pub(super) fn identity(&self) -> Identity<'_> {
        identity(&self.client_id, self.passport.as_ref())
    }

    /// How it began, for the store.
    pub(super) fn started(&self) -> Change<'_> {
        Change::SessionStarted {
            client_id: &self.client_id,
            passport: passport::read(self.passport.as_ref()),
            expiry_s: self.expiry_s,
        }
    }

    /// Whom its messages come from.
    pub(super) fn source(&self) -> Source {
        Source {
            client_id: self.client_id.clone(),
            passport: self.passport.clone(),
        }
    }

    /// Whether it outlives its connection, and so is stored.
    pub(super) fn is_durable(&self) -> bool {
        self.expiry_s > 0
    }

    /// When it ends if its connection ends now; `None` for never.
    pub(super) fn end_after(&self, now: Instant) -> Option<Instant> {
        (self.expiry_s != u32::MAX).then(|| now + Duration::from_secs(u64::from(self.expiry_s)))
    }

    pub(super) fn subscription(&self, filter: &str) -> Result<usize, usize> {
        self.subscriptions
            .binary_search_by(|subscription| (*subscription.filter).cmp(filter))
    }

    /// When the will is published, after the connection ended.
    pub(super) fn will_at(&self) -> Option<Instant> {
        self.will.as_ref()?.due_at
    }

    /// Whether something is owed to the client that could not be sent yet.
    pub(super) fn waits(&self) -> bool {
        let flow = self.flow();
        !flow.queue.is_empty() || !flow.cursors.is_empty() || flow.unsent_from.is_some()
    }
}
