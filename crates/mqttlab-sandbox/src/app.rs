//! The sandbox as a component: the draft, what is shown of it, and what the page says about it.

use std::collections::BTreeSet;

use gloo_timers::callback::Timeout;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{Event, File};
use yew::{Component, Context, Html, html};

use crate::draft::{Draft, Verdict};
use crate::edit::{Edit, Path};
use crate::page::{self, Word};
use crate::platform;
use crate::say::{self, Text};
use crate::ui::forms::forms;
use crate::ui::start::start;
use crate::ui::text::{TEXT, editor};
use crate::{lesson, steps};

/// How long somebody has to pause before what was typed is played, in milliseconds.
const PAUSE_MS: u32 = 250;

/// What is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tab {
    Forms,
    Text,
}

/// What the next run that the page hands over is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Wanted {
    /// To go on with it.
    #[default]
    All,
    /// For what was done in it.
    Steps,
}

/// The sandbox.
pub(crate) struct App {
    draft: Draft,
    /// Where to start is chosen.
    starts: bool,
    tab: Tab,
    wanted: Wanted,
    /// Where the bytes of a packet go that is asked for.
    bytes_for: Option<Path>,
    /// What is to be said.
    note: Option<Text>,
    /// Which cards are open, by the ids of their places.
    open: BTreeSet<String>,
    /// What gets the focus when it is there.
    focus: Option<String>,
    typing: Option<Timeout>,
}

/// What the sandbox is told.
pub(crate) enum Told {
    Page(Word),
    /// It is on the screen again.
    Shown,
    Start,
    Begin(String),
    Ask(Ask),
    Tab(Tab),
    Typed(String),
    /// Nothing was typed for a while.
    Paused,
    Edit(Vec<Edit>),
    /// The same, and then the focus goes somewhere; cards that it is in are opened.
    EditAndGo(Vec<Edit>, String, String),
    Fold(String, bool),
    Undo,
    Redo,
    Correct,
    GoToMistake,
    File(Option<File>),
    Read(Option<String>),
    Download(Paper),
}

/// What is asked of the page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Ask {
    /// The run in the picture.
    All,
    /// What was done in it.
    Steps,
    /// The bytes of the packet that is selected in it; they are wanted there.
    Packet(Path),
}

/// What can be taken away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Paper {
    Scenario,
    Lesson,
}

impl Component for App {
    type Message = Told;
    type Properties = ();

    fn create(cx: &Context<Self>) -> Self {
        let link = cx.link().clone();
        page::listen(move |word| link.send_message(Told::Page(word)));
        let link = cx.link().clone();
        let shown = Closure::<dyn FnMut(Event)>::new(move |_| link.send_message(Told::Shown));
        if let Some(place) = page::place() {
            // It fails only for what is no function.
            let _ = place.add_event_listener_with_callback("shown", shown.as_ref().unchecked_ref());
        }
        // It listens as long as the page lives.
        shown.forget();
        let kept = platform::stored();
        cx.link().send_message(Told::Shown);
        Self {
            starts: kept.is_none(),
            draft: Draft::new(kept.unwrap_or_default()),
            tab: Tab::Forms,
            wanted: Wanted::default(),
            bytes_for: None,
            note: None,
            open: BTreeSet::new(),
            focus: None,
            typing: None,
        }
    }

    fn update(&mut self, cx: &Context<Self>, told: Told) -> bool {
        let before = self.draft.text().to_owned();
        match told {
            Told::Page(word) => self.hear(word),
            Told::Shown => {
                if !self.starts {
                    page::play(self.draft.text());
                }
                return false;
            }
            Told::Start => {
                self.starts = !self.starts;
                self.note = None;
            }
            Told::Begin(text) => self.begin(text),
            Told::Ask(ask) => self.ask(ask),
            Told::Tab(tab) => self.tab = tab,
            Told::Typed(text) => {
                self.typed(cx, text);
                return true;
            }
            Told::Paused => {
                self.typing = None;
                page::play(self.draft.text());
                return false;
            }
            Told::Edit(edits) => self.draft.edit(edits),
            Told::EditAndGo(edits, card, field) => {
                self.draft.edit(edits);
                self.open.insert(card);
                self.focus = Some(field);
            }
            Told::Fold(card, open) => {
                if open {
                    self.open.insert(card);
                } else {
                    self.open.remove(&card);
                }
                return false;
            }
            Told::Undo => self.draft.undo(),
            Told::Redo => self.draft.redo(),
            Told::Correct => self.correct(),
            Told::GoToMistake => {
                self.tab = Tab::Text;
                self.focus = Some(TEXT.to_owned());
            }
            Told::File(file) => {
                if let Some(file) = file {
                    platform::read(file, cx.link().callback(Told::Read));
                }
                return false;
            }
            Told::Read(Some(text)) => self.begin(text),
            Told::Read(None) => self.note = Some(say::NOTE_NO_TEXT),
            Told::Download(paper) => self.download(paper),
        }
        if self.draft.text() != before {
            self.note = self.note.filter(|note| *note == say::NOTE_KEPT);
            platform::store(self.draft.text());
            page::play(self.draft.text());
        }
        true
    }

