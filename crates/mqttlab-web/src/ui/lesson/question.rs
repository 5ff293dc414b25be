//! The question: asked, answered, and met with the run's own answer.

use mqttlab_sim::lesson::{Choice, Question};
use yew::{Html, SubmitEvent, html};

use super::{LessonPanel, asking, may_see, with_code};
use crate::lab::Message;
use crate::lesson::{Ask, Asking, counter};
use crate::say::{self, PLACE, around};
use crate::ui::icons::{Glyph, icon};

pub(super) fn question(panel: &LessonPanel<'_>) -> Html {
    let Some(question) = panel.study.question(panel.shown) else {
        return Html::default();
    };
    match asking(panel) {
        Asking::NotYet => Html::default(),
        Asking::Open { chosen } => form(panel, question, chosen),
        Asking::Waiting { chosen } => html! {
            <div class="ask">
                <h3 lang="en">{ with_code(&question.ask) }</h3>
                <p class="muted">
                    { for option(question, chosen).map(|it| with_code(&say::question_waiting(&it.say))) }
                </p>
            </div>
        },
        Asking::Revealed { .. } if !may_see(panel) => html! {
            <div class="ask">
                <h3 lang="en">{ with_code(&question.ask) }</h3>
                <p><button type="button" class="ghost" onclick={panel.ask(Ask::Show)}>{ say::QUESTION_SHOW }</button></p>
            </div>
        },
        Asking::Revealed { chosen, right } => verdict(panel, question, chosen, right),
    }
}

fn option(question: &Question, at: u8) -> Option<&Choice> {
    question.options.get(usize::from(at))
}

fn verdict(panel: &LessonPanel<'_>, question: &Question, chosen: Option<u8>, right: u8) -> Html {
    let (class, glyph, says) = match chosen {
        Some(chosen) if chosen == right => ("ask right", Some(Glyph::Right), say::QUESTION_RIGHT),
        Some(_) => ("ask wrong", Some(Glyph::Wrong), say::QUESTION_WRONG),
        None => ("ask", None, say::QUESTION_ANSWER),
    };
    let wrong = chosen.filter(|chosen| *chosen != right);
    let wrong = wrong.and_then(|chosen| option(question, chosen));
    html! {
        <div {class} role="status" data-testid="verdict">
            <h3 lang="en">{ for glyph.map(icon) }{ " " }{ with_code(&question.ask) }</h3>
            { for wrong.map(|choice| html! {
                <p>{ around(&say::question_said(PLACE), html! { <q>{ with_code(&choice.say) }</q> }) }{ " " }{ with_code(&choice.reply) }</p>
            }) }
            { for wrong.and_then(|choice| choice.belief.as_ref()).map(|belief| html! {
                <p class="muted small">{ around(&say::question_belief(PLACE), html! { <q>{ belief }</q> }) }</p>
            }) }
            { for option(question, right).map(|choice| html! {
                <p><b>{ says }</b>{ " " }<q>{ with_code(&choice.say) }</q>{ ". " }{ with_code(&choice.reply) }</p>
            }) }
            { for wrong.and_then(counter).map(|run| html! {
                <p><button type="button" class="ghost" data-testid="counter" onclick={panel.ask(Ask::Run(run))}>{ say::QUESTION_COUNTER }</button></p>
            }) }
        </div>
    }
}

fn form(panel: &LessonPanel<'_>, question: &Question, chosen: Option<u8>) -> Html {
    let on_submit = panel.on.reform(|event: SubmitEvent| {
        event.prevent_default();
        Message::Check
    });
    let option = |(index, choice): (usize, &Choice)| {
        let index = index as u8;
        let choose = panel.on.reform(move |_| Message::Choose(index));
        let is_chosen = chosen == Some(index);
        html! {
            <label class={is_chosen.then_some("chosen")}>
                <input type="radio" name="answer" checked={is_chosen} onchange={choose} />
                <span lang="en">{ with_code(&choice.say) }</span>
            </label>
        }
    };
    let keys = (1..=question.options.len()).map(|key| html! { <kbd>{ key }</kbd> });
    html! {
        <form class="ask" onsubmit={on_submit}>
            <fieldset>
                <legend lang="en">{ with_code(&question.ask) }</legend>
                { for question.options.iter().enumerate().map(option) }
            </fieldset>
            <div class="ask-row">
                <button type="submit" class="primary" data-testid="check" disabled={chosen.is_none()}>{ say::QUESTION_CHECK }</button>
                <span class="keys" aria-hidden="true">{ for keys }</span>
            </div>
        </form>
    }
}
