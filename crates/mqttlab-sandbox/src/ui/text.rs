//! The text, with what is wrong with it where it is.

use yew::html::Scope;
use yew::{Html, InputEvent, html};

use crate::app::{App, Told};
use crate::draft::{Draft, Verdict};
use crate::platform;
use crate::say;

/// Id of the field.
pub(crate) const TEXT: &str = "sandbox-text";

pub(crate) fn editor(link: &Scope<App>, draft: &Draft) -> Html {
    let text = draft.text();
    let lines = text.split('\n').count();
    let mistake = match &draft.verdict {
        Verdict::Wrong(mistake) => Some(mistake),
        Verdict::Reading | Verdict::Plays => None,
    };
    let numbers: String = (1..=lines)
        .map(|line| {
            let mark = if mistake.is_some_and(|it| it.line == line) {
                "✕ "
            } else {
                ""
            };
            format!("{mark}{line}\n")
        })
        .collect();
    // The same text once more below the field, invisible but for the mark.
    let marked = mistake.map(|mistake| {
        let (start, end) = mistake.range(text);
        let meant = if start == end { " " } else { &text[start..end] };
        html! { <>{ &text[..start] }<mark>{ meant }</mark>{ &text[end..] }</> }
    });
    let oninput = link.callback(|event: InputEvent| Told::Typed(platform::value(&event)));
    html! {
        <div class="sandbox-text">
            <pre class="sb-numbers" aria-hidden="true">{ numbers }</pre>
            <div class="sb-sheet">
                <pre class="sb-marks" aria-hidden="true">{ for marked }</pre>
                <textarea
                    id={TEXT}
                    class="mono"
                    aria-label={say::TEXT_LABEL}
                    aria-invalid={mistake.is_some().to_string()}
                    spellcheck="false"
                    autocapitalize="off"
                    autocomplete="off"
                    wrap="off"
                    rows={(lines + 1).to_string()}
                    value={text.to_owned()}
                    {oninput}
                />
            </div>
        </div>
    }
}
