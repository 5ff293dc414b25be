//! What the Lab does beside its page: it takes jobs as messages and answers with messages.
//!
//! The page starts it when it is first needed, and ends it to cancel a job.
#![forbid(unsafe_code)]

use js_sys::Uint8Array;
use mqttlab_sim::job::{Job, Reply};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{DedicatedWorkerGlobalScope, MessageEvent};

fn main() {
    let scope: DedicatedWorkerGlobalScope = js_sys::global().unchecked_into();
    let answers = scope.clone();
    let take = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
        let bytes = Uint8Array::new(&event.data()).to_vec();
        // Only the page sends messages here, and it sends jobs.
        if let Ok((number, job)) = postcard::from_bytes::<(u32, Job)>(&bytes) {
            let last = job.run(&mut |reply| answer(&answers, number, &reply));
            answer(&answers, number, &last);
        }
    });
    scope.set_onmessage(Some(take.as_ref().unchecked_ref()));
    // It listens as long as it lives.
    take.forget();
    // The page waits for this word: a message sent before would be lost.
    answer(&scope, 0, &Reply::Ready);
}

fn answer(scope: &DedicatedWorkerGlobalScope, number: u32, reply: &Reply) {
    if let Ok(bytes) = postcard::to_allocvec(&(number, reply)) {
        let bytes: JsValue = Uint8Array::from(bytes.as_slice()).into();
        // It cannot be refused: bytes can always be copied.
        let _ = scope.post_message(&bytes);
    }
}
