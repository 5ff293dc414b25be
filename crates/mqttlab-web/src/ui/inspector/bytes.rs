//! The bytes of a packet, each with the field it belongs to.

use mqttlab_sim::view::{Field, PacketBytes};
use yew::functional::{Hook, HookContext};
use yew::{Callback, Html, KeyboardEvent, hook, html, use_state_eq};

use crate::lab::{Message, Packet};
use crate::platform::focus;
use crate::say;
use crate::ui::part::Draw;

const ROW: usize = 8;
/// More bytes than this are not drawn: a payload of a megabyte tells nobody anything.
const BYTES_MAX: usize = 2_048;

#[derive(PartialEq)]
pub(crate) struct BytesProps {
    pub(crate) packet: Packet,
    pub(crate) field: Option<usize>,
    pub(crate) on: Callback<Message>,
}

impl Draw for BytesProps {
    const KIND: &'static str = "bytes";

    fn draw(&self, cx: &mut HookContext) -> Html {
        use_bytes(self).run(cx)
    }
}

#[hook]
fn use_bytes(props: &BytesProps) -> Html {
    let packet = &props.packet.0;
    let pointed = use_state_eq(|| None::<usize>);
    let shown = packet.bytes.get(..BYTES_MAX).unwrap_or(&packet.bytes);
    let stop = props
        .field
        .and_then(|index| packet.fields.get(index))
        .map_or(0, |field| field.start as usize);
    let onkeydown = keys(props, shown.len());
    let row = |(row, bytes): (usize, &[u8])| {
        let first = row * ROW;
        let cell = |(column, byte): (usize, &u8)| {
            let at = first + column;
            let point = pointed.clone();
            let leave = pointed.clone();
            let field = field_at(packet, at);
            let name = field
                .and_then(|index| packet.fields.get(index))
                .map_or("", |field| field.name.as_str());
            html! {
                <button
                    type="button"
                    role="gridcell"
                    id={format!("byte-{at}")}
                    class={class(props, *pointed, at)}
                    tabindex={if at == stop { "0" } else { "-1" }}
                    aria-label={say::bytes_byte(at, &format!("{byte:02x}"), name)}
                    title={name.to_owned()}
                    onmouseenter={Callback::from(move |_| point.set(field))}
                    onmouseleave={Callback::from(move |_| leave.set(None))}
                    onclick={props.on.reform(move |_| Message::SelectField(field))}
                >{ format!("{byte:02x}") }</button>
            }
        };
        html! {
            <div class="byte-row" role="row">
                <span class="byte-offset" role="rowheader">{ format!("{first:02x}") }</span>
                { for bytes.iter().enumerate().map(cell) }
                { for (bytes.len()..ROW).map(|_| html! { <span class="byte" aria-hidden="true" /> }) }
                <span class="byte-text" role="gridcell">{ bytes.iter().map(|byte| readable(*byte)).collect::<String>() }</span>
            </div>
        }
    };
    let more = packet.bytes.len() - shown.len();
    html! {
        <>
            <div class="bytes" role="grid" aria-label={say::BYTES_GRID} {onkeydown}>
                { for shown.chunks(ROW).enumerate().map(row) }
            </div>
            if more > 0 {
                <p class="note">{ say::bytes_more(more) }</p>
            }
            if let Some(error) = &packet.error {
                <p class="note fault">{ error }</p>
            }
        </>
    }
}

/// Arrow keys go from byte to byte; the field goes along.
fn keys(props: &BytesProps, count: usize) -> Callback<KeyboardEvent> {
    let (packet, on) = (props.packet.clone(), props.on.clone());
    Callback::from(move |event: KeyboardEvent| {
        let target = event.target().and_then(|target| {
            use wasm_bindgen::JsCast;
            target.dyn_into::<web_sys::Element>().ok()
        });
        let at = target.and_then(|target| target.id().strip_prefix("byte-")?.parse::<usize>().ok());
        let Some(at) = at else { return };
        let to = match event.key().as_str() {
            "ArrowRight" => at + 1,
            "ArrowLeft" => at.saturating_sub(1),
            "ArrowDown" => at + ROW,
            "ArrowUp" => at.saturating_sub(ROW),
            "Home" => 0,
            "End" => count.saturating_sub(1),
            _ => return,
        };
        event.prevent_default();
        if to < count {
            on.emit(Message::SelectField(field_at(&packet.0, to)));
            focus(&format!("byte-{to}"));
        }
    })
}

/// The innermost field of a byte. Where bits are fields of their own, the byte is their whole.
pub(super) fn field_at(packet: &PacketBytes, at: usize) -> Option<usize> {
    let covers = |field: &Field| (field.start as usize) <= at && at < field.end as usize;
    let whole = |field: &Field| field.mask == 255;
    let fields = || {
        packet
            .fields
            .iter()
            .enumerate()
            .filter(|(_, field)| covers(field))
    };
    let inner = fields().rfind(|(_, field)| whole(field));
    inner.or_else(|| fields().next()).map(|(index, _)| index)
}

fn class(props: &BytesProps, pointed: Option<usize>, at: usize) -> String {
    let packet = &props.packet.0;
    let has = |index: Option<usize>| {
        let field = index.and_then(|index| packet.fields.get(index));
        field.is_some_and(|field| (field.start as usize..field.end as usize).contains(&at))
    };
    // Neighbouring outermost fields differ in their shade.
    let outer = packet.fields.iter().filter(|field| field.depth == 0);
    let shade = outer
        .enumerate()
        .find(|(_, field)| (field.start as usize..field.end as usize).contains(&at))
        .map_or(0, |(index, _)| index % 4);
    let mut class = format!("byte shade-{shade}");
    if has(props.field) {
        class.push_str(" chosen");
    } else if has(pointed) {
        class.push_str(" pointed");
    }
    class
}

fn readable(byte: u8) -> char {
    if byte.is_ascii_graphic() {
        char::from(byte)
    } else {
        '·'
    }
}

#[cfg(test)]
mod tests {
    use mqttlab_sim::view::{Field, PacketBytes};

    use super::field_at;

    fn field(start: u32, end: u32, mask: u8, depth: u8) -> Field {
        Field {
            name: String::new(),
            value: String::new(),
            start,
            end,
            mask,
            depth,
            about: String::new(),
            clause: None,
        }
    }

    #[test]
    fn a_byte_belongs_to_its_innermost_whole_field() {
        let packet = PacketBytes {
            flight: 0,
            bytes: vec![0; 5],
            fields: vec![
                field(0, 2, 255, 0),
                field(0, 1, 0xf0, 1),
                field(1, 2, 255, 1),
                field(2, 3, 0x02, 0),
            ],
            error: None,
        };
        assert_eq!(field_at(&packet, 0), Some(0));
        assert_eq!(field_at(&packet, 1), Some(2));
        assert_eq!(field_at(&packet, 2), Some(3));
        assert_eq!(field_at(&packet, 4), None);
    }
}
