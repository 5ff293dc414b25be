//! The sockets of all open connections, and what waits to be written to them.

mod sink;

use std::io;
use std::net::IpAddr;
use std::sync::Arc;

use mqttlab_core::broker::{Authorization, Broker};
use mqttlab_core::error::DecodeError;
use mqttlab_core::frame::Frame;
use mqttlab_core::id::ConnId;
use mqttlab_core::time::Instant;

use super::super::auth::{Caller, Checked, Denial, Doorkeeper, Rules};
use super::super::bans::{Ban, TooMany, Whom};
use super::super::record::Recorder;
use super::super::store::Store;
use super::super::transport::{Got, Peer, Stream, Transport};
use super::books::Counting;
use super::common::Common;
use super::denials::Denials;
use super::desk::Line;
use super::gates::{Gates, Terms, Ticket};
use super::manners::Watched;
use super::newcomer::Newcomer;
use super::out::{End, Out, Pool, Progress};
use super::patience::Patience;
use super::post::Post;
use super::rates::Meter;
use super::refusals::Refusals;
use super::room::Share;
use super::traces::{TraceId, Traces};
use crate::log;

/// Bits of a [`ConnId`] that are the index of its slot; those above count connections, so that no name comes twice.
const INDEX_BITS: u32 = 20;

/// One connection's socket.
pub(super) struct Socket {
    conn: ConnId,
    transport: Transport,
    pub(super) peer: Peer,
    /// When it was opened.
    since: Instant,
    /// Its Client Identifier once it is let in.
    pub(super) client_id: Option<Arc<str>>,
    pub(super) phase: Phase,
    /// While it is checked whether the client may come in: what it has sent already. Nothing more is read.
    #[expect(
        clippy::box_collection,
        reason = "8 bytes in every idle connection instead of 24"
    )]
    held: Option<Box<Vec<u8>>>,
    /// What waits to be written to it, if something does.
    out: Option<Box<Out>>,
    /// The decisions about it are told.
    pub(super) traced: Option<TraceId>,
    /// What it has sent, where that is limited.
    pub(super) meter: Option<Box<Meter>>,
    pub(super) listener: u16,
    /// The count in which it counts for its address.
    pub(super) counted: Option<Counting>,
    /// It is in the list of those to write to.
    dirty: bool,
    /// It is in the list of those for which something waits.
    waiting: bool,
    /// It is in the list of those to read from.
    pub(super) readable: bool,
    /// The kernel takes no more; it will say when it does again.
    pub(super) blocked: bool,
    /// The kernel was asked to say when it takes more.
    pub(super) write_interest: bool,
    /// The kernel has seen the end, from the peer or by a fault: reading on shows it.
    pub(super) ending: bool,
    /// The end was read.
    pub(super) finished: bool,
}

/// How far a connection is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// The broker knows it.
    Open,
    /// The broker has forgotten it; what waits is still written.
    Closing,
    /// All is written and the peer was told; its end is awaited, so that the last bytes reach it.
    Lingering,
}

impl Socket {
    fn new(conn: ConnId, newcomer: Newcomer) -> Self {
        Self {
            conn,
            transport: newcomer.transport,
            peer: newcomer.peer,
            since: newcomer.since,
            client_id: None,
            phase: Phase::Open,
            held: None,
            out: None,
            traced: None,
            meter: None,
            listener: newcomer.listener,
            counted: newcomer.counted,
            dirty: false,
            waiting: false,
            readable: false,
            blocked: false,
            write_interest: false,
            ending: false,
            finished: false,
        }
    }

    /// The socket to ask the kernel about; `None` when it is gone already.
    pub(super) fn stream(&mut self) -> Option<&mut Stream> {
        self.transport.stream()
    }

    /// Hears from a proxy whom it stands for, if it has not said that yet. Says whether that was news.
    pub(super) fn introduce(&mut self) -> io::Result<Option<Peer>> {
        if !self.transport.is_proxied() {
            return Ok(None);
        }
        let peer = self.transport.introduce()?;
        self.peer = peer.unwrap_or(self.peer);
        Ok(peer)
    }

    /// Whether a proxy must still say whom it stands for.
    pub(super) fn is_proxied(&self) -> bool {
        self.transport.is_proxied()
    }

    pub(super) fn read(&mut self, buffer: &mut [u8]) -> io::Result<Got> {
        self.transport.read(buffer)
    }

