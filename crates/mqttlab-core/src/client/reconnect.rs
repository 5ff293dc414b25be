//! When to connect again.

use crate::client::event::{Cause, Loss};
use crate::reason::ReasonCode;
use crate::rng::Rng;
use crate::time::Duration;

/// Whether and when a client connects again by itself.
///
/// ```
/// use core::time::Duration;
/// use mqttlab_core::client::Reconnect;
/// let every_five_seconds = Reconnect::fixed(Duration::from_secs(5));
/// let doubling = Reconnect::exponential(Duration::from_secs(1), Duration::from_secs(60));
/// assert_ne!(every_five_seconds, doubling);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
pub enum Reconnect {
    /// Only when the application asks for it.
    Never,
    /// After a delay that grows from attempt to attempt.
    After {
        /// The first delay.
        first: Duration,
        /// No delay is longer.
        max: Duration,
        /// Each delay is so many times the one before; 1 keeps it fixed.
        factor: u32,
        /// Up to so many percent are taken off each delay at random, so that many clients do not come back at the same
        /// moment; 0 to 100.
        jitter: u8,
        /// A connection that lasted so long lets the delays begin anew.
        steady_after: Duration,
        /// Give up after so many attempts in a row; `None` never does.
        attempts_max: Option<u32>,
    },
}

impl Default for Reconnect {
    /// 1 s, doubling up to 60 s, half of it at random.
    fn default() -> Self {
        Self::exponential(Duration::from_secs(1), Duration::from_secs(60)).with_jitter(50)
    }
}

impl Reconnect {
    /// Always the same delay.
    pub const fn fixed(delay: Duration) -> Self {
        Self::After {
            first: delay,
            max: delay,
            factor: 1,
            jitter: 0,
            steady_after: Duration::ZERO,
            attempts_max: None,
        }
    }

    /// Doubling delays, begun anew after a connection that lasted at least `max`.
    pub const fn exponential(first: Duration, max: Duration) -> Self {
        Self::After {
            first,
            max,
            factor: 2,
            jitter: 0,
            steady_after: max,
            attempts_max: None,
        }
    }

    /// The same with this jitter in percent.
    #[must_use]
    pub const fn with_jitter(self, percent: u8) -> Self {
        match self {
            Self::Never => Self::Never,
            Self::After {
                first,
                max,
                factor,
                jitter: _,
                steady_after,
                attempts_max,
            } => Self::After {
                first,
                max,
                factor,
                jitter: percent,
                steady_after,
                attempts_max,
            },
        }
    }

    /// The delay before attempt number `attempt` (0 is the first after a loss); `None` to give up.
    pub(super) fn delay(&self, attempt: u32, rng: &mut Rng) -> Option<Duration> {
        let &Self::After {
            first,
            max,
            factor,
            jitter,
            steady_after: _,
            attempts_max,
        } = self
        else {
            return None;
        };
        if attempts_max.is_some_and(|attempts_max| attempt >= attempts_max) {
            return None;
        }
        // 64 doublings pass every maximum, so the exponent needs no more.
        let growth = u128::from(factor).saturating_pow(attempt.min(64));
        let full = first
            .as_micros()
            .saturating_mul(growth)
            .min(max.as_micros());
        let full = u64::try_from(full).unwrap_or(u64::MAX);
        let span = u128::from(full) * u128::from(jitter.min(100)) / 100;
        let off = rng.below((span as u64).saturating_add(1));
        Some(Duration::from_micros(full - off))
    }

    /// Whether a connection that lasted this long lets the delays begin anew.
    pub(super) fn is_steady(&self, lasted: Duration) -> bool {
        match self {
            Self::Never => true,
            Self::After { steady_after, .. } => lasted >= *steady_after,
        }
    }
}

/// Whether trying again can help after a connection ended like this.
pub(super) const fn is_worth_a_retry(cause: &Cause) -> bool {
    match cause {
        Cause::Requested => false,
        Cause::Refused(reason) | Cause::ServerDisconnect(reason) => is_transient(*reason),
        Cause::OpenFailed
        | Cause::ConnectTimeout
        | Cause::PingTimeout
        | Cause::Lost(Loss::Fin | Loss::Rst | Loss::Error)
        | Cause::Malformed(_)
        | Cause::ProtocolError(_) => true,
    }
}

/// Whether the reason may be gone next time: overload, time limits, maintenance. Who the client is, what it sent and
/// whether it is allowed in will be the same.
const fn is_transient(reason: ReasonCode) -> bool {
    match reason {
        ReasonCode::Success
        | ReasonCode::UnspecifiedError
        | ReasonCode::ImplementationSpecificError
        | ReasonCode::ServerUnavailable
        | ReasonCode::ServerBusy
        | ReasonCode::ServerShuttingDown
        | ReasonCode::KeepAliveTimeout
        | ReasonCode::ReceiveMaximumExceeded
        | ReasonCode::MessageRateTooHigh
        | ReasonCode::QuotaExceeded
        | ReasonCode::AdministrativeAction
        | ReasonCode::ConnectionRateExceeded
        | ReasonCode::MaximumConnectTime => true,
        ReasonCode::GrantedQos1
        | ReasonCode::GrantedQos2
        | ReasonCode::DisconnectWithWill
        | ReasonCode::NoMatchingSubscribers
        | ReasonCode::NoSubscriptionExisted
        | ReasonCode::ContinueAuthentication
        | ReasonCode::ReAuthenticate
        | ReasonCode::MalformedPacket
        | ReasonCode::ProtocolError
        | ReasonCode::UnsupportedProtocolVersion
        | ReasonCode::ClientIdentifierNotValid
        | ReasonCode::BadUserNameOrPassword
        | ReasonCode::NotAuthorized
        | ReasonCode::Banned
        | ReasonCode::BadAuthenticationMethod
        | ReasonCode::SessionTakenOver
        | ReasonCode::TopicFilterInvalid
        | ReasonCode::TopicNameInvalid
        | ReasonCode::PacketIdentifierInUse
        | ReasonCode::PacketIdentifierNotFound
        | ReasonCode::TopicAliasInvalid
        | ReasonCode::PacketTooLarge
        | ReasonCode::PayloadFormatInvalid
        | ReasonCode::RetainNotSupported
        | ReasonCode::QosNotSupported
        | ReasonCode::UseAnotherServer
        | ReasonCode::ServerMoved
        | ReasonCode::SharedSubscriptionsNotSupported
        | ReasonCode::SubscriptionIdentifiersNotSupported
        | ReasonCode::WildcardSubscriptionsNotSupported => false,
    }
}
