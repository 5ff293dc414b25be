//! The page: the model, what the browser tells it, and where the panels are.

use mqttlab_sim::scenario::Scenario;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{HtmlElement, HtmlInputElement, KeyboardEvent};
use yew::{Callback, Component, Context, Html, html};

use crate::keys::{Command, Focus, Press, command};
use crate::lab::{Lab, Message, Pane, SideTab};
use crate::lesson::Asking;
use crate::platform::{Frames, Theme, copy_link, document, focus, fragment, store, stored};
use crate::share;
use crate::ui::help::Help;
use crate::ui::icons::sprite;
use crate::ui::inspector::Inspector;
use crate::ui::lesson::Lesson;
use crate::ui::run::{Run, SEARCH};
use crate::ui::state::State;
use crate::ui::tabs::Tabs;
use crate::ui::timeline::Timeline;
use crate::ui::topbar::{Running, Topbar, topbar};
use crate::ui::topology::Topology;

/// The scenario of the first lesson.
const DUEL: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/duel.scenario"));

/// The page as a component.
pub(crate) struct App {
    lab: Result<Lab, String>,
    frames: Frames,
    last_frame: Option<f64>,
    theme: Theme,
    helps: bool,
    letters: bool,
    /// The link to this moment was just asked for: whether it is on the clipboard.
    shared: Option<bool>,
    on: Callback<Message>,
    // Listens as long as the page lives.
    _keys: Option<Closure<dyn FnMut(KeyboardEvent)>>,
}

/// What the page is told.
pub(crate) enum Told {
    Lab(Message),
    Frame(f64),
    Key(KeyboardEvent),
    Theme,
    Help(bool),
    Letters(bool),
    Share,
    Shared(bool),
}

impl Component for App {
    type Message = Told;
    type Properties = ();

    fn create(cx: &Context<Self>) -> Self {
        let link = cx.link().clone();
        let frames = Frames::new(move |at| link.send_message(Told::Frame(at)));
        let mut lab = Scenario::unpack(DUEL)
            .map(Lab::open)
            .map_err(|error| error.to_string());
        if let Ok(lab) = &mut lab
            && let Some(at) = share::moment(&fragment(), &lab.scenario().id)
        {
            lab.update(Message::Seek(at));
        }
        Self {
            lab,
            frames,
            last_frame: None,
            theme: Theme::stored(),
            helps: false,
            letters: stored("letters").as_deref() != Some("off"),
            shared: None,
            on: cx.link().callback(Told::Lab),
            _keys: listen(cx.link().callback(Told::Key)),
        }
    }

    fn update(&mut self, cx: &Context<Self>, told: Told) -> bool {
        // The word stays until something else is done.
        if !matches!(told, Told::Frame(_)) {
            self.shared = None;
        }
        let redraws = match told {
            Told::Lab(message) => self.tell(message),
            Told::Frame(at) => self.frame(at),
            Told::Key(event) => self.key(&event),
            Told::Theme => {
                self.next_theme();
                true
            }
            Told::Help(open) => {
                self.helps = open;
                true
            }
            Told::Share => {
                self.share(cx);
                true
            }
            Told::Shared(copied) => {
                self.shared = Some(copied);
                true
            }
            Told::Letters(on) => {
                self.letters = on;
                store("letters", if on { "on" } else { "off" });
                true
            }
        };
        self.keep_going();
        redraws
    }

    fn view(&self, cx: &Context<Self>) -> Html {
        let link = cx.link();
        let body = match &self.lab {
            Ok(lab) => self.panels(lab),
            Err(problem) => broken(problem),
        };
        let running = self.lab.as_ref().ok().map(|lab| Running {
            title: lab.scenario().title.clone(),
            version: lab
                .scene()
                .clients()
                .first()
                .map_or_else(String::new, |client| client.version.clone()),
            seed: lab.scenario().seed,
        });
        html! {
            <div class="lab" data-testid="lab">
                { sprite() }
                <a class="skip" href="#run-panel">{ "Skip to the run" }</a>
                { topbar(&Topbar {
                    running,
                    theme: self.theme,
                    shared: self.shared,
                    on_share: link.callback(|()| Told::Share),
                    on_theme: link.callback(|()| Told::Theme),
                    on_help: link.callback(|()| Told::Help(true)),
                }) }
                { body }
                <Help
                    open={self.helps}
                    letters={self.letters}
                    on_close={link.callback(|()| Told::Help(false))}
                    on_letters={link.callback(Told::Letters)}
                />
            </div>
        }
    }
}

impl App {
    fn tell(&mut self, message: Message) -> bool {
        match &mut self.lab {
            Ok(lab) => lab.update(message),
            Err(_) => false,
        }
    }

    fn frame(&mut self, at: f64) -> bool {
        self.frames.came();
        let passed = self.last_frame.map_or(0.0, |last| (at - last).max(0.0));
        self.last_frame = Some(at);
        self.tell(Message::Frame(passed))
    }

    /// Asks for the next frame while anything moves.
    fn keep_going(&mut self) {
        let moves = match &self.lab {
            Ok(lab) => lab.player().is_playing() || lab.player().skip().is_some(),
            Err(_) => false,
        };
        if moves {
            self.frames.ask();
        } else {
            self.last_frame = None;
        }
    }

    fn key(&mut self, event: &KeyboardEvent) -> bool {
        if event.default_prevented() || self.helps {
            return false;
        }
        let press = Press {
            key: event.key(),
            shift: event.shift_key(),
            alt: event.alt_key(),
            other: event.ctrl_key() || event.meta_key(),
            focus: focus_of(event),
        };
        let Some(command) = command(&press, self.letters) else {
            return false;
        };
        event.prevent_default();
        match command {
            Command::Lab(message) => return self.tell(message),
            Command::Help => self.helps = true,
            Command::Theme => self.next_theme(),
            Command::Search => focus(SEARCH),
        }
        true
    }

