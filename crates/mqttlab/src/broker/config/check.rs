//! What each value can be by itself, and all of them cannot be together.

use super::{Config, HttpAddress, Listener};
use crate::Failure;
use crate::broker::Scheme;
use crate::broker::transport::ProxiesSay;

/// Nobody waits longer for a broker that was told to stop.
const STOP_WITHIN_S_MAX: u32 = 3_600;
/// A token that is good for so much longer is hardly one that ends.
const LEEWAY_S_MAX: u32 = 300;

impl Config {
    /// Whether it makes sense, as far as no file that it names must be read for that.
    ///
    /// # Errors
    /// Where it does not.
    pub(crate) fn check(&self) -> Result<(), Failure> {
        self.check_threads()?;
        self.check_limits()?;
        self.check_places()?;
        self.check_effects()?;
        let mut listeners = self.listener.iter();
        listeners.try_for_each(|listener| {
            check_layers(listener)?;
            self.check_way_in(listener)?;
            self.check_names(listener)
        })
    }

    /// What is set and does nothing is a mistake: somebody relies on it.
    fn check_effects(&self) -> Result<(), Failure> {
        let (auth, hook) = (&self.auth, &self.hook);
        let takes_tokens = self.listener.iter().any(|it| self.takes_tokens(it));
        let needs_url = hook.url.is_none();
        let all = [
            (
                "auth.jwt-audience",
                auth.jwt_audience.is_some() && !takes_tokens,
                "keys; give jwt-keys-file or jwt-keys-url",
            ),
            (
                "auth.jwt-issuer",
                auth.jwt_issuer.is_some() && !takes_tokens,
                "keys; give jwt-keys-file or jwt-keys-url",
            ),
            (
                "hook.token-file",
                hook.token_file.is_some() && needs_url,
                "a server to ask; give hook.url",
            ),
            (
                "hook.ca",
                hook.ca.is_some() && needs_url,
                "a server to ask; give hook.url",
            ),
        ];
        if let Some((name, _, what)) = all.into_iter().find(|(_, is_idle, _)| *is_idle) {
            return Err(Failure::usage(format!("{name} needs {what}")));
        }
        if auth.jwt_keys_refresh_s == 0 {
            return Err(Failure::usage("auth.jwt-keys-refresh-s: give at least 1"));
        }
        Ok(())
    }

    /// A listener where nobody could come in is none.
    fn check_way_in(&self, listener: &Listener) -> Result<(), Failure> {
        let Listener {
            address,
            connections_max,
            versions,
            proxies,
            proxies_say,
            ..
        } = listener;
        let complain = |why: &str| Err(Failure::usage(format!("{address}: {why}")));
        if *connections_max == Some(0) {
            return complain(
                "connections-max is 0, and nobody could connect; give at least 1, or leave it out",
            );
        }
        let spoken = &self.broker.versions;
        if !versions.is_empty() && !versions.iter().any(|it| spoken.contains(it)) {
            return complain("nobody could connect: none of its versions is among broker.versions");
        }
        if *proxies_say == Some(ProxiesSay::ProxyProtocol) && proxies.is_empty() {
            return complain("proxies-say is for the addresses in proxies; give these too");
        }
        Ok(())
    }

    /// A name that anybody may say is no reason to let somebody have a session.
    fn check_names(&self, listener: &Listener) -> Result<(), Failure> {
        let proves_names = self.password_file(listener).is_some()
            || self.takes_tokens(listener)
            || self.asks_hook(listener)
            || listener.user_name_from.is_some();
        if listener.client_id_is_user_name && !proves_names {
            return Err(Failure::usage(format!(
                "{}: client-id-is-user-name needs somebody who proves User Names; give a password file, keys of tokens, \
                 hook.url or user-name-from",
                listener.address
            )));
        }
        Ok(())
    }