    fn view(&self, cx: &Context<Self>) -> Html {
        if self.starts {
            return start(cx.link(), !self.draft.text().is_empty(), self.note);
        }
        let body = match self.tab {
            Tab::Forms => forms(cx.link(), &self.draft, &self.open),
            Tab::Text => editor(cx.link(), &self.draft),
        };
        html! {
            <>
                { self.bar(cx) }
                { self.tabs(cx) }
                <div class="scroll sandbox-body" key={tab_id(self.tab)} id="sandbox-panel" role="tabpanel" aria-label={tab_name(self.tab)} tabindex="-1">
                    { body }
                </div>
                <div role="status" class="sandbox-verdict" data-testid="verdict">{ self.verdict(cx) }</div>
            </>
        }
    }

    fn rendered(&mut self, _: &Context<Self>, _: bool) {
        if let Some(id) = self.focus.take() {
            match &self.draft.verdict {
                Verdict::Wrong(mistake) if id == TEXT => {
                    let text = self.draft.text();
                    platform::select(&id, text, mistake.range(text));
                }
                Verdict::Wrong(_) | Verdict::Plays | Verdict::Reading => platform::focus(&id),
            }
        }
    }
}

impl App {
    fn ask(&mut self, ask: Ask) {
        match ask {
            Ask::All => {
                self.wanted = Wanted::All;
                page::take();
            }
            Ask::Steps => {
                self.wanted = Wanted::Steps;
                page::take();
            }
            Ask::Packet(path) => {
                self.bytes_for = Some(path);
                page::packet();
            }
        }
    }

    /// Somebody types; it is played when they pause.
    fn typed(&mut self, cx: &Context<Self>, text: String) {
        self.draft.typed(text);
        platform::store(self.draft.text());
        let link = cx.link().clone();
        let paused = move || link.send_message(Told::Paused);
        self.typing = Some(Timeout::new(PAUSE_MS, paused));
    }

    fn hear(&mut self, word: Word) {
        match word {
            Word::Plays => self.draft.verdict = Verdict::Plays,
            Word::Wrong(mistake) => self.draft.verdict = Verdict::Wrong(mistake),
            Word::Secret => self.note = Some(say::NOTE_SECRET),
            Word::Text(text) => match std::mem::take(&mut self.wanted) {
                Wanted::All => self.begin(text),
                Wanted::Steps => self.keep(&text),
            },
            Word::Packet(bytes) if bytes.is_empty() => self.note = Some(say::NOTE_NO_PACKET),
            Word::Packet(bytes) => {
                if let Some(path) = self.bytes_for.take() {
                    self.draft.edit([Edit::Put(path, bytes.into())]);
                }
            }
        }
    }

    /// Goes on with another text; the one before can be had back.
    fn begin(&mut self, text: String) {
        self.draft.replace(text);
        self.starts = false;
        self.note = None;
        self.open.clear();
        self.focus = Some("sandbox-panel".to_owned());
        // Also when it is the same as before.
        page::play(self.draft.text());
    }

    /// Takes over what was done in the picture.
    fn keep(&mut self, run: &str) {
        let Ok(run) = run.parse() else { return };
        let edits = steps::difference(self.draft.document(), &run);
        if edits.is_empty() {
            self.note = Some(say::NOTE_NOTHING_DONE);
        } else {
            self.draft.edit(edits);
            self.note = Some(say::NOTE_KEPT);
        }
    }

    /// Does what the help says.
    fn correct(&mut self) {
        let Verdict::Wrong(mistake) = &self.draft.verdict else {
            return;
        };
        let Some(word) = mistake.suggestion() else {
            return;
        };
        let text = self.draft.text();
        let (start, end) = mistake.range(text);
        let old = &text[start..end];
        let word = match old.chars().next() {
            Some(quote @ ('"' | '\'')) => format!("{quote}{word}{quote}"),
            _ => word.to_owned(),
        };
        let text = format!("{}{word}{}", &text[..start], &text[end..]);
        self.draft.replace(text);
    }

