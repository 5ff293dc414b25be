//! Sharing, searching, and what the page around this one asks for.

use yew::{Context, Html, html};

use super::{App, Told};
use crate::desk::Ask;
use crate::lab::Message;
use crate::lesson::Study;
use crate::platform::download::{download, download_picture};
use crate::platform::embed::{self, News, Wish};
use crate::platform::{copy, put_fragment};
use crate::share;
use crate::ui::open::OnHunt;
use crate::ui::share::{OnShare, Paper, Sharing};
use crate::ui::until::{OnUntil, Until};

impl App {
    pub(super) fn on_share(&mut self, cx: &Context<Self>, what: OnShare) {
        let Ok(lab) = &mut self.lab else { return };
        match what {
            OnShare::Open => {
                lab.update(Message::Halt);
                let is_secret = lab.study().is_some_and(Study::keeps_secret);
                self.sharing = Some(Sharing {
                    is_secret,
                    ..Sharing::default()
                });
                // For a lesson as it is, its name and the time are enough; for a case that is not solved they are all.
                if !is_secret && (self.is_opened || lab.is_changed()) {
                    let shared = lab.shared();
                    self.desk.share(shared);
                } else {
                    let moment = share::fragment(&lab.scenario().id, lab.player().shown());
                    self.hand_out(cx, &moment);
                }
            }
            OnShare::Close => self.sharing = None,
            OnShare::Copy => {
                let address = self.sharing.as_ref().and_then(|it| it.address.clone());
                copy(
                    &address.unwrap_or_default(),
                    cx.link().callback(Told::Copied),
                );
            }
            OnShare::Download(paper) => {
                let shared = lab.shared();
                self.desk.write(shared, paper);
                self.while_sharing(|it| {
                    it.writing = Some(paper);
                    it.failed = false;
                });
            }
        }
    }

    pub(super) fn while_sharing(&mut self, change: impl FnOnce(&mut Sharing)) -> bool {
        self.sharing.as_mut().map(change).is_some()
    }

    pub(super) fn hand_out(&mut self, cx: &Context<Self>, fragment: &str) {
        self.own_fragment = format!("#{fragment}");
        if let Some(address) = put_fragment(fragment) {
            copy(&address, cx.link().callback(Told::Copied));
            self.while_sharing(|it| it.address = Some(address));
        }
    }

    pub(super) fn keep(&mut self, cx: &Context<Self>, paper: Paper, bytes: Vec<u8>) {
        self.while_sharing(|it| it.writing = None);
        let Ok(lab) = &self.lab else { return };
        let name = &lab.scenario().id;
        match paper {
            Paper::File(format) => {
                let name = format!("{name}.{}", format.ending());
                download(&name, format.media_type(), &bytes);
            }
            Paper::Picture => {
                let done = cx.link().callback(Told::Drawn);
                download_picture(format!("{name}.png"), bytes, done);
            }
        }
    }

    pub(super) fn fulfil(&mut self, wish: Wish) {
        match wish {
            Wish::Lab(message) => {
                self.tell(message);
            }
            Wish::Playing(playing) => {
                let plays = self.lab.as_ref().is_ok_and(|lab| lab.player().is_playing());
                if plays != playing {
                    self.tell(Message::Toggle);
                }
            }
            Wish::Open(text) => self.desk.ask(Ask::Text(text)),
        }
    }

    pub(super) fn tell_parent(&mut self) {
        const EVERY_MS: f64 = 250.0;
        let Ok(lab) = &self.lab else { return };
        if !self.is_embedded {
            return;
        }
        let (at, playing) = (lab.player().shown(), lab.player().is_playing());
        let frame = self.last_frame.unwrap_or(0.0);
        let (told_at, told_playing, told_frame) = self.told;
        let is_soon = playing && told_playing && frame - told_frame < EVERY_MS;
        if (told_at, told_playing) == (at, playing) || is_soon {
            return;
        }
        self.told = (at, playing, frame);
        embed::tell(&News::Moment {
            at,
            end: lab.scene().end,
            playing,
            hash: &lab.scene().view.hash,
        });
    }

    pub(super) fn on_until(&mut self, what: OnUntil) {
        let Ok(lab) = &mut self.lab else { return };
        match what {
            OnUntil::Open => self.until = Some(Until::default()),
            OnUntil::Close => {
                if self.until.take().is_some() && self.desk.progress.is_some() {
                    self.desk.cancel();
                }
            }
            OnUntil::Step(step) => {
                self.until = None;
                lab.update(Message::Step(step));
            }
            OnUntil::Condition(text) => {
                self.until = Some(Until::default());
                let shared = lab.shared();
                self.desk.play_until(shared, text);
            }
            OnUntil::Cancel => self.desk.cancel(),
        }
    }

    pub(super) fn on_hunt(&mut self, what: OnHunt) {
        self.hunted_in_vain = false;
        match (what, &self.lab) {
            (OnHunt::Start, Ok(lab)) => self.desk.hunt(lab.scenario().clone()),
            (OnHunt::Start, Err(_)) => {}
            (OnHunt::Cancel, _) => self.desk.cancel(),
        }
    }

    pub(super) fn names(&self) -> Vec<String> {
        let participants = self
            .lab
            .as_ref()
            .map(|lab| lab.scene().view.participants.iter());
        let names = participants.map(|all| all.map(|each| each.name.clone()).collect());
        names.unwrap_or_default()
    }

    pub(super) fn says_until(&mut self, says: &str) {
        if let Some(until) = &mut self.until {
            until.says = Some(says.to_owned());
        }
    }

    pub(super) fn notice(&self, cx: &Context<Self>) -> Html {
        if !self.has_changed {
            return Html::default();
        }
        html! {
            <div class="notice" role="status" data-testid="notice">
                { crate::say::OPEN_CHANGED }
                <button type="button" class="quiet" onclick={cx.link().callback(|_| Told::Understood)}>{ crate::say::CHANGED_UNDERSTOOD }</button>
            </div>
        }
    }
}
