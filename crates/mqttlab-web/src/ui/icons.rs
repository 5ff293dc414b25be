//! The glyphs: drawn here once, used everywhere, because fonts lack half of them.

use mqttlab_sim::view::{EventKind, Flight};
use yew::{Html, html};

use crate::scene::Family;

/// A glyph of the sprite.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Glyph {
    Connect,
    Publish,
    Ack,
    Received,
    Release,
    Complete,
    Subscribe,
    Ping,
    Close,
    Tcp,
    Scissors,
    Decision,
    Timer,
    Application,
    Fault,
    Action,
    Arrived,
    Start,
    Back,
    Play,
    Pause,
    Forward,
    End,
    Skip,
    Search,
    System,
    Light,
    Dark,
    Help,
    Right,
    Wrong,
    Open,
    Pen,
    Until,
    Undo,
    Redo,
}

impl Glyph {
    pub(crate) fn of(flight: &Flight) -> Self {
        match Family::of(flight) {
            Family::Connect => Self::Connect,
            Family::Publish => Self::Publish,
            Family::Ack => Self::Ack,
            Family::QoS2 => match flight.name.as_str() {
                "PUBREC" => Self::Received,
                "PUBREL" => Self::Release,
                _ => Self::Complete,
            },
            Family::Subscribe => Self::Subscribe,
            Family::Ping => Self::Ping,
            Family::Tcp => Self::Tcp,
            Family::Fault => Self::Close,
        }
    }

    pub(crate) fn of_event(kind: EventKind) -> Self {
        match kind {
            EventKind::Action => Self::Action,
            EventKind::Sent => Self::Forward,
            EventKind::Arrived => Self::Arrived,
            EventKind::Connection => Self::Tcp,
            EventKind::Timer => Self::Timer,
            EventKind::Decision => Self::Decision,
            EventKind::Application => Self::Application,
            EventKind::Fault => Self::Fault,
        }
    }

    fn href(self) -> &'static str {
        match self {
            Self::Connect => "#g-connect",
            Self::Publish => "#g-publish",
            Self::Ack | Self::Right => "#g-ack",
            Self::Received => "#g-received",
            Self::Release => "#g-release",
            Self::Complete => "#g-complete",
            Self::Subscribe => "#g-subscribe",
            Self::Ping => "#g-ping",
            Self::Close | Self::Wrong => "#g-close",
            Self::Tcp => "#g-tcp",
            Self::Scissors => "#g-scissors",
            Self::Decision => "#g-decision",
            Self::Timer => "#g-timer",
            Self::Application => "#g-application",
            Self::Fault => "#g-fault",
            Self::Action => "#g-action",
            Self::Arrived => "#g-arrived",
            Self::Start => "#g-start",
            Self::Back => "#g-back",
            Self::Play => "#g-play",
            Self::Pause => "#g-pause",
            Self::Forward => "#g-forward",
            Self::End => "#g-end",
            Self::Skip => "#g-skip",
            Self::Search => "#g-search",
            Self::System => "#g-system",
            Self::Light => "#g-light",
            Self::Dark => "#g-dark",
            Self::Help => "#g-help",
            Self::Open => "#g-open",
            Self::Pen => "#g-pen",
            Self::Until => "#g-until",
            Self::Undo => "#g-undo",
            Self::Redo => "#g-redo",
        }
    }
}

/// A glyph, hidden from screen readers: there is always a word beside it.
pub(crate) fn icon(glyph: Glyph) -> Html {
    html! { <svg class="icon" aria-hidden="true"><use href={glyph.href()} /></svg> }
}

/// A glyph inside another drawing.
pub(crate) fn icon_at(glyph: Glyph, (x, y): (f64, f64), size: f64) -> Html {
    let size = super::tenth(size);
    html! { <use href={glyph.href()} x={super::tenth(x)} y={super::tenth(y)} width={size.clone()} height={size} /> }
}

