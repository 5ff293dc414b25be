//! The left panel when no lesson is open: all lessons, what was learnt in each, and what a teacher needs.

use web_sys::HtmlInputElement;
use yew::{Callback, Event, Html, TargetCast, html};

use super::icons::{Glyph, icon};
use crate::learn::{Learn, Wish};
use crate::lesson::{Entry, of_kind};
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
                <h2 id="course-title" class="story-title">{ words::COURSE }</h2>
                <p>{ words::ABOUT_COURSE }</p>
                if learn.trouble {
                    <p class="warning" role="alert">{ words::TROUBLE }</p>
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
                <h3>{ words::CASES }</h3>
                <p class="muted">{ words::ABOUT_CASES }</p>
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
                    { entry.title }
                    if done.finished {
                        { icon(Glyph::Right) }<span class="hidden-visually">{ words::FINISHED }</span>
                    }
                </span>
                <span class="muted small">{ entry.about }</span>
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
            <summary>{ words::PROGRESS }</summary>
            <p class="muted">{ words::LOCAL }</p>
            <div class="ask-row">
                <a class="ghost" download="mqttlab-progress.txt" {href}>{ words::EXPORT }</a>
                <label class="ghost file">
                    { words::IMPORT }
                    <input type="file" accept=".txt,text/plain" onchange={import} />
                </label>
                if learn.progress.is_empty() {
                    <span class="muted small">{ words::NOTHING_YET }</span>
                } else if learn.is_sure {
                    <button type="button" class="ghost danger" onclick={on.reform(|_| Wish::Forget)}>{ words::SURE }</button>
                } else {
                    <button type="button" class="ghost" onclick={on.reform(|_| Wish::Forget)}>{ words::FORGET }</button>
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
            <summary>{ words::TEACHERS }</summary>
            <label class="check">
                <input type="checkbox" checked={learn.teacher} onchange={toggle} />
                { words::TEACHER }
            </label>
            <p class="muted">{ words::PRESENTER }</p>
            <div class="ask-row">
                <label>
                    { words::SEED }
                    <input class="seed" type="text" inputmode="numeric" pattern="[0-9]*" value={learn.seed.map(|seed| seed.to_string())} onchange={seed} />
                </label>
                <button type="button" class="ghost" data-testid="class-link" onclick={on.reform(|_| Wish::ClassLink)}>{ words::CLASS_LINK }</button>
            </div>
        </details>
    }
}