    /// What is there twice would be another program to itself.
    fn check_places(&self) -> Result<(), Failure> {
        for (number, one) in self.listener.iter().enumerate() {
            let others = &self.listener[number + 1..];
            if let Some(other) = others.iter().find(|it| it.address.overlaps(&one.address)) {
                return Err(twice(&place(one), &place(other)));
            }
            if let HttpAddress::At(http) = &self.http.address
                && one.address.address.overlaps(http)
            {
                return Err(twice(&place(one), &http.to_string()));
            }
        }
        Ok(())
    }

    /// Nobody could be served with a limit of nothing.
    fn check_limits(&self) -> Result<(), Failure> {
        let broker = &self.broker;
        let limits: [(&str, u32); 10] = [
            ("connect-timeout-ms", broker.connect_timeout_ms),
            ("connections-max", broker.connections_max),
            ("sessions-max", broker.sessions_max),
            ("client-id-length-max", broker.client_id_length_max.into()),
            ("packet-size-max", broker.packet_size_max),
            ("receive-maximum", broker.receive_maximum.into()),
            ("receive-maximum-v3", broker.receive_maximum_v3.into()),
            ("topic-length-max", broker.topic_length_max.into()),
            ("topic-levels-max", broker.topic_levels_max.into()),
            ("in-flight-max", broker.in_flight_max.into()),
        ];
        if let Some((name, _)) = limits.iter().find(|(_, limit)| *limit == 0) {
            return Err(Failure::usage(format!(
                "broker.{name} is 0; give at least 1"
            )));
        }
        if broker.versions.is_empty() {
            return Err(Failure::usage(
                "broker.versions is empty; give one of \"3.1\", \"3.1.1\" and \"5.0\" or more",
            ));
        }
        if self.auth.jwt_leeway_s > LEEWAY_S_MAX {
            return Err(Failure::usage(format!(
                "auth.jwt-leeway-s is {}; give at most {LEEWAY_S_MAX}",
                self.auth.jwt_leeway_s
            )));
        }
        if self.auth.login_timeout_s == 0 {
            return Err(Failure::usage("auth.login-timeout-s is 0; give at least 1"));
        }
        if self.stop.within_s > STOP_WITHIN_S_MAX {
            return Err(Failure::usage(format!(
                "stop.within-s is {}; give at most {STOP_WITHIN_S_MAX}",
                self.stop.within_s
            )));
        }
        Ok(())
    }
}

/// Where it listens, without what is spoken there.
fn place(listener: &Listener) -> String {
    match listener.address.scheme {
        Scheme::Unix => listener.address.to_string(),
        Scheme::Mqtt | Scheme::Mqtts | Scheme::Ws | Scheme::Wss => {
            listener.address.address.to_string()
        }
    }
}

/// Two that one socket would have to be.
fn twice(one: &str, other: &str) -> Failure {
    let what = match one == other {
        true => format!("{one} is there twice"),
        false => format!("{one} and {other} are at the same place"),
    };
    Failure::usage(format!(
        "{what}; give each listener, and HTTP, an address of its own"
    ))
}

/// Whoever names a certificate thinks that there is TLS: it is not left away in silence.
fn check_layers(listener: &Listener) -> Result<(), Failure> {
    let Listener {
        address,
        mode,
        group,
        certificate,
        key,
        client_ca,
        client_crl,
        origins,
        ..
    } = listener;
    let of_tls = [
        ("certificate", certificate),
        ("key", key),
        ("client-ca", client_ca),
        ("client-crl", client_crl),
    ];
    if !address.scheme.has_tls()
        && let Some((name, _)) = of_tls.iter().find(|(_, file)| file.is_some())
    {
        return Err(Failure::usage(format!(
            "{address}: {name} is for listeners with TLS; begin the address with mqtts:// or wss://"
        )));
    }
    if address.scheme != Scheme::Unix && (mode.is_some() || group.is_some()) {
        return Err(Failure::usage(format!(
            "{address}: mode and group are for Unix sockets; begin the address with unix://"
        )));
    }
    if !address.scheme.has_ws() && !origins.is_empty() {
        return Err(Failure::usage(format!(
            "{address}: origins is for listeners with WebSocket; begin the address with ws:// or wss://"
        )));
    }
    Ok(())
}
