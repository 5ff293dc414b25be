//! The package as JavaScript sees it. Node and the browser run the same tests.

use js_sys::{Array, Reflect};
use mqttlab_js::Lab;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_test::wasm_bindgen_test;

const DUEL: &str = include_str!("../../../../lessons/duel/scenario.toml");
const DUEL_TRACE: &str = include_str!("../../../../lessons/duel/trace.txt");

fn duel() -> Lab {
    Lab::load(DUEL).expect("the duel is a scenario")
}

fn property(object: &JsValue, name: &str) -> JsValue {
    Reflect::get(object, &name.into()).expect("it is an object")
}

fn list(value: Result<JsValue, wasm_bindgen::JsError>) -> Array {
    value.expect("plain data").dyn_into().expect("a list")
}

#[wasm_bindgen_test]
fn the_duel_gives_the_same_trace_as_natively() {
    let mut lab = duel();
    while lab.step().is_some() {}
    lab.seek(lab.end()).expect("the end is a moment");
    assert_eq!(lab.trace(), DUEL_TRACE);
}

#[wasm_bindgen_test]
fn stepping_back_and_seeking_bring_the_same_moment_again() {
    let mut lab = duel();
    for _ in 0..40 {
        assert!(lab.step().is_some());
    }
    let (now, hash) = (lab.now(), lab.hash());
    let events = list(lab.events(None)).length();
    lab.step();
    assert_ne!(lab.hash(), hash);
    lab.step_back();
    assert_eq!((lab.now(), lab.hash()), (now, hash.clone()));
    lab.seek(lab.end()).expect("a moment");
    lab.seek_event(events);
    assert_eq!(lab.hash(), hash);
}

#[wasm_bindgen_test]
fn a_view_is_plain_data() {
    let mut lab = duel();
    lab.seek(5_020_000.0).expect("a moment");
    let view = lab.view().expect("plain data");
    assert_eq!(property(&view, "now").as_f64(), Some(5_020_000.0));
    let participants: Array = property(&view, "participants").dyn_into().expect("a list");
    let names: Vec<String> = participants
        .iter()
        .filter_map(|one| property(&one, "name").as_string())
        .collect();
    assert_eq!(names, ["broker", "A", "B", "monitor"]);
}

#[wasm_bindgen_test]
fn events_flights_and_bytes_refer_to_each_other() {
    let mut lab = duel();
    lab.seek(1_000_000.0).expect("a moment");
    let flights = list(lab.flights(None));
    let connect = flights
        .iter()
        .find(|flight| property(flight, "name").as_string().as_deref() == Some("CONNECT"))
        .expect("somebody has connected");
    let id = property(&connect, "id").as_f64().expect("a number") as u32;
    let packet = lab.packet(id).expect("plain data");
    let bytes: Array = property(&packet, "bytes").dyn_into().expect("a list");
    assert_eq!(
        bytes.get(0).as_f64(),
        Some(16.0),
        "a CONNECT begins with 0x10"
    );
    assert_eq!(
        property(&connect, "length").as_f64(),
        Some(f64::from(bytes.length()))
    );
    let events = list(lab.events(None));
    assert_eq!(list(lab.events(Some(events.length()))).length(), 0);
    assert!(lab.packet(1_000_000).expect("no error").is_undefined());
}

#[wasm_bindgen_test]
fn what_is_wrong_is_thrown_as_an_error_that_says_where() {
    let thrown = Lab::load("[scenario]\nid = 7\n")
        .err()
        .expect("it is not a scenario");
    let message = property(&JsValue::from(thrown), "message")
        .as_string()
        .expect("a text");
    assert!(message.contains("line 2, column 6"), "{message}");
    let mut lab = duel();
    for moment in [-1.0, 0.5, f64::NAN, f64::INFINITY, 1e300] {
        assert!(lab.seek(moment).is_err(), "{moment} is no moment");
    }
    assert_eq!(lab.now(), 0.0);
}
