//! `/metrics` in the text format of Prometheus.

use std::fmt::{Display, Write};
use std::time::Duration;

use mqttlab_core::broker::CloseKind;

use crate::broker::auth::CheckNumbers;
use crate::broker::expiry::Expiry;
use crate::broker::serve::Renewals;
use crate::broker::shard::Report;
use crate::broker::store;

/// The content type of the format.
pub(super) const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Writes the metrics one after the other.
struct Text(String);

impl Text {
    fn head(&mut self, name: &str, kind: &str, help: &str) {
        // A String takes all that is written to it.
        let _ = writeln!(
            self.0,
            "# HELP mqttlab_{name} {help}\n# TYPE mqttlab_{name} {kind}"
        );
    }

    fn value(&mut self, name: &str, label: Option<(&str, &dyn Display)>, value: u64) {
        let _ = match label {
            None => writeln!(self.0, "mqttlab_{name} {value}"),
            Some((label, of)) => writeln!(self.0, "mqttlab_{name}{{{label}=\"{of}\"}} {value}"),
        };
    }

    fn counter(&mut self, name: &str, help: &str, value: u64) {
        self.head(name, "counter", help);
        self.value(name, None, value);
    }

    fn gauge(&mut self, name: &str, help: &str, value: u64) {
        self.head(name, "gauge", help);
        self.value(name, None, value);
    }

