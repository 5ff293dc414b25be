//! Where to start: from nothing, from a template, from what is on the stage, from a file.

use web_sys::HtmlInputElement;
use yew::html::Scope;
use yew::{Event, Html, TargetCast, html};

use crate::app::{App, Ask, Paper, Told};
use crate::say::{self, Text};
use crate::templates::{EMPTY, TEMPLATES};

/// `is_begun`: there is a scenario to go back to.
pub(crate) fn start(link: &Scope<App>, is_begun: bool, note: Option<Text>) -> Html {
    let begin = |text: &'static str| link.callback(move |_| Told::Begin(text.to_owned()));
    let onchange = link.callback(|event: Event| {
        let field: HtmlInputElement = event.target_unchecked_into();
        let file = field.files().and_then(|files| files.get(0));
        // The same file may be chosen again, after it was changed.
        field.set_value("");
        Told::File(file)
    });
    let choice = |name: Text, about: Text, text: &'static str| {
        html! {
            <li>
                <button type="button" class="course-item" onclick={begin(text)}>
                    <span class="sandbox-name">{ name }</span><span class="muted small">{ about }</span>
                </button>
            </li>
        }
    };
    html! {
        <div class="scroll story-text" data-testid="sandbox-start">
            <h2 class="story-title">{ say::SANDBOX }</h2>
            <p>{ say::INTRO }</p>
            <div role="status">{ for note.map(|note| html! { <p class="warning">{ note }</p> }) }</div>
            if is_begun {
                <div class="ask-row">
                    <button type="button" class="primary" data-testid="back" onclick={link.callback(|_| Told::Start)}>{ say::START_BACK }</button>
                    <button type="button" class="ghost" data-testid="export" onclick={link.callback(|_| Told::Download(Paper::Scenario))}>{ say::START_EXPORT }</button>
                    <button type="button" class="ghost" data-testid="lesson" title={say::START_LESSON_TITLE} onclick={link.callback(|_| Told::Download(Paper::Lesson))}>{ say::START_LESSON }</button>
                </div>
            }
            <h3>{ say::START }</h3>
            <ul class="choices">
                { choice(say::START_NOTHING, say::START_NOTHING_ABOUT, EMPTY) }
                <li>
                    <button type="button" class="course-item" data-testid="take" onclick={link.callback(|_| Told::Ask(Ask::All))}>
                        <span class="sandbox-name">{ say::START_RUN }</span>
                        <span class="muted small">{ say::START_RUN_ABOUT }</span>
                    </button>
                </li>
                <li>
                    <label class="file ghost">
                        { say::START_IMPORT }
                        <input type="file" accept=".toml,.txt,text/plain,application/toml" data-testid="import" {onchange} />
                    </label>
                </li>
            </ul>
            <h3>{ say::START_TEMPLATE }</h3>
            <ul class="choices" data-testid="templates">
                { for TEMPLATES.iter().map(|it| choice(it.name, it.about, it.text)) }
            </ul>
        </div>
    }
}
