//! Fields for lists: of tables, of texts, of names.

use toml_edit::{InlineTable, Table as NewTable, Value, value as item};
use yew::{Event, Html, html};

use super::fields::{Form, table};
use crate::app::Told;
use crate::edit::{self, Edit, Path, Step};
use crate::platform::{is_ticked, value};
use crate::say::{self, Text};
use crate::tables::{Kind, Table};

/// Tables, each a card, and a way to have one more.
pub(crate) fn list(
    form: Form<'_>,
    of: &'static Table,
    path: &Path,
    label: &str,
    about: &'static str,
) -> Html {
    let count = edit::count(form.root, path);
    let card = |at: usize| {
        let member = path.to(at);
        let gone = member.clone();
        let remove = form
            .link
            .callback(move |_| Told::Edit(vec![Edit::Remove(gone.clone())]));
        html! {
            <li class="sb-card" key={member.id()}>
                { table(form, of, &member) }
                <button type="button" class="ghost small" onclick={remove} aria-label={say::list_remove(at + 1, label)}>{ say::CARD_REMOVE }</button>
            </li>
        }
    };
    let first = path.to(count).to(match of.name {
        "Publish" => "topic",
        _ => "filter",
    });
    let place = path.clone();
    let add = form.link.callback(move |_| {
        let edits = vec![Edit::Append(place.clone(), new_member(of))];
        Told::EditAndGo(edits, place.id(), first.id())
    });
    html! {
        <fieldset class="sb-nested sb-wide" key={path.id()}>
            <legend>{ label }</legend>
            <p class="sb-help sb-always">{ about }</p>
            <ul class="sb-cards">{ for (0..count).map(card) }</ul>
            <button type="button" class="ghost small" id={path.id()} onclick={add}>{ adds(of) }</button>
        </fieldset>
    }
}

fn adds(of: &Table) -> Text {
    match of.name {
        "Subscribe" => say::ADD_SUBSCRIPTION,
        "Publish" => say::ADD_MESSAGE,
        "Answer" => say::ADD_ANSWER,
        _ => say::ADD_ONE,
    }
}

fn new_member(of: &Table) -> NewTable {
    let mut new = NewTable::new();
    match of.name {
        "Publish" => {
            new["every"] = item("1s");
            new["topic"] = item("news");
            new["payload"] = item("{n}");
        }
        "Answer" => {
            new["filter"] = item("ask/#");
            new["topic"] = item("answer");
        }
        _ => new["filter"] = item("#"),
    }
    new
}

/// Who takes part, each to be ticked.
pub(crate) fn names(form: Form<'_>, path: &Path, label: &str) -> Html {
    let chosen = edit::texts(form.root, path);
    // Somebody who is not there stays to be seen.
    let strangers = chosen.iter().filter(|name| !form.names.contains(name));
    let all = form.names.iter().chain(strangers);
    let tick = |name: &String| {
        let (place, before, own) = (path.clone(), chosen.clone(), name.clone());
        let onchange = form.on(move |event: &Event| {
            let mut names = before.clone();
            names.retain(|name| *name != own);
            if is_ticked(event) {
                names.push(own.clone());
            }
            let value = match names.as_slice() {
                [one] => Value::from(one.as_str()),
                _ => edit::list(names),
            };
            vec![Edit::Put(place.clone(), value)]
        });
        let checked = chosen.contains(name);
        html! { <label key={name.clone()}><input type="checkbox" {checked} {onchange} />{ name }</label> }
    };
    html! {
        <fieldset class="sb-field sb-wide sb-ticks" key={path.id()} id={path.id()}>
            <legend>{ label }</legend>
            { for all.map(tick) }
        </fieldset>
    }
}

/// What is written a line for each.
pub(crate) fn lines(form: Form<'_>, kind: Kind, path: &Path) -> Html {
    let (id, place) = (path.id(), path.clone());
    let text = match kind {
        Kind::Texts => edit::texts(form.root, path).join("\n"),
        _ => {
            let keys = edit::keys(form.root, path).into_iter().map(|key| {
                let values = path.to(Step::Key(key.clone().into()));
                let values = edit::texts(form.root, &values).join(", ");
                format!("{key} = {values}")
            });
            keys.collect::<Vec<_>>().join("\n")
        }
    };
    let rows = (text.lines().count() + 1).clamp(2, 8).to_string();
    let hint = match kind {
        Kind::Passwords => say::LINE_PASSWORD,
        Kind::Groups => say::LINE_GROUP,
        _ => say::LINE_EACH,
    };
    let onchange = form.on(move |event: &Event| vec![written(kind, &place, &value(event))]);
    html! {
        <textarea id={id.clone()} {rows} spellcheck="false" autocapitalize="off" placeholder={hint} aria-describedby={format!("{id}-help")} value={text} {onchange} />
    }
}

fn written(kind: Kind, path: &Path, text: &str) -> Edit {
    let lines = || text.lines().map(str::trim).filter(|line| !line.is_empty());
    if lines().next().is_none() {
        return Edit::Remove(path.clone());
    }
    if matches!(kind, Kind::Texts) {
        return Edit::Put(path.clone(), edit::list(lines().map(str::to_owned)));
    }
    let mut table = InlineTable::new();
    for line in lines() {
        let (key, rest) = line.split_once('=').unwrap_or((line, ""));
        let (key, rest) = (key.trim(), rest.trim());
        let value = match kind {
            Kind::Groups => {
                let names = rest.split(',').map(str::trim);
                edit::list(names.filter(|name| !name.is_empty()).map(str::to_owned))
            }
            _ => rest.into(),
        };
        table.insert(key, value);
    }
    Edit::Put(path.clone(), table.into())
}