    /// Whether the layers below MQTT have something of their own to say.
    pub(super) fn wants_write(&self) -> bool {
        self.transport.wants_write()
    }

    pub(super) fn conn(&self) -> ConnId {
        self.conn
    }

    /// The client, as the doorkeeper sees it.
    fn caller(&self) -> Caller<'_> {
        Caller {
            conn: self.conn,
            listener: self.listener,
            address: self.peer.ip(),
            certificate: self.transport.certificate(),
        }
    }

    /// What operators may know about it.
    pub(super) fn line(&self) -> Line {
        Line {
            peer: self.peer,
            listener: self.listener,
            since: self.since,
            number: self.serial(),
        }
    }

    /// Reads no more until [`release`](Self::release); `rest` was read already.
    pub(super) fn hold(&mut self, rest: &[u8]) {
        self.held = Some(Box::new(rest.to_owned()));
    }

    pub(super) fn is_held(&self) -> bool {
        self.held.is_some()
    }

    /// This was read while it is held.
    pub(super) fn hold_more(&mut self, more: &[u8]) {
        if let Some(held) = &mut self.held {
            held.extend_from_slice(more);
        }
    }

    /// Bytes that were read and wait.
    pub(super) fn held_len(&self) -> usize {
        self.held.as_ref().map_or(0, |held| held.len())
    }

    /// Reads on; gives what was read before.
    pub(super) fn release(&mut self) -> Option<Vec<u8>> {
        self.held.take().map(|held| *held)
    }

    /// Whether something waits to be written.
    pub(super) fn has_output(&self) -> bool {
        self.out.as_ref().is_some_and(|out| !out.is_empty())
    }

    /// What the log calls it: the first connection is 1, the next 2.
    pub(super) fn serial(&self) -> u64 {
        serial(self.conn)
    }

    /// Tells the log that what came is no packet.
    pub(super) fn log_malformed(&self, error: &DecodeError) {
        let (conn, peer) = (self.serial(), self.peer);
        let client_id = self.client_id.as_deref().map(log::plain);
        tracing::info!(client_id = client_id.as_deref(), %peer, conn, %error, "malformed");
    }

    /// Says to the peer that nothing more comes.
    pub(super) fn finish(&mut self) {
        self.phase = Phase::Lingering;
        self.transport.finish();
    }
}

/// Who asks to be let in, as the log tells it.
pub(super) struct Asking {
    conn: ConnId,
    pub(super) client_id: Box<str>,
    pub(super) user_name: Option<Box<str>>,
    /// Why it is not let in.
    pub(super) because: Option<Denial>,
}

impl Asking {
    pub(super) fn conn(&self) -> ConnId {
        self.conn
    }

    /// Notes why it is not let in.
    pub(super) fn deny(&mut self, because: Denial) {
        self.because.get_or_insert(because);
    }
}

/// All sockets, in slots that are used again under new names.
pub(super) struct Sockets {
    pub(super) doorkeeper: Doorkeeper,
    /// What the log is told of what the rules deny.
    denials: Denials,
    /// What it is told of those who are turned away.
    pub(super) refusals: Refusals,
    /// Clients whose decisions are told.
    pub(super) traces: Traces,
    /// Who keeps to what is expected.
    pub(super) watched: Watched,
    /// Where durable state goes.
    pub(super) store: Option<Store>,
    /// Who writes down what the broker is handed.
    pub(super) recorder: Option<Box<Recorder>>,
    /// What other loops are told.
    pub(super) post: Post,
    /// What this loop has of what is limited for all of them, where there are others.
    pub(super) share: Option<Share>,
    /// The broker is handed a word of another loop.
    pub(super) hears: bool,
    /// This loop's store has the bans of all.
    pub(super) keeps_bans: bool,
    /// Bans for the loop whose store has them.
    pub(super) sentences: Vec<(Whom, Ban)>,
    /// There is no store any more: no client gets a session that lasts.
    pub(super) refuses_sessions: bool,
    /// The packet that the broker is handed asks for one.
    pub(super) wants_session: bool,
    pub(super) now: Instant,
    pub(super) slots: Vec<Option<Socket>>,
    free: Vec<u32>,
    /// Freed in this round. Events of the round may still name them, so they become free with the next.
    resting: Vec<u32>,
    open: usize,
    /// Packets that were given to be written.
    pub(super) packets_written: u64,
    pool: Pool,
    dirty: Vec<u32>,
    /// What must have happened before what waits may leave, and the slots for which something does.
    gates: Gates,
    waiting: Vec<u32>,
    /// Connections that the broker closed in this call.
    pub(super) closed: Vec<ConnId>,
    /// Who asked last, until the broker has let it in or turned it away.
    pub(super) asking: Option<Asking>,
    /// Who waits until somebody has checked who it is.
    pub(super) patience: Patience,
    /// Whether durable state has changed in this call.
    pub(super) changed: bool,
    /// Whether the broker has let in the connection whose packet it was handed.
    established: bool,
    /// Whether the broker waits with it until somebody has checked who it is.
    pending: bool,
}

