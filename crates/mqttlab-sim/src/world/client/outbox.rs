//! What a client says, kept until it has finished.

use mqttlab_core::client::{Close, Event, Sink, Why};
use mqttlab_core::frame::Frame;
use mqttlab_core::reason::ReasonCode;

use crate::describe;
use crate::view::Received;

/// What a client wants done, in its order.
pub(super) enum Output {
    Open,
    Send(Vec<u8>),
    Close(Close),
    Connected { session_present: bool },
    Message(Received),
    Heard(String),
    Why(Why),
}

#[derive(Default)]
pub(super) struct Outbox(pub(super) Vec<Output>);

impl Sink for Outbox {
    const TRACE: bool = true;

    fn open(&mut self) {
        self.0.push(Output::Open);
    }

    fn send(&mut self, frame: &Frame<'_>) {
        let mut bytes = Vec::new();
        frame.write_to(&mut bytes);
        self.0.push(Output::Send(bytes));
    }

    fn close(&mut self, how: Close) {
        self.0.push(Output::Close(how));
    }

    fn event(&mut self, event: Event<'_>) {
        self.0.push(hear(&event));
    }

    fn why(&mut self, why: Why) {
        self.0.push(Output::Why(why));
    }
}

/// What the application hears, in words.
fn hear(event: &Event<'_>) -> Output {
    let text = match event {
        Event::Connected {
            session_present, ..
        } => {
            return Output::Connected {
                session_present: *session_present,
            };
        }
        Event::Message(publish) => {
            return Output::Message(Received {
                at: 0,
                topic: publish.topic.to_owned(),
                payload: describe::payload_text(publish.payload),
                qos: publish.qos.number(),
                retain: publish.retain,
                dup: publish.dup,
            });
        }
        Event::Refused { reason, .. } => format!("hears that it was refused: {reason}"),
        Event::Disconnected { cause, .. } => format!("hears that it is not connected: {cause}"),
        Event::Redirected {
            server_reference, ..
        } => {
            format!(
                "is told to go to {}",
                server_reference.unwrap_or("another server")
            )
        }
        Event::ServerDisconnect { reason, .. } => format!("hears why the broker ends it: {reason}"),
        Event::Published {
            ticket,
            reason: ReasonCode::Success,
        } => {
            format!("hears that its message {ticket} is done")
        }
        Event::Published { ticket, reason } => {
            format!("hears about its message {ticket}: {reason}")
        }
        Event::Dropped { ticket, why } => {
            format!("hears that its message {ticket} is dropped: {why}")
        }
        Event::Subscribed { codes, .. } => match codes.iter().any(|code| *code >= 0x80) {
            true => "hears that a subscription was refused".to_owned(),
            false => "hears that it is subscribed".to_owned(),
        },
        Event::Unsubscribed { .. } => "hears that it is unsubscribed".to_owned(),
        Event::RequestDropped { error, .. } => format!("hears that a request is dropped: {error}"),
        Event::Authenticate { .. } => "is asked to authenticate further".to_owned(),
        Event::Reauthenticated { .. } => "hears that it is authenticated anew".to_owned(),
    };
    Output::Heard(text)
}
