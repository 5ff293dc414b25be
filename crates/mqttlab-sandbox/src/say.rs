//! The words of the sandbox: a constant for each text of `texts/en.ftl`, a function for each that has arguments.

use crate::platform;

include!(concat!(env!("OUT_DIR"), "/texts.rs"));

/// Takes the language over that the page speaks, where it is not English, and then says that the sandbox can begin.
pub(crate) fn take(begin: impl FnOnce() + 'static) {
    let language = platform::language();
    if language.is_empty() || language == LANGUAGES[0].0 {
        begin();
        return;
    }
    platform::load(file_of(&language), move |table| {
        // Where its texts cannot be had it is English.
        if let Some(table) = table {
            let _ = speak(table);
        }
        begin();
    });
}
