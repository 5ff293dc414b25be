//! The bar at the top: the doors, what is running, theme and help.

use yew::{Callback, Html, html};

use super::icons::{Glyph, icon};
use crate::platform::Theme;

/// What the bar shows and where it says what was pressed.
pub(crate) struct Topbar {
    /// `None` when the scenario cannot be run.
    pub(crate) running: Option<Running>,
    pub(crate) theme: Theme,
    /// The link was just asked for: whether it is on the clipboard.
    pub(crate) shared: Option<bool>,
    pub(crate) on_share: Callback<()>,
    pub(crate) on_theme: Callback<()>,
    pub(crate) on_help: Callback<()>,
}

/// What is being played.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Running {
    pub(crate) title: String,
    /// Protocol version of the clients.
    pub(crate) version: String,
    pub(crate) seed: u64,
}

/// Doors that lead nowhere yet, and what will be behind them.
const NOT_YET: &[(&str, &str)] = &[
    ("Sandbox", "Build a run of your own: not yet here"),
    (
        "Inspect a trace",
        "Step through a recording of a broker: not yet here",
    ),
];

pub(crate) fn topbar(props: &Topbar) -> Html {
    let theme = props.theme;
    let glyph = match theme {
        Theme::System => Glyph::System,
        Theme::Light => Glyph::Light,
        Theme::Dark => Glyph::Dark,
    };
    let says = format!("Theme: {}. Switch to {}", theme.name(), theme.next().name());
    let not_yet = |(name, why): &(&'static str, &'static str)| {
        html! {
            <li>
                <button type="button" disabled=true title={*why}>
                    { *name }<span class="soon">{ "not yet" }</span>
                </button>
            </li>
        }
    };
    html! {
        <header class="topbar">
            <svg class="logo" viewBox="0 0 24 24" aria-hidden="true">
                <circle class="logo-dot" cx="12" cy="12" r="4" />
                <path class="logo-waves" d="M12 2a10 10 0 0 1 10 10M12 22A10 10 0 0 1 2 12" />
            </svg>
            <h1>{ "MQTT Lab" }</h1>
            <nav class="doors" aria-label="Doors">
                <ul>
                    <li><a href="#lesson" aria-current="page">{ "Learn" }</a></li>
                    { for NOT_YET.iter().map(not_yet) }
                </ul>
            </nav>
            <span class="crumb">{ props.running.as_ref().map(|running| running.title.clone()) }</span>
            <div class="end">
                { for props.running.as_ref().map(badges) }
                <button type="button" class="ghost share" title="A link that opens at this moment" disabled={props.running.is_none()} onclick={props.on_share.reform(|_| ())}>
                    { share_word(props.shared) }
                </button>
                <span class="hidden-visually" role="status">{ props.shared.map(|_| share_word(props.shared)) }</span>
                <button type="button" class="square" aria-label={says.clone()} title={says} onclick={props.on_theme.reform(|_| ())}>
                    { icon(glyph) }
                </button>
                <button type="button" class="square" aria-label="Help and keys" title="Help and keys (?)" onclick={props.on_help.reform(|_| ())}>
                    { icon(Glyph::Help) }
                </button>
            </div>
        </header>
    }
}

fn share_word(shared: Option<bool>) -> &'static str {
    match shared {
        None => "Share",
        Some(true) => "Link copied",
        Some(false) => "See address",
    }
}

fn badges(running: &Running) -> Html {
    html! {
        <>
            <span class="badge">{ format!("MQTT {}", running.version) }</span>
            <span class="badge live" title="No recording: the broker, the clients and the network run in this page, and the same seed gives the same run everywhere.">
                { format!("real broker code · seed {}", running.seed) }
            </span>
        </>
    }
}