    /// Seconds, split by what the label says.
    fn seconds(
        &mut self,
        (name, kind): (&str, &str),
        help: &str,
        label: &str,
        values: impl Iterator<Item = (&'static str, Duration)>,
    ) {
        self.head(name, kind, help);
        for (of, value) in values {
            let (whole, part) = (value.as_secs(), value.subsec_micros());
            let _ = writeln!(
                self.0,
                "mqttlab_{name}{{{label}=\"{of}\"}} {whole}.{part:06}"
            );
        }
    }

    /// A counter split by what its label says. Names are of our own making and need no escapes.
    fn counters<L: Display>(
        &mut self,
        name: &str,
        help: &str,
        label: &str,
        values: impl Iterator<Item = (L, u64)>,
    ) {
        self.head(name, "counter", help);
        for (of, value) in values {
            self.value(name, Some((label, &of)), value);
        }
    }
}

/// The report as Prometheus reads it.
pub(super) fn text(report: &Report, renewals: &Renewals) -> String {
    let mut text = Text(String::with_capacity(8 << 10));
    for &(name, help, value) in GAUGES {
        text.gauge(name, help, value(report));
    }
    for &(name, help, value) in COUNTERS {
        text.counter(name, help, value(report));
    }
    text.gauge(
        "configuration_stale",
        "1 while the broker does not go by all of its files: something in them is wrong, or needs a restart.",
        renewals.is_stale().into(),
    );
    text.counter(
        "reloads_total",
        "How often configuration, passwords, rules and certificates were read again.",
        renewals.done(),
    );
    text.counter(
        "reloads_failed_total",
        "How often something was wrong with them, and nothing changed.",
        renewals.failed(),
    );
    certificates(&mut text, renewals);
    if let Some(store) = &report.store {
        for &(name, kind, help, value) in STORE {
            text.head(name, kind, help);
            text.value(name, None, value(store));
        }
    }
    entry(&mut text, report);
    checks(&mut text, report);
    others(&mut text, report);
    let counters = &report.counters;
    for (name, help, counts) in [
        (
            "publish_received_total",
            "PUBLISHes that were accepted.",
            counters.received,
        ),
        (
            "publish_sent_total",
            "PUBLISHes that were sent, each once.",
            counters.sent,
        ),
    ] {
        text.counters(name, help, "qos", counts.into_iter().enumerate());
    }
    text.counters(
        "messages_dropped_total",
        "Messages that a session was meant to get and did not.",
        "reason",
        counters.drops(),
    );
    refusals(&mut text, report);
    text.counters(
        "connections_closed_total",
        "Connections that the broker closed, or DISCONNECT ended.",
        "reason",
        counters
            .closes()
            .map(|(kind, count)| (close_name(kind), count)),
    );
    text.0
}

/// Until when the certificates of listeners are good.
fn certificates(text: &mut Text, renewals: &Renewals) {
    let name = "certificate_expires_timestamp_seconds";
    let expiries = renewals.expiries.list();
    if expiries.is_empty() {
        return;
    }
    text.head(
        name,
        "gauge",
        "When the certificate of a listener expires, in seconds since 1970.",
    );
    for Expiry { listener, at_s } in expiries {
        let listener = listener.replace('\\', "\\\\").replace('"', "\\\"");
        text.value(name, Some(("listener", &listener)), at_s.max(0) as u64);
    }
}

/// Whose CONNECT was refused, and why.
fn refusals(text: &mut Text, report: &Report) {
    text.counters(
        "connects_refused_total",
        "CONNECTs that were refused.",
        "reason",
        report
            .counters
            .refusals()
            .map(|(reason, count)| (reason.name(), count)),
    );
    text.counters(
        "turned_away_total",
        "Clients whose CONNECT was refused, by why, as the log says it.",
        "why",
        report
            .logins
            .turned_away
            .iter()
            .map(|(&why, &count)| (why, count)),
    );
}

/// Who was not taken in, and which limits were reached.
fn entry(text: &mut Text, report: &Report) {
    let traffic = &report.traffic;
    text.counters(
        "sockets_refused_total",
        "Connections that were not taken in; those over a limit are under limits_reached_total.",
        "reason",
        [
            ("banned", traffic.banned),
            ("no proxy", traffic.no_proxy),
            ("failed", traffic.failed),
        ]
        .into_iter(),
    );
    text.counters(
        "limits_reached_total",
        "How often clients reached a limit of [limits], [flapping], [failures] or their listener.",
        "limit",
        report.reached.iter(),
    );
}

/// How long clients wait until somebody has checked who they are.
fn checks(text: &mut Text, report: &Report) {
    let all = [
        ("passwords", &report.logins.checks.broker),
        ("hook", &report.logins.checks.hook),
    ];
    let count = |of: fn(&CheckNumbers) -> u64| all.map(|(name, checks)| (name, of(checks)));
    let time = |of: fn(&CheckNumbers) -> Duration| all.map(|(name, checks)| (name, of(checks)));
    text.head(
        "login_checks_waiting",
        "gauge",
        "Clients that wait for their password or token to be checked, or for the hook.",
    );
    for (of, value) in count(|checks| checks.waiting) {
        text.value("login_checks_waiting", Some(("of", &of)), value);
    }
    text.seconds(
        ("login_checks_longest_wait_seconds", "gauge"),
        "How long the first of them has waited.",
        "of",
        time(|checks| checks.longest).into_iter(),
    );
    text.seconds(
        ("login_checks_wait_seconds_total", "counter"),
        "How long clients have waited until they were answered, all together.",
        "of",
        time(|checks| checks.waited).into_iter(),
    );
    for (name, help, of) in CHECKS {
        text.counters(name, help, "of", count(*of).into_iter());
    }
}

/// Name, help, and where the number is.
type CheckMetric = (&'static str, &'static str, fn(&CheckNumbers) -> u64);

const CHECKS: &[CheckMetric] = &[
    (
        "login_checks_answered_total",
        "Clients that were answered.",
        |checks| checks.answered,
    ),
    (
        "login_checks_gone_total",
        "Clients that went away while they waited.",
        |checks| checks.gone,
    ),
    (
        "login_checks_late_total",
        "Clients that were turned away because they had waited for login-timeout-s.",
        |checks| checks.late,
    ),
    (
        "login_checks_busy_total",
        "Clients that were turned away because too many waited.",
        |checks| checks.busy,
    ),
];

/// Others who are asked about clients.
fn others(text: &mut Text, report: &Report) {
    if let Some(hook) = &report.hook {
        text.counters(
            "hook_answers_total",
            "Clients that the hook was to be asked about, by what came of it.",
            "answer",
            [
                ("allowed", hook.allowed),
                ("denied", hook.denied),
                ("failed", hook.failed),
                ("busy", hook.busy),
                ("remembered", hook.remembered),
            ]
            .into_iter(),
        );
    }
    if let Some(keys) = &report.keys {
        text.counter(
            "jwt_keys_fetched_total",
            "Key sets that came.",
            keys.fetched,
        );
        text.counter(
            "jwt_keys_failed_total",
            "Key sets that did not.",
            keys.failed,
        );
        text.gauge("jwt_keys", "Keys of the last good sets.", keys.keys);
        text.gauge(
            "jwt_key_sets_missing",
            "Servers of key sets of which no good one has come yet.",
            keys.missing,
        );
        if let Some(age_s) = keys.age_s {
            text.gauge(
                "jwt_keys_age_seconds",
                "How old the oldest of the last good sets is.",
                age_s,
            );
        }
    }
}

/// Name, help, and where the number is.
type Metric = (&'static str, &'static str, fn(&Report) -> u64);

/// Name, kind, help, and where the number is: of what only a broker with a store has.
type StoreMetric = (
    &'static str,
    &'static str,
    &'static str,
    fn(&store::Numbers) -> u64,
);

const STORE: &[StoreMetric] = &[
    (
        "store_changes_total",
        "counter",
        "Changes of durable state that were written.",
        |store| store.changes,
    ),
    (
        "store_commits_total",
        "counter",
        "Transactions that they took.",
        |store| store.commits,
    ),
    (
        "store_rewrites_total",
        "counter",
        "How often the store was written anew.",
        |store| store.rewrites,
    ),
    (
        "store_waiting",
        "gauge",
        "Changes that wait for the disk.",
        |store| store.waiting,
    ),
    (
        "store_failed",
        "gauge",
        "1 where the store has failed and nothing is kept any more.",
        |store| store.failed.into(),
    ),
    (
        "store_salvaged",
        "gauge",
        "1 where the store was damaged when the broker started.",
        |store| store.salvaged.into(),
    ),
];

const GAUGES: &[Metric] = &[
    ("uptime_seconds", "How long the broker has run.", |report| {
        report.uptime.as_secs()
    }),
    ("threads", "Threads that serve clients.", |report| {
        report.letters.loops
    }),
    (
        "thread_letters_under_way",
        "What threads have told each other and not handled yet; a letter is all of one round.",
        |report| report.letters.under_way,
    ),
    ("connections", "Network connections.", |report| {
        report.usage.connections as u64
    }),
    ("sessions", "Sessions, connected or not.", |report| {
        report.usage.sessions as u64
    }),
    (
        "session_bytes",
        "Memory for connections and sessions.",
        |report| report.usage.session_bytes,
    ),
    (
        "subscriptions",
        "Subscriptions of all sessions.",
        |report| report.usage.subscriptions as u64,
    ),
    ("subscription_bytes", "Memory for them.", |report| {
        report.usage.subscription_bytes
    }),
    (
        "messages_stored",
        "Messages that wait, are in flight or are retained.",
        |report| report.usage.messages as u64,
    ),
    ("messages_stored_bytes", "Memory for them.", |report| {
        report.usage.message_bytes
    }),
    ("retained", "Retained messages.", |report| {
        report.usage.retained as u64
    }),
    ("retained_bytes", "Memory for them.", |report| {
        report.usage.retained_bytes
    }),
];

const COUNTERS: &[Metric] = &[
    (
        "sockets_opened_total",
        "Connections that were taken in.",
        |report| report.traffic.connections,
    ),
    (
        "received_bytes_total",
        "Bytes of MQTT from clients.",
        |report| report.traffic.bytes_read,
    ),
    ("sent_bytes_total", "Bytes of MQTT to clients.", |report| {
        report.traffic.bytes_written
    }),
    (
        "thread_letters_total",
        "Letters that threads have written to each other.",
        |report| report.letters.sent,
    ),
    (
        "thread_waits_total",
        "How often a thread read nothing from its clients until others had room for what they say.",
        |report| report.letters.waits,
    ),
    (
        "connects_accepted_total",
        "CONNECTs that were accepted.",
        |report| report.counters.accepted,
    ),
    (
        "connections_taken_over_total",
        "Connections that another one with the same Client Identifier ended.",
        |report| report.counters.taken_over,
    ),
    (
        "connections_lost_total",
        "Connections that went away by themselves.",
        |report| report.counters.lost,
    ),
    ("sessions_ended_total", "Sessions that ended.", |report| {
        report.counters.sessions_ended
    }),
    (
        "sessions_expired_total",
        "Those of them whose Session Expiry Interval was over.",
        |report| report.counters.sessions_expired,
    ),
    (
        "packets_received_total",
        "Packets of MQTT of every type from clients.",
        |report| report.traffic.packets_read,
    ),
    (
        "packets_sent_total",
        "Packets of MQTT of every type to clients.",
        |report| report.traffic.packets_written,
    ),
    (
        "publish_resent_total",
        "PUBLISHes that were sent again on a new connection.",
        |report| report.counters.resent,
    ),
    (
        "publish_repeated_total",
        "QoS 2 PUBLISHes that had been passed on before.",
        |report| report.counters.repeated,
    ),
    (
        "publish_unwanted_total",
        "PUBLISHes that nobody subscribed to.",
        |report| report.counters.unwanted,
    ),
    (
        "publish_refused_total",
        "PUBLISHes that were refused.",
        |report| report.counters.publish_refused,
    ),
    (
        "messages_queued_total",
        "Messages that had to wait.",
        |report| report.counters.queued,
    ),
    (
        "messages_completed_total",
        "QoS 1 and 2 messages that clients acknowledged.",
        |report| report.counters.completed,
    ),
    (
        "messages_refused_by_clients_total",
        "QoS 1 and 2 messages that clients refused.",
        |report| report.counters.refused_by_clients,
    ),
    (
        "subscriptions_refused_total",
        "Topic Filters that were refused.",
        |report| report.counters.subscriptions_refused,
    ),
    (
        "subscriptions_revoked_total",
        "Subscriptions that were taken away because they are allowed no longer.",
        |report| report.counters.subscriptions_revoked,
    ),
    (
        "acknowledgements_unexpected_total",
        "Acknowledgements that fit nothing.",
        |report| report.counters.acks_unexpected,
    ),
    (
        "share_empty_total",
        "Messages for which a shared subscription had nobody.",
        |report| report.counters.share_empty,
    ),
    (
        "packets_unsendable_total",
        "Packets of the broker that were larger than the client accepts.",
        |report| report.counters.unsendable,
    ),
    (
        "retained_refused_total",
        "Messages that were not retained for want of room.",
        |report| report.counters.retained_refused,
    ),
    (
        "retained_expired_total",
        "Retained messages that expired.",
        |report| report.counters.retained_expired,
    ),
    (
        "wills_published_total",
        "Wills that were published.",
        |report| report.counters.wills_published,
    ),
    (
        "wills_discarded_total",
        "Wills that were thrown away.",
        |report| report.counters.wills_discarded,
    ),
];

fn close_name(kind: CloseKind) -> &'static str {
    match kind {
        CloseKind::Disconnect => "disconnect",
        CloseKind::Refused => "refused",
        CloseKind::ConnectTimeout => "connect timeout",
        CloseKind::KeepAlive => "keep alive",
        CloseKind::TakenOver => "taken over",
        CloseKind::Malformed => "malformed",
        CloseKind::ProtocolError => "protocol error",
        CloseKind::Quota => "quota",
        CloseKind::Administrative => "administrative",
        CloseKind::Banned => "banned",
        CloseKind::Rate => "rate",
        CloseKind::ConnectTime => "connect time",
    }
}
