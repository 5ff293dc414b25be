//! What is behind the doors: lessons, runs of one's own, and what the address names.

use yew::Context;

use super::{App, first_lesson};
use crate::desk::{Ask, Door, Outcome};
use crate::lab::{Lab, Message, Pane};
use crate::learn::{Granted, Wish};
use crate::opening::run_in;
use crate::platform::{fragment, put_fragment, sandbox};
use crate::say;
use crate::share;
use crate::worker::Word;

impl App {
    /// Goes to what the address names, unless the page has put it there itself.
    pub(super) fn go_to_address(&mut self) {
        let fragment = fragment();
        if fragment == self.own_fragment {
            return;
        }
        if let Some(text) = run_in(&fragment) {
            self.door = Door::Inspect;
            self.desk.ask(Ask::Link(text.to_owned()));
        } else if let Some(id) = share::lesson(&fragment) {
            self.door = Door::Learn;
            self.learn.seed = share::seed(&fragment).or(self.learn.seed);
            self.learn.teacher |= share::hides(&fragment);
            let at = share::moment(&fragment, id);
            match &mut self.lab {
                Ok(lab)
                    if !self.is_opened && lab.scenario().id == id && self.learn.seed.is_none() =>
                {
                    self.learn.lists = false;
                    lab.go_to_moment(at.unwrap_or(0));
                }
                Ok(_) | Err(_) => self.learn.fetch(id.to_owned(), at),
            }
        }
    }

    pub(super) fn learn(&mut self, cx: &Context<Self>, wish: Wish) {
        let current = self.lab.as_ref().ok().and_then(Lab::study);
        let current = current.map(|study| study.lesson().id.clone());
        match self.learn.grant(wish, current.as_deref()) {
            Granted::Changed => {}
            Granted::Opened(lab) => {
                let id = lab.scenario().id.clone();
                self.lab = Ok(*lab);
                self.is_opened = false;
                self.has_changed = false;
                self.door = Door::Learn;
                if share::lesson(&fragment()) != Some(&id) {
                    let lesson = format!("l={id}");
                    self.own_fragment = format!("#{lesson}");
                    // The lesson is open, whether or not the address can say so.
                    let _ = put_fragment(&lesson);
                }
            }
            Granted::Link(link) => self.hand_out(cx, &link),
        }
    }

    pub(super) fn enter(&mut self, door: Door) {
        self.door = door;
        if door == Door::Learn && self.is_opened {
            self.lab = first_lesson();
            self.is_opened = false;
            self.has_changed = false;
        }
        if let Ok(lab) = &mut self.lab {
            lab.pane = Pane::Story;
        }
    }

    pub(super) fn heard(&mut self, cx: &Context<Self>, word: Word) -> bool {
        match self.desk.heard(word) {
            Outcome::Opened { lab, is_same } => {
                self.lab = Ok(*lab);
                self.door = Door::Inspect;
                self.is_opened = true;
                self.has_changed = !is_same;
                true
            }
            Outcome::Built(lab) => {
                self.build(*lab);
                true
            }
            Outcome::Told(what) => {
                sandbox::tell(&what);
                false
            }
            Outcome::Link(text) => {
                self.hand_out(cx, &format!("r={text}"));
                true
            }
            Outcome::File(paper, bytes) => {
                self.keep(cx, paper, bytes);
                true
            }
            Outcome::Until(found) => {
                match (found, &mut self.lab) {
                    (Some((at, events)), Ok(lab)) => {
                        self.until = None;
                        lab.update(Message::Reach(at, events));
                    }
                    (Some(_) | None, _) => {
                        self.says_until(&say::UNTIL_NEVER);
                    }
                }
                true
            }
            Outcome::NoCondition(error) => {
                let says = match &error.help {
                    Some(help) => say::until_wrong_help(error.column, &error.message, help),
                    None => say::until_wrong(error.column, &error.message),
                };
                self.says_until(&says);
                true
            }
            Outcome::NothingFound => {
                self.hunted_in_vain = true;
                true
            }
            Outcome::Changed => true,
            Outcome::Nothing => false,
        }
    }
}
