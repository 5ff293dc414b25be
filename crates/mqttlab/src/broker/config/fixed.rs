//! What follows a change of the configuration only with a restart.

use std::time::Duration;

use super::Config;

/// Such settings, as they were when the broker started.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Fixed {
    http: String,
    log_format: crate::log::Format,
    store: super::Store,
    stop: super::Stop,
    record: super::Record,
}

impl Config {
    /// What of it holds until a restart. Addresses of listeners and the number of threads are looked at apart: with others
    /// nothing is taken up.
    pub(crate) fn fixed(&self) -> Fixed {
        Fixed {
            http: self.http.address.clone().into(),
            log_format: self.log.format,
            store: self.store.clone(),
            stop: self.stop.clone(),
            record: self.record.clone(),
        }
    }
}

impl Fixed {
    /// How long clients may take to read their good-bye.
    pub(crate) fn stop_within(&self) -> Duration {
        Duration::from_secs(self.stop.within_s.into())
    }

    /// The settings that are others now, and will only be after a restart.
    pub(crate) fn changed(&self, config: &Config) -> Vec<&'static str> {
        let Self {
            http,
            log_format,
            store,
            stop,
            record,
        } = config.fixed();
        let all = [
            ("http.address", self.http != http),
            ("log.format", self.log_format != log_format),
            ("[store]", self.store != store),
            ("[stop]", self.stop != stop),
            ("[record]", self.record != record),
        ];
        let changed = all.into_iter().filter(|(_, is_other)| *is_other);
        changed.map(|(name, _)| name).collect()
    }
}
