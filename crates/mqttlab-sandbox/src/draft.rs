//! The text that is worked on, and its earlier and later forms. It is the only truth: forms show it and change it.

use toml_edit::DocumentMut;

use crate::edit::Edit;
use crate::page::Mistake;

/// How many earlier forms are kept.
const PAST_MAX: usize = 200;

/// What is known of the text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It is being read.
    #[default]
    Reading,
    /// It is in the picture.
    Plays,
    /// It is no scenario; the picture shows the last that was one.
    Wrong(Mistake),
}

/// The text that is worked on.
#[derive(Clone, Debug, Default)]
pub(crate) struct Draft {
    text: String,
    /// The same, taken apart; while that is not possible, as it was when it last was.
    document: DocumentMut,
    is_toml: bool,
    past: Vec<String>,
    future: Vec<String>,
    /// The last change was typed, and the next one may go with it.
    is_typing: bool,
    pub(crate) verdict: Verdict,
}

impl Draft {
    pub(crate) fn new(text: String) -> Self {
        let mut draft = Self::default();
        draft.take(text);
        draft
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    pub(crate) fn document(&self) -> &DocumentMut {
        &self.document
    }

    /// Whether forms can change it.
    pub(crate) fn is_toml(&self) -> bool {
        self.is_toml
    }

    pub(crate) fn can_undo(&self) -> bool {
        !self.past.is_empty()
    }

    pub(crate) fn can_redo(&self) -> bool {
        !self.future.is_empty()
    }

    /// Changes it in place.
    pub(crate) fn edit(&mut self, edits: impl IntoIterator<Item = Edit>) {
        if !self.is_toml {
            return;
        }
        let mut document = self.document.clone();
        for edit in edits {
            edit.apply(&mut document);
        }
        self.replace(document.to_string());
    }

    /// Puts another text in its place.
    pub(crate) fn replace(&mut self, text: String) {
        self.is_typing = false;
        self.change(text);
    }

    /// It was typed: letters on one line are one change.
    pub(crate) fn typed(&mut self, text: String) {
        let lines = |text: &str| text.matches('\n').count();
        if self.is_typing && lines(&text) == lines(&self.text) {
            self.future.clear();
            self.take(text);
        } else {
            self.change(text);
        }
        self.is_typing = true;
    }

    fn change(&mut self, text: String) {
        if text == self.text {
            return;
        }
        self.past.push(std::mem::take(&mut self.text));
        if self.past.len() > PAST_MAX {
            self.past.remove(0);
        }
        self.future.clear();
        self.take(text);
    }

    pub(crate) fn undo(&mut self) {
        if let Some(text) = self.past.pop() {
            self.future.push(std::mem::take(&mut self.text));
            self.is_typing = false;
            self.take(text);
        }
    }

    pub(crate) fn redo(&mut self) {
        if let Some(text) = self.future.pop() {
            self.past.push(std::mem::take(&mut self.text));
            self.is_typing = false;
            self.take(text);
        }
    }

    fn take(&mut self, text: String) {
        let parsed = text.parse();
        self.is_toml = parsed.is_ok();
        if let Ok(document) = parsed {
            self.document = document;
        }
        self.text = text;
        self.verdict = Verdict::Reading;
    }
}

#[cfg(test)]
mod tests {
    use super::Draft;
    use crate::edit::{Edit, Path};

    #[test]
    fn changes_are_taken_back_and_made_again() {
        let mut draft = Draft::new("a = 1".to_owned());
        draft.edit([Edit::Put(Path::of("a"), 2.into())]);
        draft.replace("a = 3".to_owned());
        draft.undo();
        draft.undo();
        assert_eq!((draft.text(), draft.can_undo()), ("a = 1", false));
        draft.redo();
        assert_eq!(draft.text(), "a = 2\n");
        draft.typed("b = 1".to_owned());
        assert!(!draft.can_redo());
    }

    #[test]
    fn letters_on_a_line_are_one_change() {
        let mut draft = Draft::new(String::new());
        for text in ["a", "a ", "a =", "a = 1", "a = 1\n", "a = 1\nb"] {
            draft.typed(text.to_owned());
        }
        draft.undo();
        assert_eq!(draft.text(), "a = 1");
        draft.undo();
        assert_eq!(draft.text(), "");
    }

    #[test]
    fn forms_wait_while_the_text_is_broken() {
        let mut draft = Draft::new("a = 1\n".to_owned());
        draft.typed("a = \n".to_owned());
        assert!(!draft.is_toml());
        draft.edit([Edit::Put(Path::of("a"), 2.into())]);
        assert_eq!(draft.text(), "a = \n");
        draft.typed("a = 3\n".to_owned());
        draft.edit([Edit::Put(Path::of("a"), 4.into())]);
        assert_eq!(draft.text(), "a = 4\n");
    }
}
