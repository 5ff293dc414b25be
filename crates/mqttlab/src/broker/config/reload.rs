//! What of a configuration that was read again holds while the broker runs.
//!
//! A file may be half written when it is read, or emptied by a disk that is full, and the beginning of a configuration is
//! a configuration too. So nothing that was read again opens what was closed, unless it says that it wants to.

use std::collections::BTreeSet;
use std::path::PathBuf;

use toml::{Table, Value};

use super::{Config, Fixed, Listener};
use crate::Failure;

/// A configuration that was read again, beside the one that held until then.
#[derive(Debug)]
pub(crate) struct Successor {
    /// What holds from now on: its listeners are those that are open.
    pub(crate) config: Config,
    /// The keys that are others than before.
    pub(crate) changed: Vec<String>,
    /// What holds only after a restart.
    pub(crate) waiting: Vec<String>,
}

impl Config {
    /// What holds from now on, if this was read while `former` held. `fixed` is what cannot change while the broker runs.
    ///
    /// # Errors
    /// When it would let in whom nobody let in before, or allow everything where there were rules, and does not say so.
    pub(crate) fn succeed(self, former: &Self, fixed: &Fixed) -> Result<Successor, Failure> {
        if self.says_nothing && !former.says_nothing {
            let file = self.file.as_ref().map(|file| file.display().to_string());
            return Err(Failure::usage(format!(
                "{}: it says nothing any more; an empty configuration is taken only at a start",
                file.unwrap_or_default()
            )));
        }
        let mut waiting: Vec<String> = fixed.changed(&self).into_iter().map(Into::into).collect();
        if self.threads != former.threads {
            waiting.push(format!("threads (it goes on with {})", former.threads));
        }
        let (listener, moved) = self.open_listeners(former);
        waiting.extend(moved);
        let config = Self {
            listener,
            threads: former.threads,
            ..self
        };
        config.check_doors(former)?;
        let changed = config.differences(former);
        Ok(Successor {
            config,
            changed,
            waiting,
        })
    }

    /// The listeners that are open, in their order, each with what is said of it now; and what would be opened or closed.
    fn open_listeners(&self, former: &Self) -> (Vec<Listener>, Vec<String>) {
        let mut left: Vec<&Listener> = self.listener.iter().collect();
        let mut waiting = Vec::new();
        let open = former.listener.iter().map(|open| {
            let name = open.address.to_string();
            let same = left.iter().position(|it| it.address.to_string() == name);
            match same {
                Some(at) => {
                    let now = left.remove(at);
                    if (now.mode, now.group) != (open.mode, open.group) {
                        waiting.push(format!("mode and group of {name}"));
                    }
                    Listener {
                        // A name that means another place now is listened to where it was.
                        address: open.address.clone(),
                        mode: open.mode,
                        group: open.group,
                        ..now.clone()
                    }
                }
                None => {
                    waiting.push(format!("listener {name} (open until then)"));
                    open.clone()
                }
            }
        });
        let open = open.collect();
        let new = left.iter();
        waiting.extend(new.map(|new| format!("listener {} (not open until then)", new.address)));
        (open, waiting)
    }

    /// Whether nothing is open that was closed, unless somebody has said so.
    fn check_doors(&self, former: &Self) -> Result<(), Failure> {
        for (now, then) in self.listener.iter().zip(&former.listener) {
            let address = &now.address;
            if self.asks_nobody(now) && !self.allows_anonymous(now) && !former.asks_nobody(then) {
                return Err(Failure::usage(format!(
                    "listener {address}: nobody came in without proving a name, and now everybody would; \
                     if that is what you want, say allow-anonymous = true"
                )));
            }
            if self.rules_file(now).is_none() && former.rules_file(then).is_some() {
                return Err(Failure::usage(format!(
                    "listener {address}: there were rules, and now everybody could do everything; if that is what you \
                     want, name an acl-file with the line \"topic readwrite #\", or start again"
                )));
            }
            if let Some(key) = now.lacks_guard_of(then)
                && !self.allows_anonymous(now)
            {
                return Err(Failure::usage(format!(
                    "listener {address}: {key} is gone, which kept somebody out; it can be changed now, and taken away by \
                     a restart"
                )));
            }
        }
        Ok(())
    }