    /// Puts the link to this moment into the address and onto the clipboard.
    fn share(&self, cx: &Context<Self>) {
        if let Ok(lab) = &self.lab {
            let moment = share::fragment(&lab.scenario().id, lab.player().shown());
            copy_link(&moment, cx.link().callback(Told::Shared));
        }
    }

    fn next_theme(&mut self) {
        self.theme = self.theme.next();
        self.theme.apply();
    }

    fn panels(&self, lab: &Lab) -> Html {
        let scene = lab.scene();
        let asks = lab.asking().is_open();
        let shown = lab.player().shown();
        let on = &self.on;
        html! {
            <>
                <main class="panes" id="pane-panel" data-pane={pane_name(lab.pane)}>
                    <Lesson scene={scene.clone()} asking={lab.asking()} on={on.clone()} />
                    <div class="middle">
                        <Topology
                            scene={scene.clone()}
                            {shown}
                            selection={lab.selection()}
                            shows_tcp={lab.shows_tcp}
                            state_of={lab.state_of}
                            skip={lab.player().skip()}
                            on={on.clone()}
                        />
                        { self.pane_tabs(lab) }
                        <Run
                            scene={scene.clone()}
                            {shown}
                            playing={lab.player().is_playing()}
                            selection={lab.selection()}
                            shows_tcp={lab.shows_tcp}
                            filter={lab.filter().clone()}
                            filter_text={lab.filter_text().to_owned()}
                            tab={lab.run_tab}
                            {asks}
                            on={on.clone()}
                        />
                    </div>
                    { self.side(lab, asks) }
                </main>
                <Timeline
                    scene={scene.clone()}
                    {shown}
                    playing={lab.player().is_playing()}
                    at_end={lab.is_at_end()}
                    speed={lab.player().speed()}
                    asked_at={matches!(lab.asking(), Asking::Open { .. }).then_some(shown)}
                    on={on.clone()}
                />
                <div class="hidden-visually" role="status" aria-live="polite">{ lab.spoken() }</div>
            </>
        }
    }

    fn side(&self, lab: &Lab, asks: bool) -> Html {
        let on = &self.on;
        let chosen = match lab.side_tab {
            SideTab::Inspector => 0,
            SideTab::State => 1,
        };
        let choose = on.reform(|index: usize| {
            Message::Side(if index == 0 {
                SideTab::Inspector
            } else {
                SideTab::State
            })
        });
        let names = vec!["Inspector".to_owned(), "State".to_owned()];
        html! {
            <div class="side" id="side-panel" data-tab={if chosen == 0 { "inspector" } else { "state" }}>
                <Tabs label="Right side" id="side" class="tabs side-tabs" {names} {chosen} {choose} />
                <Inspector
                    scene={lab.scene().clone()}
                    selection={lab.selection()}
                    packet={lab.packet().cloned()}
                    tab={lab.inspector_tab}
                    {asks}
                    on={on.clone()}
                />
                <State scene={lab.scene().clone()} shown={lab.player().shown()} of={lab.state_of} on={on.clone()} />
            </div>
        }
    }

    fn pane_tabs(&self, lab: &Lab) -> Html {
        const PANES: [(Pane, &str); 4] = [
            (Pane::Story, "Story"),
            (Pane::Run, "Run"),
            (Pane::Inspector, "Bytes"),
            (Pane::State, "State"),
        ];
        let chosen = PANES
            .iter()
            .position(|(pane, _)| *pane == lab.pane)
            .unwrap_or(0);
        let names: Vec<String> = PANES.iter().map(|(_, name)| (*name).to_owned()).collect();
        let choose = self.on.reform(|index: usize| {
            Message::Pane(PANES.get(index).map_or(Pane::Story, |(pane, _)| *pane))
        });
        html! { <Tabs label="Panels" id="pane" class="tabs pane-tabs" {names} {chosen} {choose} /> }
    }
}

fn pane_name(pane: Pane) -> &'static str {
    match pane {
        Pane::Story => "story",
        Pane::Run => "run",
        Pane::Inspector => "inspector",
        Pane::State => "state",
    }
}

fn broken(problem: &str) -> Html {
    html! {
        <main class="broken">
            <h2>{ "This scenario cannot be run" }</h2>
            <pre>{ problem }</pre>
        </main>
    }
}

/// Hears every key that no panel has used itself.
fn listen(on: Callback<KeyboardEvent>) -> Option<Closure<dyn FnMut(KeyboardEvent)>> {
    let closure = Closure::<dyn FnMut(KeyboardEvent)>::new(move |event| on.emit(event));
    document()?
        .add_event_listener_with_callback("keydown", closure.as_ref().unchecked_ref())
        .ok()?;
    Some(closure)
}

fn focus_of(event: &KeyboardEvent) -> Focus {
    let Some(element) = event
        .target()
        .and_then(|target| target.dyn_into::<HtmlElement>().ok())
    else {
        return Focus::Page;
    };
    match element.tag_name().as_str() {
        "INPUT" => match element
            .dyn_ref::<HtmlInputElement>()
            .map(HtmlInputElement::type_)
            .as_deref()
        {
            // Its arrow keys are ours: they step by events.
            Some("range") => Focus::Page,
            Some("checkbox") => Focus::Button,
            Some(_) | None => Focus::Field,
        },
        "SELECT" | "TEXTAREA" => Focus::Field,
        "BUTTON" | "A" | "SUMMARY" => Focus::Button,
        _ => Focus::Page,
    }
}
