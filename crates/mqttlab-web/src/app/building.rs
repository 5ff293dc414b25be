//! What the page does for the sandbox.

use mqttlab_sim::view::Micros;

use super::App;
use crate::lab::Lab;
use crate::lesson::Study;
use crate::platform::sandbox;

impl App {
    /// Does what the sandbox asks for: play a text, or hand over what is played.
    pub(super) fn sandbox(&mut self, said: &str) {
        match said.split_once('\n') {
            Some(("play", text)) => self.desk.build(text),
            Some(("packet", _)) => {
                let packet = self.lab.as_ref().ok().and_then(Lab::packet);
                let bytes = packet.map_or(&[][..], |packet| &packet.0.bytes);
                let hex: String = bytes.iter().map(|byte| format!("{byte:02x} ")).collect();
                sandbox::tell(&format!("packet\n{}", hex.trim_end()));
            }
            Some(_) | None => self.take(),
        }
    }

    /// Hands the run on the stage to the sandbox, unless it would give an answer away.
    pub(super) fn take(&mut self) {
        let Ok(lab) = &self.lab else { return };
        if lab.study().is_some_and(Study::keeps_secret) {
            sandbox::tell("secret");
        } else {
            self.desk.take(lab.shared());
        }
    }

    /// Shows what the sandbox has built, at the moment that is on the screen.
    pub(super) fn build(&mut self, mut lab: Lab) {
        let mut at: Micros = 0;
        if let Ok(old) = &self.lab {
            at = old.player().shown();
            lab.pane = old.pane;
            lab.run_tab = old.run_tab;
            lab.shows_tcp = old.shows_tcp;
        }
        lab.seek(at);
        sandbox::tell(&format!("plays\n{}", lab.scenario().title));
        self.lab = Ok(lab);
        self.is_opened = true;
        self.has_changed = false;
    }
}