    /// Who may do what at a listener.
    fn rules_file<'a>(&'a self, listener: &'a Listener) -> Option<&'a PathBuf> {
        let own = listener.acl_file.as_ref();
        own.or(self.auth.acl_file.as_ref())
    }

    /// The keys whose values are others than in the former one; what they are may be nobody else's business.
    fn differences(&self, former: &Self) -> Vec<String> {
        let table = |config: &Self| {
            let mut table = Table::try_from(config).expect("a configuration can be written");
            // One listener after the other, by its address.
            table.remove("listener");
            for listener in &config.listener {
                let keys = Table::try_from(listener).expect("a listener can be written");
                let name = format!("listener {}", listener.address);
                table.insert(name, Value::Table(keys));
            }
            table
        };
        let mut changed = Vec::new();
        note_differences("", &table(former), &table(self), &mut changed);
        changed
    }
}

impl Listener {
    /// The setting that kept somebody out of the one before, and is not here.
    fn lacks_guard_of(&self, former: &Self) -> Option<&'static str> {
        let guards = [
            (
                "client-ca",
                former.client_ca.is_some(),
                self.client_ca.is_some(),
            ),
            (
                "acl-file",
                former.acl_file.is_some(),
                self.acl_file.is_some(),
            ),
            (
                "proxies",
                !former.proxies.is_empty(),
                !self.proxies.is_empty(),
            ),
            (
                "jwt-audience",
                former.jwt_audience.is_some(),
                self.jwt_audience.is_some(),
            ),
            (
                "jwt-issuer",
                former.jwt_issuer.is_some(),
                self.jwt_issuer.is_some(),
            ),
            (
                "client-id-is-user-name",
                former.client_id_is_user_name,
                self.client_id_is_user_name,
            ),
        ];
        let lost = guards.into_iter().find(|&(_, was, is)| was && !is);
        lost.map(|(key, _, _)| key)
    }
}