/// The slot of a connection.
pub(super) fn index(conn: ConnId) -> u32 {
    (conn.number() & ((1 << INDEX_BITS) - 1)) as u32
}

/// The number of a connection among those of all loops.
pub(crate) fn serial(conn: ConnId) -> u64 {
    conn.number() >> INDEX_BITS
}

impl Sockets {
    pub(super) fn new(
        doorkeeper: Doorkeeper,
        trace_client: Option<&str>,
        store: Option<Store>,
        common: Arc<Common>,
        post: Post,
    ) -> Self {
        let mut traces = Traces::default();
        traces.configure(trace_client);
        Self {
            doorkeeper,
            denials: Denials::default(),
            refusals: Refusals::default(),
            traces,
            watched: Watched::new(common),
            store,
            recorder: None,
            post,
            share: None,
            hears: false,
            keeps_bans: true,
            sentences: Vec::new(),
            refuses_sessions: false,
            wants_session: false,
            now: Instant::ZERO,
            slots: Vec::new(),
            free: Vec::new(),
            resting: Vec::new(),
            open: 0,
            packets_written: 0,
            pool: Pool::default(),
            dirty: Vec::new(),
            gates: Gates::default(),
            waiting: Vec::new(),
            closed: Vec::new(),
            asking: None,
            patience: Patience::default(),
            changed: false,
            established: false,
            pending: false,
        }
    }

    /// Keeps somebody out from now on, and has that stored.
    pub(super) fn ban(&mut self, whom: Whom, ban: Ban) -> Result<(), TooMany> {
        let mut bans = self.watched.common.bans();
        bans.insert(whom.clone(), ban.clone(), self.now)?;
        drop(bans);
        if self.keeps_bans {
            self.keep_ban(whom, ban);
        } else if self.store.is_some() {
            self.sentences.push((whom, ban));
        }
        Ok(())
    }

    /// Has a ban stored.
    pub(super) fn keep_ban(&mut self, whom: Whom, ban: Ban) {
        if let Some(store) = &mut self.store {
            store.note_ban(whom, ban, self.now);
        }
    }

    /// Lifts a ban, also the stored one. Says whether there was one.
    pub(super) fn lift(&mut self, whom: &Whom) -> bool {
        let lifted = self.watched.common.bans().remove(whom);
        if lifted && let Some(store) = &mut self.store {
            store.note_lifted(whom);
        }
        lifted
    }

    /// A call of the broker is over: lets other loops know how much it has.
    #[inline]
    pub(super) fn settle(&mut self, broker: &Broker) {
        self.doorkeeper.settle();
        if let Some(share) = &mut self.share {
            share.settle(broker.connection_count(), broker.session_count());
        }
    }

    /// Other rules hold from now on.
    pub(super) fn follow(&mut self, rules: Arc<Rules>) {
        self.doorkeeper.follow(rules);
        if !self.doorkeeper.asks_for_origin() {
            return;
        }
        for socket in self.slots.iter().flatten() {
            if let (Some(client_id), Phase::Open) = (&socket.client_id, socket.phase) {
                self.doorkeeper.locate(&socket.caller(), client_id);
            }
        }
    }

    /// Takes note of what came of a check. Says what the one is told who has waited for it; `None` where it has gone.
    pub(super) fn note_check(&mut self, checked: &Checked) -> Option<Authorization> {
        let conn = checked.conn;
        self.doorkeeper.remember(self.now, checked);
        self.asking = Some(self.patience.remove(conn)?);
        // Where the store has failed all are gone at once, and their slots with them.
        let socket = self.slots.get(index(conn) as usize)?.as_ref();
        let socket = socket.filter(|socket| socket.conn() == conn)?;
        let answer = self.doorkeeper.note(self.now, &socket.caller(), checked);
        self.note_doorkeepers_denial();
        let (client_id, user) = (&checked.client_id, checked.user.as_deref());
        Some(self.review(conn, client_id, user, answer))
    }

