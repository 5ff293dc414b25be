//! Sending letters to other loops, and opening theirs.

use std::io;
use std::time::Duration;

use mio::Events;
use mqttlab_core::broker::Input;

use super::super::store::Store;
use super::control::Command;
use super::post::Letter;
use super::{Shard, hand};

/// How long a loop that is about to end waits for the others. Only one that is stuck needs longer.
const END_WITHIN: Duration = Duration::from_secs(5);
/// How often a loop that is about to end looks whether all are.
const LOOK_EVERY: Duration = Duration::from_millis(5);

impl Shard {
    /// Whether other loops must make room before anything more is read from clients.
    pub(super) fn is_full(&self) -> bool {
        !self.crew.is_alone() && self.sockets.post.is_full()
    }

    /// Takes note of what others have confirmed, and then opens what they have sent.
    pub(super) fn correspond(&mut self) -> io::Result<()> {
        self.confirmed = self.sockets.post.hear();
        self.obey()
    }

    /// What is in the letters of this round is in the hands of the store.
    pub(super) fn send_letters(&mut self) {
        let is_after_failure = self.failure.is_some();
        let letters: Vec<_> = self.sockets.post.take_letters(is_after_failure).collect();
        self.sockets.watched.common.sent(letters.len());
        self.letters.sent += letters.len() as u64;
        for (to, letter) in letters {
            self.crew.tell(to, Command::Letter(letter));
        }
        // They need not wait until this loop has written to its clients.
        self.crew.wake();
    }

    /// Confirms what is on the disk.
    pub(super) fn confirm(&mut self, stored: u64) {
        for other in self.sockets.post.confirm(stored) {
            self.crew.stir(other);
        }
        let opened = std::mem::take(&mut self.opened);
        if opened > 0 {
            self.sockets.watched.common.opened(opened);
        }
    }

    /// Hands the words of another loop to the broker.
    pub(super) fn open(&mut self, mut letter: Letter) -> io::Result<()> {
        self.opened += 1;
        match (letter.is_after_failure, self.failure.is_some()) {
            // What its writer has told was lost with the store, here and there.
            (false, true) => {
                if self.sockets.post.passed(&letter) {
                    self.crew.stir(letter.from.number().into());
                }
                return Ok(());
            }
            // It has heard before this loop that the store has failed.
            (true, false) => self.store()?,
            (true, true) | (false, false) => {}
        }
        let from = letter.from;
        self.sockets.hears = true;
        for word in std::mem::take(&mut letter.words) {
            let input = Input::Peer { from, word };
            hand(&mut self.broker, self.now, input, &mut self.sockets);
        }
        self.sockets.hears = false;
        self.bury();
        let stored = self.sockets.store.as_mut().map_or(0, Store::needed);
        if self.sockets.post.handled(&letter, stored) {
            self.crew.stir(from.number().into());
        }
        Ok(())
    }

    /// Opens letters, and does nothing that makes new ones: those who would get them may have ended.
    fn open_letters(&mut self) -> io::Result<()> {
        self.confirmed = self.sockets.post.hear();
        while let Ok(command) = self.commands.try_recv() {
            match command {
                Command::Letter(letter) => self.open(letter)?,
                Command::KeepBan(whom, ban) => self.sockets.keep_ban(whom, ban),
                Command::Adopt(newcomer) => newcomer.dismiss(&self.sockets.watched.common),
                // Nobody is served any more, and whoever asked sees that no answer comes.
                Command::Stop { .. }
                | Command::Checked(_)
                | Command::Renew(..)
                | Command::Ask(_)
                | Command::Reported(_) => {}
            }
        }
        Ok(())
    }

    /// Opens letters until no loop will write any more: what clients said at their end is to arrive.
    pub(super) fn wait_for_others(&mut self, events: &mut Events) -> io::Result<()> {
        if self.crew.is_alone() {
            return Ok(());
        }
        let common = std::sync::Arc::clone(&self.sockets.watched.common);
        common.quieten();
        let by = self.clock() + END_WITHIN;
        loop {
            self.now = self.clock();
            self.sockets.begin_round(self.now);
            self.open_letters()?;
            self.store()?;
            self.crew.wake();
            if common.is_quiet(self.crew.count()) {
                return Ok(());
            }
            if by <= self.now {
                tracing::warn!("other threads do not end; what they have to say is not waited for");
                return Ok(());
            }
            match self.poll.poll(events, Some(LOOK_EVERY)) {
                Err(error) if error.kind() != io::ErrorKind::Interrupted => return Err(error),
                Ok(()) | Err(_) => {}
            }
        }
    }
}
