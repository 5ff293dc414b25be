//! The left panel: the story so far, and the question.

use yew::{Callback, Html, Properties, SubmitEvent, component, html, use_memo};

use super::icons::{Glyph, icon};
use crate::lab::Message;
use crate::lesson::{Asking, Facts, Outcome, Part};
use crate::scene::Scene;
use crate::texts;

#[derive(PartialEq, Properties)]
pub(crate) struct LessonProps {
    pub(crate) scene: Scene,
    pub(crate) asking: Asking,
    pub(crate) on: Callback<Message>,
}

#[component]
pub(crate) fn Lesson(props: &LessonProps) -> Html {
    let facts = use_memo(props.scene.clone(), |scene| Facts::of(scene));
    let chapter = texts::chapter(&facts);
    html! {
        <section class="panel story" id="lesson" aria-labelledby="lesson-title">
            <div class="scroll story-text">
                <p class="muted small">{ format!("Step {} of {}", facts.part.step(), Part::STEPS) }</p>
                <h2 id="lesson-title" class="story-title">{ chapter.title }</h2>
                { for chapter.text.iter().map(|text| html! { <p>{ with_code(text) }</p> }) }
                { for chapter.aside.iter().map(|text| html! { <p class="muted aside">{ with_code(text) }</p> }) }
                { question(props, &facts) }
            </div>
        </section>
    }
}

fn question(props: &LessonProps, facts: &Facts) -> Html {
    match props.asking {
        Asking::NotYet => Html::default(),
        Asking::Open { chosen } => form(props, &facts.first, chosen),
        Asking::Waiting { chosen } => {
            let chosen = Outcome::OFFERED.get(usize::from(chosen)).copied();
            html! {
                <div class="ask">
                    <h3>{ format!("What will {} receive next?", facts.first) }</h3>
                    <p class="muted">
                        { "You say: " }{ chosen.map(texts::option) }
                        { ". Now watch the broker answer." }
                    </p>
                </div>
            }
        }
        Asking::Revealed { chosen, truth } => {
            let chosen =
                chosen.and_then(|chosen| Outcome::OFFERED.get(usize::from(chosen)).copied());
            let (class, glyph) = match chosen {
                Some(chosen) if chosen == truth => ("ask right", Some(Glyph::Right)),
                Some(_) => ("ask wrong", Some(Glyph::Wrong)),
                None => ("ask", None),
            };
            html! {
                <div {class} role="status">
                    <h3>
                        { for glyph.map(icon) }
                        { format!(" What did {} receive?", facts.first) }
                    </h3>
                    <p>{ texts::verdict(chosen, truth, &facts.first) }</p>
                    <p class="muted small">{ "The engine gave this answer, not a table." }</p>
                </div>
            }
        }
    }
}

fn form(props: &LessonProps, first: &str, chosen: Option<u8>) -> Html {
    let on_submit = props.on.reform(|event: SubmitEvent| {
        event.prevent_default();
        Message::Check
    });
    let option = |(index, outcome): (usize, &Outcome)| {
        let index = index as u8;
        let choose = props.on.reform(move |_| Message::Choose(index));
        let is_chosen = chosen == Some(index);
        html! {
            <label class={is_chosen.then_some("chosen")}>
                <input type="radio" name="answer" checked={is_chosen} onchange={choose} />
                { texts::option(*outcome) }
            </label>
        }
    };
    html! {
        <form class="ask" onsubmit={on_submit}>
            <fieldset>
                <legend>{ format!("What will {} receive next?", first) }</legend>
                { for Outcome::OFFERED.iter().enumerate().map(option) }
            </fieldset>
            <div class="ask-row">
                <button type="submit" class="primary" disabled={chosen.is_none()}>{ "Check, then play" }</button>
                <span class="keys" aria-hidden="true"><kbd>{ "1" }</kbd><kbd>{ "2" }</kbd><kbd>{ "3" }</kbd></span>
            </div>
        </form>
    }
}

/// Text in which backquotes mark code.
pub(crate) fn with_code(text: &str) -> Html {
    let piece = |(index, piece): (usize, &str)| {
        if index % 2 == 1 {
            html! { <code>{ piece }</code> }
        } else {
            html! { { piece } }
        }
    };
    text.split('`').enumerate().map(piece).collect()
}
