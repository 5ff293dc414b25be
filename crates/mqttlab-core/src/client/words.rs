//! The client's decisions in plain words.

use core::fmt;

use crate::client::why::{
    BugKind, CleanStartBecause, Decision, DiscardBecause, NoRetryBecause, QueueBecause,
};
use crate::client::{Cause, Dropped, Loss};
use crate::packet::QoS;
use crate::qos::Stage;
use crate::reason::ReasonCode;

#[expect(clippy::too_many_lines, reason = "a table: one line for each decision")]
impl fmt::Display for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Open { attempt: 0 } => f.write_str("opens a connection"),
            Self::Open { attempt } => write!(f, "opens a connection, attempt {}", attempt + 1),
            Self::AskForSession {
                clean_start,
                because,
            } => {
                f.write_str(if *clean_start {
                    "asks for a new session"
                } else {
                    "asks to go on with its session"
                })?;
                f.write_str(match because {
                    CleanStartBecause::Options => "",
                    CleanStartBecause::Resume => ", because the connection was lost",
                    CleanStartBecause::UnknownSession => {
                        ", because the server had one that it does not know"
                    }
                })
            }
            Self::UseServerKeepAlive { seconds } => {
                write!(f, "uses the server's Keep Alive of {seconds} s")
            }
            Self::UseAssignedClientId => {
                f.write_str("uses the Client Identifier that the server gave it")
            }
            Self::Ping { idle } => {
                write!(f, "sends PINGREQ: it sent nothing for {} s", idle.as_secs())
            }
            Self::PingAnswered => f.write_str("knows that the server is there"),
            Self::Malformed(error) => write!(f, "closes the connection: {}", error.kind),
            Self::ProtocolError(error) => write!(f, "closes the connection: {}", error.kind),
            Self::End { cause } => write!(f, "takes the connection as ended: {cause}"),
            Self::RetryIn { delay, .. } => {
                write!(f, "will connect again in {} ms", delay.as_millis())
            }
            Self::NoRetry { because } => match because {
                NoRetryBecause::Requested => f.write_str("will not connect again by itself"),
                NoRetryBecause::Policy => f.write_str("will not connect again: it is told not to"),
                NoRetryBecause::Reason(reason) => {
                    write!(f, "will not connect again: {reason} would be the same")
                }
            },
            Self::IgnoreStray => f.write_str("ignores what belongs to no connection"),
            Self::Bug(bug) => write!(f, "makes a mistake, switched on: {bug}"),
            Self::ResumeSession { outgoing, incoming } => write!(
                f,
                "goes on with the session: {outgoing} outgoing and {incoming} incoming messages incomplete"
            ),
            Self::BeginSession => f.write_str("begins a session"),
            Self::KeepSession { outgoing, incoming } => write!(
                f,
                "keeps the session: {outgoing} outgoing and {incoming} incoming messages incomplete"
            ),
            Self::DiscardSession { because, outgoing } => {
                let because = match because {
                    DiscardBecause::ConnectionEnded => "it ends with its connection",
                    DiscardBecause::CleanStart => "a new one is asked for",
                    DiscardBecause::OtherClientId => "it has another Client Identifier",
                    DiscardBecause::NotAtServer => "the server has none",
                    DiscardBecause::Expired => "it expired",
                };
                write!(
                    f,
                    "forgets the session, {because}: {outgoing} messages were in flight"
                )
            }
            Self::ForgetIncoming { incoming } => write!(
                f,
                "forgets {incoming} incoming identifiers: the server has no session"
            ),
            Self::ResumeWithoutServer { outgoing } => write!(
                f,
                "sends {outgoing} messages again although the server has no session"
            ),
            Self::Resubscribe { filters } => write!(f, "subscribes to {filters} filters again"),
            Self::ForgetSubscriptions { filters } => write!(
                f,
                "does not renew {filters} subscriptions that went with the session"
            ),
            Self::SubscriptionRefused { index, code } => {
                write!(
                    f,
                    "learns that filter {} was refused with 0x{code:02X}",
                    index + 1
                )
            }
            Self::Request {
                packet, packet_id, ..
            } => write!(f, "sends {packet} as {packet_id}"),
            Self::QueueRequest { .. } => f.write_str("lets a request wait for a connection"),
            Self::AskForAuthentication => {
                f.write_str("asks its application to go on with the authentication")
            }
            Self::Authenticate => f.write_str("goes on with the authentication"),
            Self::Reauthenticate => f.write_str("authenticates anew"),
            Self::AcceptReauthentication => f.write_str("is authenticated anew"),
            Self::Disconnect {
                reason: ReasonCode::Success,
            } => f.write_str("says DISCONNECT and closes the connection"),
            Self::Disconnect { reason } => {
                write!(f, "says DISCONNECT with {reason} and closes the connection")
            }
            Self::RepeatRequest { .. } => {
                f.write_str("will make a request again that got no answer")
            }
            Self::DropRequest { error, .. } => write!(f, "drops a request: {error}"),
            Self::Publish {
                ticket,
                packet_id: Some(packet_id),
                qos,
            } => write!(
                f,
                "publishes message {ticket} with QoS {} as {packet_id}",
                qos.number()
            ),
            Self::Publish {
                ticket,
                packet_id: None,
                qos,
            } => {
                write!(f, "publishes message {ticket} with QoS {}", qos.number())
            }
            Self::PublishAgain { packet_id } => {
                write!(f, "publishes {packet_id} again: it was not acknowledged")
            }
            Self::ReleaseAgain { packet_id } => write!(
                f,
                "sends PUBREL {packet_id} again, and not PUBLISH: the server has the message"
            ),
            Self::Queue { ticket, because } => {
                let because = match because {
                    QueueBecause::NotConnected => "for a connection",
                    QueueBecause::WindowFull => "because the window is full",
                    QueueBecause::Behind => "behind others",
                    QueueBecause::WriteBuffer => "because the network takes no more",
                };
                write!(f, "lets message {ticket} wait {because}")
            }
            Self::Complete { packet_id, reason } if reason.is_error() => {
                write!(f, "is done with {packet_id}: {reason}")
            }
            Self::Complete { packet_id, .. } => write!(f, "is done with {packet_id}"),
            Self::Drop { ticket, why } => write!(f, "drops message {ticket}: {why}"),
            Self::Republish { ticket } => {
                write!(f, "will publish message {ticket} again as a new one")
            }
            Self::SetAlias { alias } => write!(f, "gives the topic the alias {alias}"),
            Self::UseAlias { alias } => write!(f, "sends the alias {alias} for the topic"),
            Self::Release { packet_id } => write!(
                f,
                "releases {packet_id}: the server has it, PUBLISH never goes again"
            ),
            Self::IgnoreAck { packet, packet_id } => {
                write!(f, "ignores {packet} {packet_id}: nothing waits for it")
            }
            Self::AnswerUnknown { packet, packet_id } => {
                write!(f, "answers {packet} {packet_id}, which it does not know")
            }
            Self::Deliver { qos, packet_id } => match (qos, packet_id) {
                (QoS::AtMostOnce | QoS::AtLeastOnce | QoS::ExactlyOnce, Some(packet_id)) => {
                    write!(f, "takes message {packet_id} with QoS {}", qos.number())
                }
                (QoS::AtMostOnce | QoS::AtLeastOnce | QoS::ExactlyOnce, None) => {
                    write!(f, "takes a message with QoS {}", qos.number())
                }
            },
            Self::SuppressDuplicate { packet_id } => {
                write!(f, "has taken {packet_id} before and only acknowledges it")
            }
            Self::Forget { packet_id } => {
                write!(f, "lets go of {packet_id}: it may stand for a new message")
            }
        }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Requested => f.write_str("asked for"),
            Self::OpenFailed => f.write_str("it could not be opened"),
            Self::ConnectTimeout => f.write_str("no answer in time"),
            Self::PingTimeout => f.write_str("no PINGRESP in time"),
            Self::Refused(reason) => write!(f, "refused with {reason}"),
            Self::Lost(Loss::Fin) => f.write_str("the server closed it"),
            Self::Lost(Loss::Rst) => f.write_str("it was reset"),
            Self::Lost(Loss::Error) => f.write_str("it broke"),
            Self::ServerDisconnect(reason) => write!(f, "DISCONNECT with {reason}"),
            Self::Malformed(error) => write!(f, "{error}"),
            Self::ProtocolError(error) => write!(f, "{error}"),
        }
    }
}

impl fmt::Display for Dropped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::SessionEnded(Stage::PubAck) => "the session ended before PUBACK",
            Self::SessionEnded(Stage::PubRec) => "the session ended before PUBREC",
            Self::SessionEnded(Stage::PubComp) => "the session ended before PUBCOMP",
            Self::QueueFull => "newer ones need the room",
            Self::Expired => "it expired",
            Self::PacketTooLarge => "the server takes only smaller packets",
            Self::QosNotSupported => "the server does not take this QoS",
            Self::RetainNotAvailable => "the server keeps no retained messages",
            Self::Replaced => "another one took its Packet Identifier",
        })
    }
}

impl fmt::Display for BugKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::KeepAliveRestartsOnReceive => "Keep Alive begins anew on a received packet",
            Self::PublishAfterPubrel => "PUBLISH goes out again after PUBREL",
            Self::IgnoreSubackFailure => "a refused subscription is taken for granted",
            Self::DupNeverSet => "DUP is not set",
            Self::PacketIdReuse => "a Packet Identifier in use is used again",
            Self::EmptyClientIdWithSession => "an empty Client Identifier asks for a kept session",
        })
    }
}
