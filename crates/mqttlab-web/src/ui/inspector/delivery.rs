//! Who got a message, and why somebody did not.

use mqttlab_sim::delivery::DeliveryRow;
use yew::{Html, html};

use super::InspectorProps;
use crate::lab::Message;
use crate::say;
use crate::texts;
use crate::ui::icons::{Glyph, icon};

pub(super) fn draw(props: &InspectorProps) -> Html {
    let Some(table) = &props.delivery else {
        return html! {
            <p class="note">{ say::WHO_SELECT }</p>
        };
    };
    let table = &table.0;
    let scene = &props.scene;
    let row = |row: &DeliveryRow| {
        let (class, glyph, word) = match (row.outcome.is_delivered(), row.outcome.is_open()) {
            (true, _) => ("got", Glyph::Right, say::WHO_GOT),
            (false, true) => ("open", Glyph::Timer, say::WHO_NOT_YET),
            (false, false) => ("not", Glyph::Wrong, say::WHO_NOT),
        };
        let select = row
            .flight
            .map(|flight| props.on.reform(move |_| Message::SelectFlight(flight)));
        html! {
            <tr {class}>
                <th scope="row">{ scene.name(row.client) }</th>
                <td class="delivered">{ icon(glyph) }{ word }</td>
                <td>
                    <span class="filter mono">{ row.filter.clone() }</span>
                    { &row.text }
                    if let (Some(select), Some(at)) = (select, row.at) {
                        <button type="button" class="quiet small" onclick={select}>{ texts::moment(at) }</button>
                    }
                </td>
            </tr>
        }
    };
    html! {
        <table class="delivery" data-testid="delivery">
            <caption>{ say::who_caption(&table.topic, scene.name(table.publisher)) }</caption>
            <thead><tr><th scope="col">{ say::WHO_WHO }</th><th scope="col">{ say::WHO_MESSAGE }</th><th scope="col">{ say::WHO_WHY }</th></tr></thead>
            <tbody>{ for table.rows.iter().map(row) }</tbody>
        </table>
    }
}
