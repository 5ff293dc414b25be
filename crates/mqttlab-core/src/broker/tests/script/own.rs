//! Changes that are kept to be replayed.

use std::borrow::ToOwned;
use std::boxed::Box;

use crate::broker::{Change, DeliveryRef, MessageRef, PassportRef, WillRef};

/// A change that lives as long as the test program.
#[expect(clippy::too_many_lines, reason = "an arm for each kind of change")]
pub(in crate::broker::tests) fn own(change: &Change<'_>) -> Change<'static> {
    match *change {
        Change::SessionStarted {
            client_id,
            passport,
            expiry_s,
        } => Change::SessionStarted {
            client_id: text(client_id),
            passport: own_passport(passport),
            expiry_s,
        },
        Change::SessionOwner {
            client_id,
            passport,
        } => Change::SessionOwner {
            client_id: text(client_id),
            passport: own_passport(passport),
        },
        Change::SessionExpiry {
            client_id,
            expiry_s,
            ends_at,
        } => Change::SessionExpiry {
            client_id: text(client_id),
            expiry_s,
            ends_at,
        },
        Change::SessionEnded { client_id } => Change::SessionEnded {
            client_id: text(client_id),
        },
        Change::Subscribed {
            client_id,
            filter,
            options,
            identifier,
        } => Change::Subscribed {
            client_id: text(client_id),
            filter: text(filter),
            options,
            identifier,
        },
        Change::Unsubscribed { client_id, filter } => Change::Unsubscribed {
            client_id: text(client_id),
            filter: text(filter),
        },
        Change::Queued {
            client_id,
            message,
            delivery,
        } => Change::Queued {
            client_id: text(client_id),
            message: own_message(&message),
            delivery: DeliveryRef {
                identifiers: Box::leak(delivery.identifiers.to_vec().into_boxed_slice()),
                share: text(delivery.share),
                ..delivery
            },
        },
        Change::Sent {
            client_id,
            number,
            packet_id,
        } => Change::Sent {
            client_id: text(client_id),
            number,
            packet_id,
        },
        Change::Dropped { client_id, number } => Change::Dropped {
            client_id: text(client_id),
            number,
        },
        Change::Released {
            client_id,
            packet_id,
        } => Change::Released {
            client_id: text(client_id),
            packet_id,
        },
        Change::Completed {
            client_id,
            packet_id,
        } => Change::Completed {
            client_id: text(client_id),
            packet_id,
        },
        Change::Received {
            client_id,
            packet_id,
        } => Change::Received {
            client_id: text(client_id),
            packet_id,
        },
        Change::ReceiveCompleted {
            client_id,
            packet_id,
        } => Change::ReceiveCompleted {
            client_id: text(client_id),
            packet_id,
        },
        Change::Retained { message } => Change::Retained {
            message: own_message(&message),
        },
        Change::RetainedRemoved { topic } => Change::RetainedRemoved { topic: text(topic) },
        Change::WillSet { client_id, will } => Change::WillSet {
            client_id: text(client_id),
            will: WillRef {
                topic: text(will.topic),
                payload: data(will.payload),
                properties: data(will.properties),
                ..will
            },
        },
        Change::WillRemoved { client_id } => Change::WillRemoved {
            client_id: text(client_id),
        },
        Change::PassedOn {
            client_id,
            packet_id,
            number,
            of,
        } => Change::PassedOn {
            client_id: text(client_id),
            packet_id,
            number,
            of,
        },
        Change::Heard {
            of,
            to,
            from,
            number,
        } => Change::Heard {
            of,
            to,
            from,
            number,
        },
    }
}

pub(super) fn own_message(message: &MessageRef<'_>) -> MessageRef<'static> {
    MessageRef {
        publisher: text(message.publisher),
        passport: message.passport.map(own_passport),
        topic: text(message.topic),
        payload: data(message.payload),
        properties: data(message.properties),
        ..*message
    }
}

fn own_passport(passport: PassportRef<'_>) -> PassportRef<'static> {
    PassportRef {
        user_name: passport.user_name.map(text),
        stamp: data(passport.stamp),
    }
}

pub(super) fn text(text: &str) -> &'static str {
    Box::leak(text.to_owned().into_boxed_str())
}

pub(super) fn data(data: &[u8]) -> &'static [u8] {
    Box::leak(data.to_vec().into_boxed_slice())
}
