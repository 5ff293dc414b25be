//! The simulator for JavaScript.
//!
//! ```js
//! import { Lab } from "mqttlab";
//!
//! const lab = new Lab(await (await fetch("duel.toml")).text());
//! while (lab.step() !== undefined) {}
//! console.log(lab.view().sessions, lab.hash());
//! ```
//!
//! Times are numbers of microseconds. What comes back is plain data in the shape of [`mqttlab_sim::view`]; changing it
//! changes nothing in the run.
#![forbid(unsafe_code)]

use mqttlab_sim::export::trace;
use mqttlab_sim::recording::Recording;
use mqttlab_sim::scenario::Scenario;
use mqttlab_sim::view::Micros;
use serde::Serialize;
use wasm_bindgen::prelude::*;

/// The largest integer that a JavaScript number holds exactly.
const SAFE_INTEGER_MAX: f64 = 9_007_199_254_740_991.0;

/// A run of a scenario that can be stepped, wound back and looked at.
#[wasm_bindgen]
pub struct Lab {
    recording: Recording,
}

#[wasm_bindgen]
impl Lab {
    /// Loads a scenario from the text of a TOML file. The run stands before its first event.
    ///
    /// # Errors
    /// Throws an `Error` that says what is wrong and where, with line and column.
    #[wasm_bindgen(constructor)]
    pub fn load(scenario: &str) -> Result<Lab, JsError> {
        let scenario = Scenario::parse(scenario)?;
        Ok(Self {
            recording: Recording::new(scenario),
        })
    }

    /// The moment at which the run stands.
    #[wasm_bindgen(getter)]
    pub fn now(&self) -> f64 {
        self.recording.now() as f64
    }

    /// The moment at which the scenario ends.
    #[wasm_bindgen(getter)]
    pub fn end(&self) -> f64 {
        self.recording.end() as f64
    }

    /// Lets the next thing happen, which may be several events of one moment; the number of the first of them, or
    /// `undefined` at the end.
    pub fn step(&mut self) -> Option<u32> {
        self.recording.step()
    }

    /// Undoes the last thing that happened; the number of the first event of it, or `undefined` at the start.
    #[wasm_bindgen(js_name = stepBack)]
    pub fn step_back(&mut self) -> Option<u32> {
        self.recording.step_back()
    }

    /// Goes to a moment, forward or back. Beyond the end is the end.
    ///
    /// # Errors
    /// Throws when `at` is not a whole number of microseconds from 0 on.
    pub fn seek(&mut self, at: f64) -> Result<(), JsError> {
        self.recording.seek(micros(at)?);
        Ok(())
    }

    /// Goes to where so many events have happened; more if the last of them belongs to a happening that made more.
    #[wasm_bindgen(js_name = seekEvent)]
    pub fn seek_event(&mut self, events: u32) {
        self.recording.seek_event(events);
    }

    /// Everything there is to see at this moment.
    ///
    /// # Errors
    /// Throws only when the JavaScript engine cannot make the objects.
    pub fn view(&self) -> Result<JsValue, JsError> {
        to_js(&self.recording.view())
    }

    /// What happened up to now, from event number `from` on.
    ///
    /// # Errors
    /// Throws only when the JavaScript engine cannot make the objects.
    pub fn events(&self, from: Option<u32>) -> Result<JsValue, JsError> {
        to_js(tail(self.recording.events(), from))
    }

    /// The packets that were sent up to now, from number `from` on.
    ///
    /// # Errors
    /// Throws only when the JavaScript engine cannot make the objects.
    pub fn flights(&self, from: Option<u32>) -> Result<JsValue, JsError> {
        to_js(tail(self.recording.flights(), from))
    }

    /// The bytes of a packet and the field that each belongs to; `undefined` for a number that is not there.
    ///
    /// # Errors
    /// Throws only when the JavaScript engine cannot make the objects.
    pub fn packet(&self, flight: u32) -> Result<JsValue, JsError> {
        self.recording
            .packet(flight)
            .map_or(Ok(JsValue::UNDEFINED), |packet| to_js(&packet))
    }

    /// The rolling hash of all that happened up to now: equal for equal runs, natively and here.
    pub fn hash(&self) -> String {
        format!("{:016x}", self.recording.hash())
    }

    /// What came of the scenario's expectations, as far as the run has come.
    ///
    /// # Errors
    /// Throws only when the JavaScript engine cannot make the objects.
    pub fn check(&self) -> Result<JsValue, JsError> {
        to_js(&self.recording.check())
    }

    /// All that happened up to now as text, one line an event.
    pub fn trace(&self) -> String {
        trace::trace(&self.recording, trace::Options::default())
    }

    /// The version of the engine.
    #[wasm_bindgen(js_name = engineVersion)]
    pub fn engine_version() -> String {
        env!("CARGO_PKG_VERSION").to_owned()
    }
}

fn micros(at: f64) -> Result<Micros, JsError> {
    let is_whole = at.is_finite() && at.fract() == 0.0 && (0.0..=SAFE_INTEGER_MAX).contains(&at);
    if is_whole {
        Ok(at as Micros)
    } else {
        Err(JsError::new(
            "a moment is a whole number of microseconds from 0 on",
        ))
    }
}

fn tail<T>(all: &[T], from: Option<u32>) -> &[T] {
    all.get(from.unwrap_or(0) as usize..).unwrap_or_default()
}

fn to_js<T: Serialize + ?Sized>(value: &T) -> Result<JsValue, JsError> {
    let serializer = serde_wasm_bindgen::Serializer::json_compatible();
    Ok(value.serialize(&serializer)?)
}
