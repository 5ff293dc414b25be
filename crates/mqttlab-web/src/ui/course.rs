//! The left panel when no lesson is open: all lessons, what was learnt in each, and what a teacher needs.

use web_sys::HtmlInputElement;
use yew::{Callback, Event, Html, TargetCast, html};

use super::icons::{Glyph, icon};
use crate::learn::{Learn, Wish};
use crate::lesson::{Entry, of_kind};
use crate::say;
use crate::texts::learn as words;

/// `current` is the lesson on the stage.
pub(crate) fn course(learn: &Learn, current: Option<&str>, on: &Callback<Wish>) -> Html {
    let next = learn.progress.next();
    let open = |id: &str| {
        let id = id.to_owned();
        on.reform(move |_: yew::MouseEvent| Wish::Open(id.clone()))
    };
    html! {
        <section class="panel story" id="lesson" key="course" aria-labelledby="course-title">
            <div class="scroll story-text">
                <h2 id="course-title" class="story-title">{ say::COURSE_TITLE }</h2>
                <p>{ say::COURSE_ABOUT }</p>
                if learn.trouble {
                    <p class="warning" role="alert">{ say::COURSE_TROUBLE }</p>
                }
                { for next.map(|entry| html! {
                    <div class="ask-row">
                        <button type="button" class="primary" data-testid="next-lesson" onclick={open(entry.id)}>
                            { words::go_on(learn.progress.finished(), entry.title) }
                        </button>
                    </div>
                }) }
                <ol class="course">
                    { for of_kind(false).map(|entry| item(learn, entry, current, open(entry.id))) }
                </ol>
                <h3>{ say::CASES_TITLE }</h3>
                <p class="muted">{ say::CASES_ABOUT }</p>
                <ul class="course cases">
                    { for of_kind(true).map(|entry| item(learn, entry, current, open(entry.id))) }
                </ul>
                { progress(learn, on) }
                { teacher(learn, on) }
            </div>
        </section>
    }
}

fn item(
    learn: &Learn,
    entry: &Entry,
    current: Option<&str>,
    onclick: Callback<yew::MouseEvent>,
) -> Html {
    let done = learn.progress.of(entry.id);
    html! {
        <li>
            <button type="button" class="course-item" data-lesson={entry.id} aria-current={(current == Some(entry.id)).then_some("true")} {onclick}>
                <span class="course-title">
                    <span lang="en">{ entry.title }</span>
                    if done.finished {
                        { icon(Glyph::Right) }<span class="hidden-visually">{ " " }{ say::COURSE_FINISHED }</span>
                    }
                </span>
                <span class="muted small" lang="en">{ entry.about }</span>
                if done.answered > 0 || done.goal {
                    <span class="small course-done">{ words::done(done, entry.questions) }</span>
                }
            </button>
        </li>
    }
}

fn progress(learn: &Learn, on: &Callback<Wish>) -> Html {
    let text = learn.progress.text();
    let import = on.reform(|event: Event| {
        let field: HtmlInputElement = event.target_unchecked_into();
        Wish::Import(field.files().and_then(|files| files.get(0)))
    });
    // Only letters, digits, spaces and line ends are in it.
    let href = format!(
        "data:text/plain,{}",
        text.replace('\n', "%0A").replace(' ', "%20")
    );
    html! {
        <details class="extra">
            <summary>{ say::PROGRESS_TITLE }</summary>
            <p class="muted">{ say::PROGRESS_LOCAL }</p>
            <div class="ask-row">
                <a class="ghost" download="mqttlab-progress.txt" {href}>{ say::PROGRESS_EXPORT }</a>
                <label class="ghost file">
                    { say::PROGRESS_IMPORT }
                    <input type="file" accept=".txt,text/plain" onchange={import} />
                </label>
                if learn.progress.is_empty() {
                    <span class="muted small">{ say::PROGRESS_NOTHING }</span>
                } else if learn.is_sure {
                    <button type="button" class="ghost danger" onclick={on.reform(|_| Wish::Forget)}>{ say::PROGRESS_SURE }</button>
                } else {
                    <button type="button" class="ghost" onclick={on.reform(|_| Wish::Forget)}>{ say::PROGRESS_FORGET }</button>
                }
            </div>
        </details>
    }
}

fn teacher(learn: &Learn, on: &Callback<Wish>) -> Html {
    let toggle = on.reform(|event: Event| {
        let field: HtmlInputElement = event.target_unchecked_into();
        Wish::Teacher(field.checked())
    });
    let seed = on.reform(|event: Event| {
        let field: HtmlInputElement = event.target_unchecked_into();
        Wish::Seed(field.value())
    });
    html! {
        <details class="extra">
            <summary>{ say::TEACHER_TITLE }</summary>
            <label class="check">
                <input type="checkbox" checked={learn.teacher} onchange={toggle} />
                { say::TEACHER_HIDES }
            </label>
            <p class="muted">{ say::TEACHER_REMOTE }</p>
            <div class="ask-row">
                <label>
                    { say::TEACHER_SEED }{ " " }
                    <input class="seed" type="text" inputmode="numeric" pattern="[0-9]*" value={learn.seed.map(|seed| seed.to_string())} onchange={seed} />
                </label>
                <button type="button" class="ghost" data-testid="class-link" onclick={on.reform(|_| Wish::ClassLink)}>{ say::TEACHER_LINK }</button>
            </div>
        </details>
    }
}