    /// Whether decisions are told.
    #[inline]
    pub(super) fn is_traced(&self) -> bool {
        self.traces.any()
    }

    /// Notes for the log who asks to be let in.
    pub(super) fn note_asking(&mut self, conn: ConnId, client_id: &str, user_name: Option<&str>) {
        let plain = |name| log::plain(name).into();
        self.asking = Some(Asking {
            conn,
            client_id: plain(client_id),
            user_name: user_name.map(plain),
            because: None,
        });
    }

    /// A round begins.
    pub(super) fn begin_round(&mut self, now: Instant) {
        self.now = now;
    }

    /// Takes in a connection; gives it back where there are too many.
    pub(super) fn open(&mut self, newcomer: Newcomer) -> Result<ConnId, Newcomer> {
        let index = match self.free.pop() {
            Some(index) => index,
            None if self.slots.len() >= 1 << INDEX_BITS => return Err(newcomer),
            None => {
                self.slots.push(None);
                (self.slots.len() - 1) as u32
            }
        };
        let Some(conn) = ConnId::new(newcomer.serial << INDEX_BITS | u64::from(index)) else {
            return Err(newcomer);
        };
        self.slots[index as usize] = Some(Socket::new(conn, newcomer));
        self.open += 1;
        Ok(conn)
    }

    /// Forgets a connection and closes its socket.
    pub(super) fn remove(&mut self, conn: ConnId, broker: &Broker) {
        if let Some(socket) = self.of(conn) {
            let listener = socket.listener;
            let (address, counted) = (socket.peer.ip(), socket.counted);
            let client_id = socket.client_id.take();
            self.watched.leave(conn, address, counted);
            self.watched.common.leave(listener);
            let client_id = client_id.as_deref();
            let stays = client_id.is_some_and(|client_id| broker.session(client_id).is_some());
            self.doorkeeper.forget(conn, client_id, stays);
            self.take(conn);
        }
    }

    /// Takes a connection out of its slot.
    fn take(&mut self, conn: ConnId) -> Option<Socket> {
        let socket = self.slots[index(conn) as usize].take()?;
        self.resting.push(index(conn));
        self.open -= 1;
        Some(socket)
    }

    /// Takes out a connection that goes on in another loop, with what was read from it.
    pub(super) fn send_off(&mut self, conn: ConnId, read: Vec<u8>) -> Option<Newcomer> {
        self.of(conn)?;
        let socket = self.take(conn)?;
        Some(Newcomer {
            serial: socket.serial(),
            transport: socket.transport,
            peer: socket.peer,
            listener: socket.listener,
            since: socket.since,
            counted: socket.counted,
            read,
        })
    }

    /// What was noted goes on its way to the file, before what came of it goes anywhere.
    pub(super) fn flush_recorder(&mut self) {
        if let Some(mut recorder) = self.recorder.take() {
            if recorder.flush() {
                self.recorder = Some(recorder);
            } else {
                recorder.detach();
            }
        }
    }

    /// The round is over: what was freed in it may be used again.
    pub(super) fn end_round(&mut self) {
        self.flush_recorder();
        if self.open == 0 && self.slots.len() > SLOTS_KEPT {
            // The crowd has gone; so does all that it needed. Nothing names a slot between rounds.
            self.slots = Vec::new();
            self.free = Vec::new();
            self.resting = Vec::new();
            self.pool = Pool::default();
            self.dirty = Vec::new();
            self.waiting = Vec::new();
            self.closed = Vec::new();
        } else {
            self.free.append(&mut self.resting);
        }
    }

    /// Whether a listener has as many connections as it may.
    pub(super) fn is_full(&self, listener: u16) -> bool {
        let max = self.doorkeeper.door(listener).connections_max;
        max.is_some_and(|max| self.watched.common.of_listener(listener) >= max)
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.open
    }

    /// The socket in a slot.
    pub(super) fn at(&mut self, index: u32) -> Option<&mut Socket> {
        self.slots.get_mut(index as usize)?.as_mut()
    }

