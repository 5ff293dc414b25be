//! The Lab: the page that plays, explains and rewinds a simulated run.
#![forbid(unsafe_code)]

use yew::{Html, component, html};

/// Says what the page is for until there is more to show.
#[component]
fn App() -> Html {
    html! { <main><h1>{ "MQTT Lab" }</h1></main> }
}

fn main() {
    yew::Renderer::<App>::new().render();
}
