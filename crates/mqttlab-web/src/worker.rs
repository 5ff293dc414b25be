//! The worker beside the page: started when it is first needed, ended to cancel what it does.

use js_sys::Uint8Array;
use mqttlab_sim::job::{Job, Reply};
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::MessageEvent;
use yew::Callback;

/// What comes back from the worker.
pub(crate) enum Word {
    /// A reply to the job with this number.
    Reply(u32, Reply),
    /// It could not be loaded, or has failed.
    Gone,
}

/// The worker, and the jobs that it has not got yet.
pub(crate) struct Worker {
    on: Callback<Word>,
    running: Option<Running>,
    /// The number of the last job.
    number: u32,
}

struct Running {
    worker: web_sys::Worker,
    /// Jobs that wait until it listens; `None` once it does.
    waiting: Option<Vec<Vec<u8>>>,
    // They listen as long as it lives.
    _message: Closure<dyn FnMut(MessageEvent)>,
    _error: Closure<dyn FnMut(web_sys::Event)>,
}

impl Worker {
    pub(crate) fn new(on: Callback<Word>) -> Self {
        Self {
            on,
            running: None,
            number: 0,
        }
    }

    /// Hands over a job. Returns its number, under which the replies come; `None` where workers cannot be had.
    pub(crate) fn ask(&mut self, job: &Job) -> Option<u32> {
        if self.running.is_none() {
            self.running = Some(Running::start(&self.on)?);
        }
        self.number += 1;
        let bytes = postcard::to_allocvec(&(self.number, job)).ok()?;
        let running = self.running.as_mut()?;
        match &mut running.waiting {
            Some(waiting) => waiting.push(bytes),
            None => running.send(&bytes),
        }
        Some(self.number)
    }

    /// Ends the worker and whatever it does; the next job starts another.
    pub(crate) fn cancel(&mut self) {
        self.running = None;
    }

    /// To be called with each word: hands over what has waited for the worker to listen.
    pub(crate) fn heard(&mut self, word: &Word) {
        match (word, &mut self.running) {
            (Word::Reply(_, Reply::Ready), Some(running)) => {
                for job in running.waiting.take().unwrap_or_default() {
                    running.send(&job);
                }
            }
            (Word::Gone, _) => self.running = None,
            (Word::Reply(..), _) => {}
        }
    }
}

impl Running {
    fn start(on: &Callback<Word>) -> Option<Self> {
        // Its name goes with what is in it: an old worker never meets a new page.
        let script = format!("./worker-{}.js", crate::platform::worker_id()?);
        let worker = web_sys::Worker::new(&script).ok()?;
        let replies = on.clone();
        let message = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
            let bytes = Uint8Array::new(&event.data()).to_vec();
            let word = match postcard::from_bytes(&bytes) {
                Ok((number, reply)) => Word::Reply(number, reply),
                // It is of another version than the page.
                Err(_) => Word::Gone,
            };
            replies.emit(word);
        });
        let failures = on.clone();
        let error = Closure::<dyn FnMut(web_sys::Event)>::new(move |event: web_sys::Event| {
            event.prevent_default();
            failures.emit(Word::Gone);
        });
        worker.set_onmessage(Some(message.as_ref().unchecked_ref()));
        worker.set_onerror(Some(error.as_ref().unchecked_ref()));
        Some(Self {
            worker,
            waiting: Some(Vec::new()),
            _message: message,
            _error: error,
        })
    }

    fn send(&self, job: &[u8]) {
        // It cannot be refused: bytes can always be copied.
        let _ = self.worker.post_message(&Uint8Array::from(job));
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.worker.terminate();
    }
}
