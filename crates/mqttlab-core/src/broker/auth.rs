//! Who may do what: the questions that the broker asks its driver.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

use crate::packet::Version;
use crate::reason::ReasonCode;

/// A client asks to be let in, or goes on with that.
#[derive(Clone, Copy, Debug)]
pub struct AuthRequest<'a> {
    /// Where in the conversation this is.
    pub step: AuthStep,
    /// Protocol version of its CONNECT.
    pub version: Version,
    /// Client Identifier as sent; may be empty.
    pub client_id: &'a str,
    /// User Name. One without a password proves nothing.
    pub user_name: Option<&'a str>,
    /// Password.
    pub password: Option<&'a [u8]>,
    /// Authentication Method (5.0).
    pub method: Option<&'a str>,
    /// Authentication Data (5.0).
    pub data: Option<&'a [u8]>,
}

/// Which packet an [`AuthRequest`] came with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuthStep {
    /// CONNECT.
    Connect,
    /// AUTH that answers the server's AUTH (5.0).
    Continue,
    /// AUTH that begins a re-authentication of a client that is in already (5.0).
    ReAuthenticate,
}

/// The answer to an [`AuthRequest`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Authorization {
    /// Let it in.
    Allow,
    /// Let it in, with something to add.
    AllowAs(Box<Grant>),
    /// Send AUTH with these Authentication Data and ask again with what the client answers (5.0).
    Continue(Vec<u8>),
    /// Refuse it for this reason.
    Deny(ReasonCode),
    /// Refuse it with Use another server or Server moved, and say which (5.0).
    Redirect {
        /// [`ReasonCode::UseAnotherServer`] or [`ReasonCode::ServerMoved`].
        reason: ReasonCode,
        /// Server Reference.
        server: String,
    },
    /// The answer comes later. The time for CONNECT stands still until it does: the client has done its part, and the
    /// driver answers within a time of its own.
    Pending,
}

/// What goes with a permission to connect.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Grant {
    /// The name that the client has proven, in place of the User Name that it sent.
    pub user_name: Option<String>,
    /// Authentication Data for the CONNACK, or the AUTH that ends a re-authentication (5.0).
    pub data: Option<Vec<u8>>,
    /// The largest packet that it may send, in bytes, where that is less than
    /// [`packet_size_max`](crate::broker::Config::packet_size_max). The driver's link checks it; here it is what a 5.0
    /// client is told. [MQTT-3.2.2-15]
    pub packet_size_max: Option<u32>,
    /// What the driver wants to be told again whenever it is asked what this client may do, such as where it came in. It is
    /// kept with the session and with what the client publishes to be retained, also in a store. Nobody else sees it.
    pub stamp: Vec<u8>,
}

/// Who does something, or has done it: the client behind a session.
#[derive(Clone, Copy, Debug)]
pub struct Identity<'a> {
    /// Client Identifier.
    pub client_id: &'a str,
    /// User Name that was proven at CONNECT.
    pub user_name: Option<&'a str>,
    /// What the driver [wrote](Grant::stamp) when it was let in; empty for nothing.
    pub stamp: &'a [u8],
}

/// What a client wants with a topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Send a message to it, at once or as a will.
    Publish,
    /// Subscribe with this Topic Filter.
    Subscribe,
    /// Get a message from it.
    Receive,
    /// Have a message of it, which was retained there, passed on to somebody: asked about the publisher, who may be gone, in
    /// the words that it had when it published.
    Retained,
}

/// A client was let in.
#[derive(Clone, Copy, Debug)]
pub struct Established<'a> {
    /// Client Identifier, also where the broker chose it; the session's own, for drivers to keep without a copy.
    pub client_id: &'a Arc<str>,
    /// User Name.
    pub user_name: Option<&'a str>,
    /// Protocol version.
    pub version: Version,
    /// The Topic Alias Maximum that it was told: what the connection's link has to resolve.
    pub topic_alias_maximum: u16,
}
