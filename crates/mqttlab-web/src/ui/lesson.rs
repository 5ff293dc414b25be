//! The left panel: the story so far, the question, and what can be tried.

mod extras;
mod question;

use mqttlab_sim::lesson::Block;
use mqttlab_sim::view::Micros;
use yew::{Callback, Html, html};

use crate::lab::Message;
use crate::learn::Wish;
use crate::lesson::{Ask, Asking, Study, place};
use crate::say;
use crate::texts::learn as words;

/// What the panel shows and where it says what was pressed.
pub(crate) struct LessonPanel<'a> {
    pub(crate) study: &'a Study,
    pub(crate) shown: Micros,
    pub(crate) playing: bool,
    pub(crate) at_end: bool,
    /// What the tools of the goal do, in words.
    pub(crate) tools: Vec<String>,
    /// The rolling hash at this moment.
    pub(crate) hash: &'a str,
    /// Answers are shown only when asked for.
    pub(crate) teacher: bool,
    pub(crate) on: &'a Callback<Message>,
    pub(crate) on_wish: &'a Callback<Wish>,
    pub(crate) on_build: &'a Callback<yew::MouseEvent>,
}

impl LessonPanel<'_> {
    fn ask(&self, ask: Ask) -> Callback<yew::MouseEvent> {
        self.on.reform(move |_| Message::Learn(ask.clone()))
    }

    fn wish(&self, wish: Wish) -> Callback<yew::MouseEvent> {
        self.on_wish.reform(move |_| wish.clone())
    }
}

pub(crate) fn lesson(panel: &LessonPanel<'_>) -> Html {
    let body = match panel.study.what_if() {
        Some(_) => extras::what_if(panel),
        None => story(panel),
    };
    let lesson = panel.study.lesson();
    let place = place(&lesson.id).map(words::place);
    html! {
        <section class="panel story" id="lesson" key={lesson.id.clone()} aria-labelledby="lesson-title">
            <div class="scroll story-text">
                <div class="story-head">
                    <button type="button" class="ghost" onclick={panel.wish(Wish::List)}>{ say::LESSON_ALL }</button>
                    <span class="muted small">{ place }</span>
                </div>
                { body }
                { extras::goal(panel) }
                { extras::what_ifs(panel) }
                { extras::snippets(panel) }
                { extras::real(panel) }
            </div>
        </section>
    }
}

fn story(panel: &LessonPanel<'_>) -> Html {
    let (study, shown) = (panel.study, panel.shown);
    let (Some(index), Some(beat)) = (study.beat(shown), study.beat_of(shown)) else {
        return Html::default();
    };
    let beats = &study.lesson().beats;
    let is_last = index + 1 == beats.len();
    let dot = |at: usize| {
        let class = match at.cmp(&index) {
            std::cmp::Ordering::Less => "dot past",
            std::cmp::Ordering::Equal => "dot now",
            std::cmp::Ordering::Greater => "dot",
        };
        html! { <i {class} /> }
    };
    html! {
        <>
            <div class="story-place">
                <span class="muted small">{ say::lesson_part(index + 1, beats.len()) }</span>
                <span class="dots" aria-hidden="true">{ for (0..beats.len()).map(dot) }</span>
            </div>
            <h2 id="lesson-title" class="story-title" lang="en">{ &beat.title }</h2>
            if index == 0 {
                <p class="muted" lang="en">{ with_code(&study.lesson().about) }</p>
            }
            { blocks(&beat.text) }
            { question::question(panel) }
            { onward(panel, index, is_last) }
        </>
    }
}

/// The ways on and back.
fn onward(panel: &LessonPanel<'_>, index: usize, is_last: bool) -> Html {
    let is_open = panel.study.asking(panel.shown).is_open();
    let label = match (panel.playing, is_last && !is_open && panel.at_end) {
        (true, _) => say::LESSON_PAUSE,
        (false, true) => say::LESSON_AGAIN,
        (false, false) if panel.shown == 0 => say::LESSON_START,
        (false, false) => say::LESSON_CONTINUE,
    };
    let next = crate::lesson::after(&panel.study.lesson().id).filter(|_| is_last && !is_open);
    html! {
        <div class="ask-row">
            if !(is_open || is_last && panel.at_end) {
                <button
                    type="button"
                    class={if next.is_some() { "ghost" } else { "primary" }}
                    data-testid="continue"
                    onclick={if panel.playing { panel.on.reform(|_| Message::Toggle) } else { panel.ask(Ask::Continue) }}
                >{ label }</button>
            }
            if index > 0 {
                <button type="button" class="ghost" onclick={panel.ask(Ask::Back)}>{ say::LESSON_BACK }</button>
            }
            { for next.map(|entry| html! {
                <button type="button" class="primary" data-testid="next-lesson" onclick={panel.wish(Wish::Open(entry.id.to_owned()))}>
                    { say::lesson_next(entry.title) }
                </button>
            }) }
        </div>
    }
}

/// Paragraphs of a lesson, which is in English whatever the page speaks.
pub(crate) fn blocks(blocks: &[Block]) -> Html {
    let block = |block: &Block| match block {
        Block::Text(text) => html! { <p lang="en">{ with_code(text) }</p> },
        Block::Aside(text) => html! { <p class="muted aside" lang="en">{ with_code(text) }</p> },
        Block::List(items) => html! {
            <ul lang="en">{ for items.iter().map(|item| html! { <li>{ with_code(item) }</li> }) }</ul>
        },
    };
    blocks.iter().map(block).collect()
}

/// Text in which backquotes mark code.
pub(crate) fn with_code(text: &str) -> Html {
    let piece = |(index, piece): (usize, &str)| {
        if index % 2 == 1 {
            html! { <code>{ piece }</code> }
        } else {
            with_clauses(piece)
        }
    };
    text.split('`').enumerate().map(piece).collect()
}

/// Text with statements of the standard in brackets: they are quieter than the rest.
fn with_clauses(text: &str) -> Html {
    let mut parts = text.split("[MQTT-");
    let first = parts.next().unwrap_or_default();
    let part = |part: &str| match part.split_once(']') {
        Some((id, rest)) => {
            html! { <><span class="clause">{ "MQTT-" }{ id }</span>{ rest }</> }
        }
        None => html! { { part } },
    };
    html! { <>{ first }{ for parts.map(part) }</> }
}

/// Whether the answer of this moment may be seen.
fn may_see(panel: &LessonPanel<'_>) -> bool {
    !panel.teacher || panel.study.is_shown(panel.shown)
}

/// What of a question's state a teacher does not hide.
fn asking(panel: &LessonPanel<'_>) -> Asking {
    panel.study.asking(panel.shown)
}
