//! The forms: the run, the clients, what happens, the network, the broker, what must come of it.

use std::collections::BTreeSet;

use toml_edit::{Table as NewTable, value as item};
use wasm_bindgen::JsCast;
use web_sys::Element;
use yew::html::Scope;
use yew::{Event, Html, html};

use super::fields::{Form, table};
use super::lists::lines;
use super::steps::{expectations, steps};
use crate::app::{App, Told};
use crate::draft::Draft;
use crate::edit::{self, Edit, Path};
use crate::say::{self, Text};
use crate::tables::{BROKER, CLIENT, HEADER, Kind, LINK};

pub(crate) fn forms(link: &Scope<App>, draft: &Draft, open: &BTreeSet<String>) -> Html {
    if !draft.is_toml() {
        return html! { <p class="note">{ say::FORMS_BROKEN }</p> };
    }
    let root = draft.document().as_item();
    let version = edit::text(root, &Path::of("scenario").to("mqtt"));
    let names = names(draft);
    let form = Form {
        link,
        root,
        names: &names,
        is_new: version.as_deref() == Some("5.0"),
    };
    let any_new = form.is_new
        || (0..edit::count(root, &Path::of("client"))).any(|at| {
            edit::text(root, &Path::of("client").to(at).to("mqtt")).as_deref() == Some("5.0")
        });
    let doing = Form {
        is_new: any_new,
        ..form
    };
    let groups = Path::of("groups");
    html! {
        <>
            { section(say::SECTION_CLIENTS, None, clients(form, open)) }
            { section(say::SECTION_STEPS, None, steps(doing, open)) }
            { section(say::SECTION_EXPECTATIONS, None, expectations(doing, open)) }
            { section(say::SECTION_RUN, None, table(form, &HEADER, &Path::of("scenario"))) }
            { section(say::SECTION_NETWORK, Some(say::SECTION_NETWORK_ABOUT), table(form, &LINK, &Path::of("link"))) }
            { section(say::SECTION_BROKER, None, table(doing, &BROKER, &Path::of("broker"))) }
            { section(say::SECTION_GROUPS, Some(say::SECTION_GROUPS_ABOUT), html! {
                <div class="sb-field">
                    <label for={groups.id()}>{ say::GROUPS_LABEL }</label>
                    { lines(form, Kind::Groups, &groups) }
                    <p class="sb-help" id={format!("{}-help", groups.id())}>{ say::SECTION_GROUPS_HELP }</p>
                </div>
            }) }
        </>
    }
}

/// The broker, the clients, the groups.
fn names(draft: &Draft) -> Vec<String> {
    let root = draft.document().as_item();
    let clients = Path::of("client");
    let names = (0..edit::count(root, &clients))
        .filter_map(|at| edit::text(root, &clients.to(at).to("name")));
    let groups = edit::keys(root, &Path::of("groups"));
    ["broker".to_owned()]
        .into_iter()
        .chain(names)
        .chain(groups)
        .collect()
}

fn section(title: Text, about: Option<Text>, body: Html) -> Html {
    html! {
        <section class="sandbox-section" aria-label={title}>
            <h3>{ title }</h3>
            { for about.map(|about| html! { <p class="muted small">{ about }</p> }) }
            { body }
        </section>
    }
}

fn clients(form: Form<'_>, open: &BTreeSet<String>) -> Html {
    let list = Path::of("client");
    let count = edit::count(form.root, &list);
    let client = |at: usize| {
        let path = list.to(at);
        let version = form.text(&path.to("mqtt"));
        let is_new = match version.as_str() {
            "" => form.is_new,
            version => version == "5.0",
        };
        let about = match form.text(&path.to("client_id")) {
            id if id.is_empty() => version,
            id => format!("{id} {version}"),
        };
        card(
            form,
            open,
            Card {
                list: &list,
                at,
                count,
                name: &form.text(&path.to("name")),
                about: &about,
                noun: "client",
                can_move: true,
            },
            table(Form { is_new, ..form }, &CLIENT, &path),
        )
    };
    let name = free_name(form.names);
    let path = list.to(count);
    let place = list.clone();
    let add = form.link.callback(move |_| {
        let mut client = NewTable::new();
        client["name"] = item(name.as_str());
        // Somebody who never connects would only stand about.
        let mut step = NewTable::new();
        step["at"] = item("0s");
        step["who"] = item(name.as_str());
        step["act"] = item("connect");
        let edits = vec![
            Edit::Append(place.clone(), client),
            Edit::Append(Path::of("do"), step),
        ];
        Told::EditAndGo(edits, path.id(), path.to("name").id())
    });
    html! {
        <>
            <ul class="sb-cards">{ for (0..count).map(client) }</ul>
            <button type="button" class="ghost" data-testid="add-client" onclick={add}>{ say::ADD_CLIENT }</button>
        </>
    }
}

/// `A`, `B`, and so on; numbers when the letters are used up.
fn free_name(names: &[String]) -> String {
    let letters = ('A'..='Z').map(String::from);
    let numbers = (1..).map(|number| format!("client-{number}"));
    let mut free = letters.chain(numbers).filter(|name| !names.contains(name));
    // There are more numbers than names.
    free.next().unwrap_or_default()
}

/// A member of a list that can be folded away, moved, copied and removed.
pub(crate) struct Card<'a> {
    pub(crate) list: &'a Path,
    pub(crate) at: usize,
    pub(crate) count: usize,
    pub(crate) name: &'a str,
    pub(crate) about: &'a str,
    pub(crate) noun: &'static str,
    /// Its place means something: clients stand in the picture as they do here.
    pub(crate) can_move: bool,
}

pub(crate) fn card(form: Form<'_>, open: &BTreeSet<String>, card: Card<'_>, body: Html) -> Html {
    let Card {
        list,
        at,
        count,
        name,
        about,
        noun,
        can_move,
    } = card;
    let id = list.to(at).id();
    let does = |edit: Edit| form.link.callback(move |_| Told::Edit(vec![edit.clone()]));
    let own = id.clone();
    let ontoggle = form.link.callback(move |event: Event| {
        let details = event.target().and_then(|it| it.dyn_into::<Element>().ok());
        let is_open = details.is_some_and(|details| details.has_attribute("open"));
        Told::Fold(own.clone(), is_open)
    });
    html! {
        <li class="sb-card" key={id.clone()}>
            <details open={open.contains(&id)} {ontoggle} id={id.clone()}>
                <summary><b>{ name }</b>{ " " }<span class="muted">{ about }</span></summary>
                { body }
                <div class="sandbox-tools">
                    if can_move {
                        <button type="button" class="ghost small" disabled={at == 0} aria-label={say::card_up_label(noun, name)} onclick={does(Edit::Move(list.clone(), at, at.saturating_sub(1)))}>{ say::CARD_UP }</button>
                        <button type="button" class="ghost small" disabled={at + 1 == count} aria-label={say::card_down_label(noun, name)} onclick={does(Edit::Move(list.clone(), at, at + 1))}>{ say::CARD_DOWN }</button>
                    }
                    <button type="button" class="ghost small" aria-label={say::card_copy_label(noun, name)} onclick={does(Edit::Copy(list.clone(), at))}>{ say::CARD_COPY }</button>
                    <button type="button" class="ghost small" aria-label={say::card_remove_label(noun, name)} onclick={does(Edit::Remove(list.to(at)))}>{ say::CARD_REMOVE }</button>
                </div>
            </details>
        </li>
    }
}
