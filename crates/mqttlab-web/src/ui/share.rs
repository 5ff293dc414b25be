//! How a run leaves the page: as a link, inside another page, as a file.

use crate::platform::use_dialog;
use crate::say::{self, Text};
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

/// What is offered, its name where that is none of a language, and what it is good for.
const PAPERS: &[(Paper, Option<&str>, Text)] = &[
    (
        Paper::File(Format::Scenario),
        Some("TOML"),
        say::PAPER_SCENARIO,
    ),
    (Paper::Picture, Some("PNG"), say::PAPER_PICTURE),
    (Paper::File(Format::Svg), Some("SVG"), say::PAPER_DRAWING),
    (
        Paper::File(Format::Mermaid),
        Some("Mermaid"),
        say::PAPER_DIAGRAM,
    ),
    (
        Paper::File(Format::PlantUml),
        Some("PlantUML"),
        say::PAPER_DIAGRAM,
    ),
    (Paper::File(Format::Trace), None, say::PAPER_TRACE),
    (
        Paper::File(Format::Ndjson),
        Some("NDJSON"),
        say::PAPER_PROGRAMS,
    ),
    (
        Paper::File(Format::Pcapng),
        Some("pcapng"),
        say::PAPER_WIRESHARK,
    ),
    (Paper::File(Format::Rust), Some("Rust"), say::PAPER_TEST),
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
        (None, _) => say::SHARE_MAKING.to_string(),
        (Some(_), None) => say::share_length(address.len()),
        (Some(_), Some(true)) => say::share_copied(address.len()),
        (Some(_), Some(false)) => say::SHARE_NO_CLIPBOARD.to_string(),
    };
    let paper = |(paper, name, about): &(Paper, Option<&'static str>, Text)| {
        let paper = *paper;
        let busy = sharing.writing == Some(paper);
        html! {
            <li>
                <button type="button" class="ghost" aria-busy={busy.to_string()} onclick={on(OnShare::Download(paper))}>
                    <b>{ name.unwrap_or(say::PAPER_TEXT.text()) }</b><span class="muted">{ if busy { say::SHARE_WRITING } else { *about } }</span>
                </button>
            </li>
        }
    };
    html! {
        <dialog class="help share-sheet" ref={dialog} aria-labelledby="share-title" onclose={props.on.reform(|_| OnShare::Close)} data-testid="share">
            <h2 id="share-title">{ say::SHARE_TITLE }</h2>
            <p>{ say::SHARE_ABOUT }</p>
            <div class="share-row">
                <input type="text" readonly=true aria-label={say::SHARE_LINK} value={address.clone()} data-testid="address" />
                <button type="button" class="primary" disabled={sharing.address.is_none()} onclick={on(OnShare::Copy)}>{ say::SHARE_COPY }</button>
            </div>
            <p class="muted small" role="status">{ says }</p>
            <h3>{ say::SHARE_FRAME }</h3>
            <textarea readonly=true rows="3" aria-label={say::SHARE_FRAME_LABEL} value={frame(&address)} />
            <h3>{ say::SHARE_FILE }</h3>
            <ul class="papers">{ for PAPERS.iter().filter(|it| !(sharing.is_secret && names_all(it.0))).map(paper) }</ul>
            if sharing.failed {
                <p role="alert" class="failed">{ say::SHARE_FAILED }</p>
            }
            <form method="dialog"><button type="submit" class="ghost">{ say::CLOSE }</button></form>
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