/// Names the keys whose values differ.
fn note_differences(prefix: &str, former: &Table, now: &Table, changed: &mut Vec<String>) {
    let keys: BTreeSet<&String> = former.keys().chain(now.keys()).collect();
    for key in keys {
        let name = format!("{prefix}{key}");
        match (former.get(key), now.get(key)) {
            (Some(Value::Table(former)), Some(Value::Table(now))) => {
                note_differences(&format!("{name}."), former, now, changed);
            }
            (former, now) if former != now => changed.push(name),
            (_, _) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Config, Successor};

    /// What comes of a configuration that is read while another one holds.
    fn after(former: &str, now: &str) -> Result<Successor, String> {
        let parse = |text: &str| {
            let config: Config = toml::from_str(text).expect("it is a configuration");
            Config {
                says_nothing: text.is_empty(),
                ..config
            }
        };
        let former = parse(former);
        let succeeded = parse(now).succeed(&former, &former.fixed());
        succeeded.map_err(|failure| failure.to_string())
    }

    const PASSWORDS: &str = "[auth]\npassword-file = \"pw\"\n";
    const RULES: &str = "[auth]\npassword-file = \"pw\"\nacl-file = \"rules\"\n";
    const HOOK: &str = "[hook]\nurl = \"http://127.0.0.1:1/\"\n";
    const TOKENS: &str = "[auth]\njwt-keys-file = \"keys\"\n";
    const CERTIFICATES: &str =
        "[[listener]]\naddress = \"mqtts://127.0.0.1:1883\"\nclient-ca = \"ca\"\n";

    #[test]
    fn what_was_closed_is_opened_only_by_whoever_says_so() {
        let open = "[sys]\ninterval-s = 5\n";
        let own = "[[listener]]\naddress = \"127.0.0.1:1883\"\npassword-file = \"pw\"\n";
        let bare = "[[listener]]\naddress = \"mqtts://127.0.0.1:1883\"\n";
        for (former, now) in [
            (PASSWORDS, open),
            (HOOK, open),
            (TOKENS, open),
            (own, open),
            (CERTIFICATES, bare),
        ] {
            let why = after(former, now).expect_err(former);
            assert!(why.contains("allow-anonymous = true"), "{why}");
            let said = format!("{now}allow-anonymous = true\n");
            let said = match now == bare {
                true => said,
                false => said.replace("allow-", "[auth]\nallow-"),
            };
            after(former, &said).expect(former);
        }
        for (former, now) in [
            (open, open),
            (PASSWORDS, own),
            (own, PASSWORDS),
            (PASSWORDS, HOOK),
            (open, PASSWORDS),
        ] {
            after(former, now).expect(now);
        }
    }

    #[test]
    fn rules_do_not_vanish() {
        let own = "[[listener]]\naddress = \"127.0.0.1:1883\"\npassword-file = \"pw\"\nacl-file = \"r\"\n";
        for former in [RULES, own] {
            let why = after(former, PASSWORDS).expect_err(former);
            assert!(why.contains("topic readwrite #"), "{why}");
        }
        after(RULES, RULES).expect("nothing is gone");
        after(RULES, own).expect("others are there");
    }

    /// What a file lacks that was cut in its last listener.
    #[test]
    fn what_kept_somebody_out_of_a_listener_does_not_vanish() {
        let listener = "[auth]\npassword-file = \"pw\"\nacl-file = \"rules\"\n\
                        [[listener]]\naddress = \"mqtts://127.0.0.1:1883\"\n";
        for line in [
            "client-ca = \"ca\"",
            "acl-file = \"stricter\"",
            "proxies = [\"10.0.0.1\"]",
            "client-id-is-user-name = true",
        ] {
            let former = format!("{listener}{line}\n");
            let key = line.split(' ').next().unwrap_or_default();
            let why = after(&former, listener).expect_err(line);
            assert!(why.contains(&format!("{key} is gone")), "{why}");
            after(listener, &former).expect("it may come");
        }
    }

    #[test]
    fn an_emptied_file_is_no_configuration() {
        let why = after("[sys]\ninterval-s = 5\n", "").expect_err("it had something");
        assert!(why.contains("says nothing any more"), "{why}");
        after("", "").expect("it never had");
    }

    #[test]
    fn what_needs_a_restart_waits_and_holds_up_nothing_else() {
        let former =
            "[[listener]]\naddress = \"127.0.0.1:1\"\n[[listener]]\naddress = \"127.0.0.1:2\"\n";
        let now = "threads = 3\n[[listener]]\naddress = \"127.0.0.1:3\"\n[[listener]]\naddress = \"127.0.0.1:2\"\n\
                   connections-max = 5\n[broker]\nin-flight-max = 7\n[store]\npath = \"other\"\n";
        let Successor {
            config,
            changed,
            waiting,
        } = after(former, now).expect("nothing is opened");
        let open: Vec<_> = config
            .listener
            .iter()
            .map(|it| it.address.to_string())
            .collect();
        assert_eq!(open, ["127.0.0.1:1", "127.0.0.1:2"]);
        assert_eq!(config.listener[1].connections_max, Some(5));
        assert_eq!((config.threads, config.broker.in_flight_max), (1, 7));
        assert_eq!(
            changed,
            [
                "broker.in-flight-max",
                "listener 127.0.0.1:2.connections-max",
                "store.path"
            ]
        );
        assert_eq!(
            waiting,
            [
                "[store]",
                "threads (it goes on with 1)",
                "listener 127.0.0.1:1 (open until then)",
                "listener 127.0.0.1:3 (not open until then)"
            ]
        );
        // A listener that is to go stays, and so does what was asked for there.
        let closed = format!("[[listener]]\naddress = \"127.0.0.1:1\"\n{PASSWORDS}");
        let why = after(&closed, "[[listener]]\naddress = \"127.0.0.1:2\"\n");
        assert!(why.is_err_and(|why| why.starts_with("listener 127.0.0.1:1: ")));
    }
}
