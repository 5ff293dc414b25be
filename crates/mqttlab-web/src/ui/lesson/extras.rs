//! Below the story: other runs, something to bring about, real code, and how to check that all of this is real.

use mqttlab_sim::lesson::{Snippet, WhatIf};
use yew::{Html, html};

use super::{LessonPanel, blocks, with_code};
use crate::lesson::Ask;
use crate::say;
use crate::texts::learn as words;
use crate::ui::icons::{Glyph, icon};

/// The panel's upper part while another run than the story is on the stage.
pub(super) fn what_if(panel: &LessonPanel<'_>) -> Html {
    let Some(what_if) = panel.study.what_if() else {
        return Html::default();
    };
    html! {
        <>
            <div class="story-place">
                <span class="muted small">{ &panel.study.lesson().title }</span>
            </div>
            <h2 id="lesson-title" class="story-title" lang="en">{ with_code(&what_if.title) }</h2>
            { blocks(&what_if.text) }
            <div class="ask-row">
                <button type="button" class="primary" data-testid="story" onclick={panel.ask(Ask::Run(0))}>{ say::STORY_BACK }</button>
            </div>
        </>
    }
}

pub(super) fn what_ifs(panel: &LessonPanel<'_>) -> Html {
    // Those of a case tell what the mistake is.
    if panel.study.keeps_secret() {
        return Html::default();
    }
    let what_ifs = &panel.study.lesson().what_ifs;
    let current = panel.study.what_if().map(|it| it.id.as_str());
    let item = |(index, what_if): (usize, &WhatIf)| {
        let is_current = current == Some(what_if.id.as_str());
        html! {
            <li>
                <button type="button" class="choice" aria-current={is_current.then_some("true")} onclick={panel.ask(Ask::Run(index + 1))}>
                    { with_code(&words::without_what_if(&what_if.title)) }
                </button>
            </li>
        }
    };
    html! {
        <details class="extra" data-testid="what-ifs">
            <summary>{ say::WHAT_IF }</summary>
            <ul class="choices">
                { for what_ifs.iter().enumerate().map(item) }
                <li><button type="button" class="choice" data-testid="build" onclick={panel.on_build}>{ say::BUILD_RUN }</button></li>
            </ul>
        </details>
    }
}

pub(super) fn goal(panel: &LessonPanel<'_>) -> Html {
    let Some((goal, reached)) = panel.study.goal() else {
        return Html::default();
    };
    let hints = panel.study.hints();
    let tool = |(index, text): (usize, &String)| {
        html! {
            <li>
                <button type="button" class="choice" onclick={panel.ask(Ask::Use(index))}>{ words::tool(text) }</button>
            </li>
        }
    };
    let reset = panel.study.is_changed();
    html! {
        <details class={if reached { "extra goal reached" } else { "extra goal" }} data-testid="goal">
            <summary>
                if reached {
                    { icon(Glyph::Right) }
                }
                { say::goal_try(&goal.title) }
            </summary>
            { blocks(&goal.text) }
            if !panel.tools.is_empty() {
                <p class="muted small">{ say::GOAL_TOOLS }</p>
                <ul class="choices">{ for panel.tools.iter().enumerate().map(tool) }</ul>
            }
            <div role="status">
                if reached {
                    <p class="won" data-testid="won">{ icon(Glyph::Right) }{ say::GOAL_WON }</p>
                }
            </div>
            if hints > 0 {
                <ol class="hints" lang="en">{ for goal.hints.iter().take(hints).map(|hint| html! { <li>{ with_code(hint) }</li> }) }</ol>
            }
            <div class="ask-row">
                if hints < goal.hints.len() && !reached {
                    <button type="button" class="ghost" data-testid="hint" onclick={panel.ask(Ask::Hint)}>{ say::goal_hint(hints + 1, goal.hints.len()) }</button>
                }
                if reset {
                    <button type="button" class="ghost" data-testid="reset" onclick={panel.ask(Ask::Reset)}>{ say::GOAL_RESET }</button>
                }
            </div>
        </details>
    }
}

pub(super) fn snippets(panel: &LessonPanel<'_>) -> Html {
    let snippet = |snippet: &Snippet| {
        html! {
            <details class="extra" key={snippet.name.clone()}>
                <summary>{ with_code(&say::snippet_title(&snippet.name)) }</summary>
                <p class="muted small">{ say::SNIPPET_ABOUT }</p>
                <pre class="code" tabindex="0"><code>{ &snippet.text }</code></pre>
            </details>
        }
    };
    panel.study.lesson().snippets.iter().map(snippet).collect()
}

/// Why this is no film, and how to find out.
pub(super) fn real(panel: &LessonPanel<'_>) -> Html {
    let id = &panel.study.lesson().id;
    html! {
        <details class="extra real">
            <summary>{ say::REAL_TITLE }</summary>
            <p>{ say::real_about(env!("CARGO_PKG_VERSION")) }</p>
            <p>{ with_code(&say::real_proof(&words::command(id))) }</p>
            <p class="muted">{ with_code(&say::real_hash(panel.hash)) }</p>
        </details>
    }
}
