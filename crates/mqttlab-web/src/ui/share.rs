//! How a run leaves the page: as a link, inside another page, as a file.

use crate::platform::use_dialog;
use crate::ui::part::Draw;
use mqttlab_sim::job::Format;
use yew::functional::{Hook, HookContext};
use yew::{Callback, Html, hook, html};

/// What can be handed out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Paper {
    File(Format),
    /// A drawing, as a picture.
    Picture,
}

/// What can be asked of the dialog.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OnShare {
    Open,
    Close,
    Copy,
    Download(Paper),
}

/// Where sharing stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sharing {
    /// The whole address, once it is there.
    pub(crate) address: Option<String>,
    /// Whether it is on the clipboard, once that is known.
    pub(crate) copied: Option<bool>,
    /// What is being written.
    pub(crate) writing: Option<Paper>,
    /// The last file could not be made.
    pub(crate) failed: bool,
    /// The scenario itself is not given away.
    pub(crate) is_secret: bool,
}

#[derive(PartialEq)]
pub(crate) struct ShareProps {
    pub(crate) sharing: Sharing,
    pub(crate) on: Callback<OnShare>,
}

/// What is offered, and what it is good for.
const PAPERS: &[(Paper, &str, &str)] = &[
    (
        Paper::File(Format::Scenario),
        "TOML",
        "a scenario to run and to edit",
    ),
    (Paper::Picture, "PNG", "picture of the ladder"),
    (Paper::File(Format::Svg), "SVG", "drawing of the ladder"),
    (Paper::File(Format::Mermaid), "Mermaid", "sequence diagram"),
    (
        Paper::File(Format::PlantUml),
        "PlantUML",
        "sequence diagram",
    ),
    (Paper::File(Format::Trace), "Text", "a line for each event"),
    (Paper::File(Format::Ndjson), "NDJSON", "for programs"),
    (Paper::File(Format::Pcapng), "pcapng", "for Wireshark"),
    (Paper::File(Format::Rust), "Rust", "a test that plays it"),
];

impl Draw for ShareProps {
    const KIND: &'static str = "share";

    fn draw(&self, cx: &mut HookContext) -> Html {
        use_share(self).run(cx)
    }
}

#[hook]
fn use_share(props: &ShareProps) -> Html {
    let dialog = use_dialog();
    let sharing = &props.sharing;
    let on = |what: OnShare| props.on.reform(move |_: yew::MouseEvent| what);
    let address = sharing.address.clone().unwrap_or_default();
    let says = match (&sharing.address, sharing.copied) {
        (None, _) => "Making the link…".to_owned(),
        (Some(_), None) => format!("{} characters.", address.len()),
        (Some(_), Some(true)) => format!("Copied: {} characters.", address.len()),
        (Some(_), Some(false)) => {
            "The clipboard is closed to this page: copy it from here.".to_owned()
        }
    };
    let paper = |(paper, name, about): &(Paper, &'static str, &'static str)| {
        let paper = *paper;
        let busy = sharing.writing == Some(paper);
        html! {
            <li>
                <button type="button" class="ghost" aria-busy={busy.to_string()} onclick={on(OnShare::Download(paper))}>
                    <b>{ *name }</b><span class="muted">{ if busy { "writing…" } else { *about } }</span>
                </button>
            </li>
        }
    };
    html! {
        <dialog class="help share-sheet" ref={dialog} aria-labelledby="share-title" onclose={props.on.reform(|_| OnShare::Close)} data-testid="share">
            <h2 id="share-title">{ "Share this moment" }</h2>
            <p>{ "The link holds the scenario, what was done in it, this moment and what is selected, and nothing else. It is read in the browser that opens it; no server gets it." }</p>
            <div class="share-row">
                <input type="text" readonly=true aria-label="Link" value={address.clone()} data-testid="address" />
                <button type="button" class="primary" disabled={sharing.address.is_none()} onclick={on(OnShare::Copy)}>{ "Copy" }</button>
            </div>
            <p class="muted small" role="status">{ says }</p>
            <h3>{ "In a page of yours" }</h3>
            <textarea readonly=true rows="3" aria-label="Text for another page" value={frame(&address)} />
            <h3>{ "As a file, up to this moment" }</h3>
            <ul class="papers">{ for PAPERS.iter().filter(|it| !(sharing.is_secret && names_all(it.0))).map(paper) }</ul>
            if sharing.failed {
                <p role="alert" class="failed">{ "This file could not be made: the run is too large for it." }</p>
            }
            <form method="dialog"><button type="submit" class="ghost">{ "Close" }</button></form>
        </dialog>
    }
}

/// Whether the whole scenario is in it.
fn names_all(paper: Paper) -> bool {
    matches!(paper, Paper::File(Format::Scenario | Format::Rust))
}

/// HTML that shows the run inside another page.
fn frame(address: &str) -> String {
    let (page, fragment) = address.split_once('#').unwrap_or((address, ""));
    let page = page.split_once('?').map_or(page, |(page, _)| page);
    let fragment = fragment.replace('&', "&amp;");
    format!(
        "<iframe title=\"MQTT Lab\" width=\"900\" height=\"600\" src=\"{page}?embed#{fragment}\"></iframe>"
    )
}

#[cfg(test)]
mod tests {
    use super::frame;

    #[test]
    fn a_frame_shows_the_same_moment() {
        assert_eq!(
            frame("https://lab.example/?x=1#l=duel&t=5.1s"),
            "<iframe title=\"MQTT Lab\" width=\"900\" height=\"600\" src=\"https://lab.example/?embed#l=duel&amp;t=5.1s\"></iframe>"
        );
    }
}
