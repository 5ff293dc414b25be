//! The Lab: the page that plays, explains and rewinds a simulated run.
#![forbid(unsafe_code)]

mod acting;
mod app;
mod desk;
mod filter;
mod keys;
mod lab;
mod language;
mod layout;
mod learn;
mod lesson;
mod opening;
#[cfg(test)]
mod palette;
mod platform;
mod player;
mod say;
mod scene;
mod share;
mod texts;
mod ui;
mod worker;

/// The lesson that the page opens with: its name, and itself.
const OPENING_ID: &str = "duel";
const OPENING: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/opening.lesson"));

fn main() {
    std::panic::set_hook(Box::new(|info| {
        console_error_panic_hook::hook(info);
        platform::show_problem(&info.to_string());
    }));
    let root = platform::document().and_then(|document| document.get_element_by_id("app"));
    match root {
        Some(root) => {
            language::take(move || {
                root.set_inner_html("");
                yew::Renderer::<app::App>::with_root(root.clone()).render();
            });
        }
        None => platform::show_problem("The page has no place for the program."),
    }
}
