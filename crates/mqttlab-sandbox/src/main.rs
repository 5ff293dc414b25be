//! The sandbox: a scenario of one's own, by forms and as text, beside the picture of its run.
//!
//! It is a program of its own, so that the page's first load has nothing of it. It runs nothing: it holds the text, and
//! the page plays it; [`page`] tells what they say to each other.
#![forbid(unsafe_code)]

mod app;
mod draft;
mod edit;
mod lesson;
mod packets;
mod page;
mod platform;
mod say;
mod steps;
mod tables;
mod templates;
mod ui;
mod words;

fn main() {
    std::panic::set_hook(Box::new(console_error_panic_hook::hook));
    say::take(begin);
}

fn begin() {
    let Some(place) = page::place() else { return };
    // Two programs of this kind on one page must not take each other's elements for their own: they are told apart by a
    // number that each counts from 1, and 1 is the page.
    if let Some(document) = page::window().and_then(|window| window.document())
        && let Ok(nowhere) = document.create_element("div")
    {
        yew::Renderer::<ui::Nothing>::with_root(nowhere)
            .render()
            .destroy();
    }
    yew::Renderer::<app::App>::with_root(place).render();
}