/// The drawings themselves, each on 16 by 16.
const SYMBOLS: &[(&str, &str)] = &[
    ("g-connect", "M8 1.8v5.4M4.6 4.2a5.2 5.2 0 1 0 6.8 0"),
    ("g-publish", "M1.8 3.8h12.4v8.4H1.8zM2 4.2l6 4.6 6-4.6"),
    ("g-ack", "M2.5 8.5l3.6 3.7L13.5 4"),
    (
        "g-received",
        "M8 1.5a6.5 6.5 0 1 0 0 13a6.5 6.5 0 1 0 0-13M6 6.4a2 2 0 1 1 3.4 1.5L6 11h4",
    ),
    (
        "g-release",
        "M8 1.5a6.5 6.5 0 1 0 0 13a6.5 6.5 0 1 0 0-13M6.2 5h3.6L7.8 7.4a1.9 1.9 0 1 1-1.7 2.9",
    ),
    (
        "g-complete",
        "M8 1.5a6.5 6.5 0 1 0 0 13a6.5 6.5 0 1 0 0-13M9.2 11.4V4.8L5.8 9.2h4.8",
    ),
    ("g-subscribe", "M2.5 4h11M2.5 8h11M2.5 12h11"),
    (
        "g-ping",
        "M8 13.5S1.8 9.8 1.8 5.9A3.2 3.2 0 0 1 8 4.6a3.2 3.2 0 0 1 6.2 1.3C14.2 9.8 8 13.5 8 13.5z",
    ),
    ("g-close", "M3.5 3.5l9 9M12.5 3.5l-9 9"),
    ("g-tcp", "M1.5 8h13M4.5 5l-3 3 3 3M11.5 5l3 3-3 3"),
    (
        "g-scissors",
        "M4 2.2a2.1 2.1 0 1 0 0 4.2a2.1 2.1 0 1 0 0-4.2M4 9.6a2.1 2.1 0 1 0 0 4.2a2.1 2.1 0 1 0 0-4.2M5.7 5.5L14 11.5M5.7 10.5L14 4.5",
    ),
    ("g-decision", "M8 1.8l6.2 6.2L8 14.2 1.8 8z"),
    (
        "g-timer",
        "M8 2.8a5.7 5.7 0 1 0 0 11.4a5.7 5.7 0 1 0 0-11.4M8 5.4v3.4l2.2 1.4M6.3 1h3.4",
    ),
    ("g-application", "M2 2.8h12v10.4H2zM2 6h12"),
    ("g-fault", "M9 1.5L3.5 9H8l-1 5.5L12.5 7H8z"),
    ("g-action", "M5 2.5v11l2.6-2.7 1.8 3.5 1.7-.9-1.8-3.4h3.6z"),
    ("g-arrived", "M8 2v9M4 7.5L8 11.5l4-4M3 14h10"),
    ("g-skip", "M2.5 3.5L7.5 8l-5 4.5zM8.5 3.5l5 4.5-5 4.5z"),
    (
        "g-search",
        "M7 2.2a4.8 4.8 0 1 0 0 9.6a4.8 4.8 0 1 0 0-9.6M10.5 10.5l3.8 3.8",
    ),
    (
        "g-light",
        "M8 5a3 3 0 1 0 0 6a3 3 0 1 0 0-6M8 1v1.6M8 13.4V15M1 8h1.6M13.4 8H15M3 3l1.2 1.2M11.8 11.8L13 13M3 13l1.2-1.2M11.8 4.2L13 3",
    ),
    (
        "g-dark",
        "M13.4 9.6A5.8 5.8 0 0 1 6.4 2.6a5.8 5.8 0 1 0 7 7z",
    ),
    (
        "g-help",
        "M5.6 5.8a2.5 2.5 0 1 1 3.7 2.2c-.9.5-1.3.9-1.3 1.9M8 12.6v.2",
    ),
    ("g-open", "M1.8 12.8V3.2h4.4l1.6 1.8h6.4v7.8z"),
    ("g-until", "M2 8h7M6 4.5L9.5 8L6 11.5M13 2.5v11"),
    ("g-pen", "M2.5 13.5l.8-3.3 7.6-7.6 2.5 2.5-7.6 7.6z"),
    ("g-undo", "M5.5 3L2.5 6l3 3M2.5 6h7a3.8 3.8 0 0 1 0 7.6H6"),
    ("g-redo", "M10.5 3l3 3-3 3M13.5 6h-7a3.8 3.8 0 0 0 0 7.6H10"),
    ("g-back", "M12.5 3v10M9.5 3.5L3 8l6.5 4.5z"),
    ("g-forward", "M3.5 3v10M6.5 3.5L13 8l-6.5 4.5z"),
];

/// Those that are filled.
const SOLID: &[(&str, &str)] = &[
    ("g-start", "M3 3v10M13 3L6 8l7 5z"),
    ("g-end", "M13 3v10M3 3l7 5-7 5z"),
    ("g-play", "M4.5 2.5v11l9-5.5z"),
    ("g-pause", "M4 3v10M12 3v10"),
];

/// The sprite, once a page.
pub(crate) fn sprite() -> Html {
    let symbol = |(id, path): &(&'static str, &'static str), class: &'static str| {
        html! { <symbol id={*id} viewBox="0 0 16 16"><path class={class} d={*path} /></symbol> }
    };
    html! {
        <svg class="sprite" width="0" height="0" aria-hidden="true">
            { for SYMBOLS.iter().map(|drawing| symbol(drawing, "stroke")) }
            { for SOLID.iter().map(|drawing| symbol(drawing, "solid")) }
            <symbol id="g-system" viewBox="0 0 16 16">
                <path class="stroke" d="M8 2a6 6 0 1 0 0 12a6 6 0 1 0 0-12" />
                <path class="half" d="M8 2a6 6 0 0 1 0 12z" />
            </symbol>
        </svg>
    }
}