    /// The socket of a connection.
    pub(super) fn of(&mut self, conn: ConnId) -> Option<&mut Socket> {
        self.at(index(conn)).filter(|socket| socket.conn == conn)
    }

    /// The names of all.
    pub(super) fn conns(&self) -> Vec<ConnId> {
        self.slots
            .iter()
            .flatten()
            .map(|socket| socket.conn)
            .collect()
    }

    /// The names of those that the broker knows and that come from this address.
    pub(super) fn conns_from(&self, address: IpAddr) -> Vec<ConnId> {
        let open = self.slots.iter().flatten();
        open.filter(|socket| socket.peer.ip() == Some(address) && socket.phase == Phase::Open)
            .map(|socket| socket.conn)
            .collect()
    }

    /// Whether the broker has closed the connection in this call.
    pub(super) fn has_closed(&self, conn: ConnId) -> bool {
        self.closed.contains(&conn)
    }

    /// Whether the broker has let a connection in since this was asked last.
    pub(super) fn take_established(&mut self) -> bool {
        std::mem::take(&mut self.established)
    }

    /// Whether the broker has put a client off since this was asked last.
    pub(super) fn take_pending(&mut self) -> bool {
        std::mem::take(&mut self.pending)
    }

    /// Whether something waits that nobody has tried to write.
    pub(super) fn has_dirty(&self) -> bool {
        !self.dirty.is_empty()
    }

    /// Puts the connection in this slot on the list of those to write to.
    pub(super) fn mark_dirty(&mut self, index: u32) {
        if let Some(socket) = self.at(index)
            && !socket.dirty
        {
            socket.dirty = true;
            self.dirty.push(index);
        }
    }

    /// Swaps the list of those to write to with `list`, which is empty.
    pub(super) fn swap_dirty(&mut self, list: &mut Vec<u32>) {
        debug_assert!(list.is_empty(), "the last list is done");
        std::mem::swap(&mut self.dirty, list);
    }

    /// Writes what waits for the connection in this slot.
    pub(super) fn write(&mut self, index: u32) -> Option<(ConnId, io::Result<Progress>)> {
        let socket = self.slots.get_mut(index as usize)?.as_mut()?;
        socket.dirty = false;
        // The layers below MQTT may have something to say where nothing else waits.
        let mut nothing = Out::default();
        let out = socket.out.as_deref_mut().unwrap_or(&mut nothing);
        let progress = out.write_to(&mut socket.transport);
        if let Ok(Progress { end, .. }) = progress {
            socket.blocked = end == End::Blocked;
            if end == End::Done
                && let Some(out) = socket.out.take()
            {
                self.pool.give(out);
            }
        }
        Some((socket.conn, progress))
    }

    /// Adds a frame that must wait.
    fn hold(&mut self, conn: ConnId, frame: &Frame<'_>) {
        let ticket = self.ticket();
        let Some(socket) = self.slots[index(conn) as usize].as_mut() else {
            return;
        };
        let out = socket.out.get_or_insert_with(|| self.pool.take());
        out.push_held(frame, ticket);
        if !socket.waiting {
            socket.waiting = true;
            self.waiting.push(index(conn));
        }
    }

    /// What waited is never said.
    pub(super) fn forget(&mut self) {
        self.gates.clear();
        self.post.forget();
    }

    /// A ticket for what the broker says now.
    fn ticket(&mut self) -> Ticket {
        let terms = Terms {
            stored: self.store.as_mut().map_or(0, Store::needed),
            confirmed: self.post.needed(),
        };
        self.gates.ticket(terms)
    }

    /// So much has happened: what waited for it may be written.
    pub(super) fn release(&mut self, so_far: Terms) {
        let Some(up_to) = self.gates.open(so_far) else {
            return;
        };
        let mut waiting = std::mem::take(&mut self.waiting);
        waiting.retain(|&index| {
            let Some(socket) = self.at(index) else {
                return false;
            };
            let more = socket.out.as_mut().is_some_and(|out| out.release(up_to));
            socket.waiting = more;
            let blocked = socket.blocked;
            if !blocked {
                self.mark_dirty(index);
            }
            more
        });
        self.waiting = waiting;
    }
}

/// Slots that stay when everybody has gone.
const SLOTS_KEPT: usize = 64;