    fn download(&self, paper: Paper) {
        match paper {
            Paper::Scenario => platform::download("scenario.toml", self.draft.text()),
            Paper::Lesson => {
                platform::download("lesson.md", &lesson::skeleton(self.draft.document()));
            }
        }
    }

    /// The tools, and how the text stands.
    fn bar(&self, cx: &Context<Self>) -> Html {
        let link = cx.link();
        html! {
            <div class="sandbox-bar">
                <h2 class="hidden-visually">{ say::SANDBOX }</h2>
                <div class="sandbox-tools">
                    <button type="button" class="ghost" data-testid="start" onclick={link.callback(|_| Told::Start)}>{ say::BAR_START }</button>
                    <button type="button" class="ghost" disabled={!self.draft.can_undo()} onclick={link.callback(|_| Told::Undo)}>{ say::BAR_UNDO }</button>
                    <button type="button" class="ghost" disabled={!self.draft.can_redo()} onclick={link.callback(|_| Told::Redo)}>{ say::BAR_REDO }</button>
                    <button type="button" class="ghost" data-testid="keep" title={say::BAR_KEEP_TITLE} onclick={link.callback(|_| Told::Ask(Ask::Steps))}>{ say::BAR_KEEP }</button>
                </div>
            </div>
        }
    }

    fn verdict(&self, cx: &Context<Self>) -> Html {
        let link = cx.link();
        let note = self.note.map(|note| html! { <p>{ note }</p> });
        let state = match &self.draft.verdict {
            Verdict::Reading => html! { <p class="muted">{ say::VERDICT_READING }</p> },
            Verdict::Plays => html! { <p class="plays">{ say::VERDICT_PLAYS }</p> },
            Verdict::Wrong(mistake) => html! {
                <>
                    <p class="wrong"><b>{ say::verdict_wrong(mistake.line, mistake.column) }{ " " }</b>{ &mistake.message }</p>
                    if !mistake.help.is_empty() {
                        <p class="muted">{ &mistake.help }</p>
                    }
                    <p class="muted small">{ say::VERDICT_LAST }</p>
                    <div class="sandbox-tools">
                        if let Some(word) = mistake.suggestion() {
                            <button type="button" class="ghost" data-testid="correct" onclick={link.callback(|_| Told::Correct)}>{ say::verdict_write(word) }</button>
                        }
                        <button type="button" class="ghost" data-testid="go" onclick={link.callback(|_| Told::GoToMistake)}>{ say::VERDICT_SHOW }</button>
                    </div>
                </>
            },
        };
        html! { <>{ for note }{ state }</> }
    }

    fn tabs(&self, cx: &Context<Self>) -> Html {
        let tab = |tab: Tab| {
            let is_chosen = self.tab == tab;
            html! {
                <button
                    type="button"
                    role="tab"
                    id={format!("sandbox-{}", tab_id(tab))}
                    aria-selected={is_chosen.to_string()}
                    aria-controls="sandbox-panel"
                    tabindex={if is_chosen { "0" } else { "-1" }}
                    onclick={cx.link().callback(move |_| Told::Tab(tab))}
                >{ tab_name(tab) }</button>
            }
        };
        let link = cx.link().clone();
        let other = if self.tab == Tab::Forms {
            Tab::Text
        } else {
            Tab::Forms
        };
        let onkeydown = move |event: yew::KeyboardEvent| {
            if matches!(event.key().as_str(), "ArrowLeft" | "ArrowRight") {
                event.prevent_default();
                platform::focus(&format!("sandbox-{}", tab_id(other)));
                link.send_message(Told::Tab(other));
            }
        };
        html! {
            <div class="tabs" role="tablist" aria-label={say::SCENARIO} {onkeydown}>
                { tab(Tab::Forms) }
                { tab(Tab::Text) }
            </div>
        }
    }
}

fn tab_id(tab: Tab) -> &'static str {
    match tab {
        Tab::Forms => "forms",
        Tab::Text => "toml",
    }
}

fn tab_name(tab: Tab) -> Text {
    match tab {
        Tab::Forms => say::TAB_FORMS,
        Tab::Text => say::TAB_TEXT,
    }
}
