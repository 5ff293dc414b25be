//! The bar at the top: the doors, what is running, theme and help.

use web_sys::HtmlSelectElement;
use yew::{Callback, Event, Html, TargetCast, html};

use super::icons::{Glyph, icon};
use crate::desk::Door;
use crate::platform::Theme;
use crate::say::{self, Text};

/// What the bar shows and where it says what was pressed.
pub(crate) struct Topbar {
    /// `None` when the scenario cannot be run.
    pub(crate) running: Option<Running>,
    pub(crate) theme: Theme,
    pub(crate) door: Door,
    pub(crate) on_door: Callback<Door>,
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

/// The doors that are open.
const DOORS: &[(Door, Text, Text)] = &[
    (Door::Learn, say::DOOR_LEARN, say::DOOR_LEARN_ABOUT),
    (Door::Sandbox, say::DOOR_SANDBOX, say::DOOR_SANDBOX_ABOUT),
    (Door::Inspect, say::DOOR_INSPECT, say::DOOR_INSPECT_ABOUT),
];

pub(crate) fn topbar(props: &Topbar) -> Html {
    let theme = props.theme;
    let glyph = match theme {
        Theme::System => Glyph::System,
        Theme::Light => Glyph::Light,
        Theme::Dark => Glyph::Dark,
    };
    let says = say::bar_theme(&theme_name(theme), &theme_name(theme.next()));
    let door = |(door, name, about): &(Door, Text, Text)| {
        let door = *door;
        html! {
            <li>
                <button
                    type="button"
                    title={*about}
                    aria-current={(door == props.door).then_some("page")}
                    onclick={props.on_door.reform(move |_| door)}
                >{ *name }</button>
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
            <nav class="doors" aria-label={say::DOORS}>
                <ul>
                    { for DOORS.iter().map(door) }
                </ul>
            </nav>
            <select class="door" aria-label={say::DOOR} onchange={choose_door(props)}>
                { for DOORS.iter().map(|(door, name, _)| html! { <option selected={*door == props.door}>{ *name }</option> }) }
            </select>
            <span class="crumb">{ props.running.as_ref().map(|running| running.title.clone()) }</span>
            <div class="end">
                { for props.running.as_ref().map(badges) }
                <button type="button" class="ghost share" title={say::BAR_SHARE_TITLE} disabled={props.running.is_none()} onclick={props.on_share.reform(|_| ())}>
                    { say::BAR_SHARE }
                </button>
                <button type="button" class="square" aria-label={says.clone()} title={says} onclick={props.on_theme.reform(|_| ())}>
                    { icon(glyph) }
                </button>
                <button type="button" class="square" aria-label={say::BAR_HELP} title={say::BAR_HELP_TITLE} onclick={props.on_help.reform(|_| ())}>
                    { icon(Glyph::Help) }
                </button>
            </div>
        </header>
    }
}

fn theme_name(theme: Theme) -> Text {
    match theme {
        Theme::System => say::THEME_SYSTEM,
        Theme::Light => say::THEME_LIGHT,
        Theme::Dark => say::THEME_DARK,
    }
}

/// Where there is no room for doors side by side.
fn choose_door(props: &Topbar) -> Callback<Event> {
    props.on_door.reform(|event: Event| {
        let field: HtmlSelectElement = event.target_unchecked_into();
        let index = usize::try_from(field.selected_index()).unwrap_or(0);
        DOORS.get(index).map_or(Door::Learn, |(door, ..)| *door)
    })
}

fn badges(running: &Running) -> Html {
    html! {
        <>
            <span class="badge">{ format!("MQTT {}", running.version) }</span>
            <span class="badge live" title={say::BAR_REAL_ABOUT}>
                { say::bar_real(running.seed) }
            </span>
        </>
    }
}
