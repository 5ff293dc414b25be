//! What is kept on the disk, and what becomes of the rest when the disk fails.

use std::io;

use mqttlab_core::broker::{Broker, Config as BrokerConfig, Counters};
use mqttlab_core::packet::QoS;

use super::super::store::{Numbers, OnFailure};
use super::Shard;
use super::gates::Terms;

impl Shard {
    /// Lets go what waited for changes that are on the disk by now, and has those that came since written.
    pub(super) fn store(&mut self) -> io::Result<()> {
        let on_failure = match &self.sockets.store {
            Some(store) => store.on_failure(),
            None if self.crew.is_alone() => return Ok(()),
            None => OnFailure::Stop,
        };
        match (self.pass_to_disk(), on_failure) {
            (Err(error), OnFailure::ServeQos0) => {
                self.go_on_without(&error);
                Ok(())
            }
            (done, _) => done,
        }
    }

    fn pass_to_disk(&mut self) -> io::Result<()> {
        let mut stored = u64::MAX;
        if let Some(store) = &mut self.sockets.store {
            store.settle()?;
            stored = store.done();
        }
        let confirmed = self.confirmed;
        self.sockets.release(Terms { stored, confirmed });
        let has_letters = !self.crew.is_alone() && self.sockets.post.has_letters();
        if let Some(store) = &mut self.sockets.store {
            store.hand_over(&self.broker, self.now, has_letters)?;
        }
        if !self.crew.is_alone() {
            self.sockets.flush_recorder();
        }
        if has_letters {
            self.send_letters();
        }
        if !self.crew.is_alone() {
            self.confirm(stored);
        }
        Ok(())
    }

    /// The disk has failed: whatever waits for it is never said to anybody, now or later. All clients are cut off, for what
    /// they would hear next might follow from what is lost; the file keeps what they were told. A broker that promises
    /// nothing takes its place.
    pub(super) fn go_on_without(&mut self, error: &io::Error) {
        tracing::error!(
            %error,
            "the store has failed: all connections are closed, and from now on only QoS 0 and sessions that end with their \
             connection are served; restart the broker when the disk is good again"
        );
        for conn in self.sockets.conns() {
            self.sockets.patience.remove(conn);
            self.sockets.doorkeeper.closed(conn);
            self.sockets.remove(conn, &self.broker);
        }
        self.sockets.doorkeeper.forget_all();
        self.links.clear();
        if let Some(recorder) = self.sockets.recorder.take() {
            recorder.give_up("the store has failed");
        }
        let store = self.sockets.store.take();
        self.failure = store.map(|store| Failed {
            why: error.to_string(),
            numbers: store.numbers(),
            counters: self.broker.counters().clone(),
        });
        self.sockets.refuses_sessions = true;
        self.sockets.forget();
        let config = without_promises(self.broker.config().clone());
        let shard = self.broker.shard();
        let seed = self.seed.wrapping_add(1);
        self.broker = Broker::new(config, seed).into_shard(shard);
        self.sockets.settle(&self.broker);
        self.limits = self.broker.config().link_limits();
    }
}

/// How a broker is configured that can keep nothing.
pub(super) fn without_promises(mut config: BrokerConfig) -> BrokerConfig {
    config.maximum_qos = QoS::AtMostOnce;
    config.session_expiry_max_s = 0;
    config.session_expiry_v3_s = 0;
    config
}

/// A store that has failed.
pub(super) struct Failed {
    pub(super) why: String,
    /// What it did until then.
    pub(super) numbers: Numbers,
    /// What the broker that had it had counted: the counts of the next go on from there.
    pub(super) counters: Counters,
}
