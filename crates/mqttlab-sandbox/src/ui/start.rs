//! Where to start: from nothing, from a template, from what is on the stage, from a file.

use web_sys::HtmlInputElement;
use yew::html::Scope;
use yew::{Event, Html, TargetCast, html};

use crate::app::{App, Ask, Paper, Told};
use crate::templates::{EMPTY, TEMPLATES};
use crate::words;

/// `is_begun`: there is a scenario to go back to.
pub(crate) fn start(link: &Scope<App>, is_begun: bool, note: Option<&'static str>) -> Html {
    let begin = |text: &'static str| link.callback(move |_| Told::Begin(text.to_owned()));
    let onchange = link.callback(|event: Event| {
        let field: HtmlInputElement = event.target_unchecked_into();
        let file = field.files().and_then(|files| files.get(0));
        // The same file may be chosen again, after it was changed.
        field.set_value("");
        Told::File(file)
    });
    let choice = |name: &'static str, about: &'static str, text: &'static str| {
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
            <h2 class="story-title">{ "Sandbox" }</h2>
            <p>{ words::INTRO }</p>
            <div role="status">{ for note.map(|note| html! { <p class="warning">{ note }</p> }) }</div>
            if is_begun {
                <div class="ask-row">
                    <button type="button" class="primary" data-testid="back" onclick={link.callback(|_| Told::Start)}>{ "Back to my scenario" }</button>
                    <button type="button" class="ghost" data-testid="export" onclick={link.callback(|_| Told::Download(Paper::Scenario))}>{ "Export scenario.toml" }</button>
                    <button type="button" class="ghost" data-testid="lesson" title="Each step is a part of the story, each expectation a question" onclick={link.callback(|_| Told::Download(Paper::Lesson))}>{ "Make lesson.md of it" }</button>
                </div>
            }
            <h3>{ "Start" }</h3>
            <ul class="choices">
                { choice("From nothing", "A broker and an empty room.", EMPTY) }
                <li>
                    <button type="button" class="course-item" data-testid="take" onclick={link.callback(|_| Told::Ask(Ask::All))}>
                        <span class="sandbox-name">{ "From the run in the picture" }</span>
                        <span class="muted small">{ "At the moment that it shows, with all that was done in it." }</span>
                    </button>
                </li>
                <li>
                    <label class="file ghost">
                        { "Import a scenario file…" }
                        <input type="file" accept=".toml,.txt,text/plain,application/toml" data-testid="import" {onchange} />
                    </label>
                </li>
            </ul>
            <h3>{ "Or from a template" }</h3>
            <ul class="choices" data-testid="templates">
                { for TEMPLATES.iter().map(|it| choice(it.name, it.about, it.text)) }
            </ul>
        </div>
    }
}
