//! The page: the model, what the browser tells it, and where the panels are.

mod building;
mod dialogs;
mod doors;

use mqttlab_sim::lesson::Course;
use mqttlab_sim::recording::Branch;
use mqttlab_sim::view::Micros;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{Element, HtmlElement, HtmlInputElement, KeyboardEvent};
use yew::{Callback, Component, Context, Html, html};

use crate::acting::Target;
use crate::desk::{Ask, Desk, Door};
use crate::keys::{Command, Focus, Press, command};
use crate::lab::{Lab, Message, Pane, RunTab, SideTab};
use crate::learn::{Learn, Wish as LearnWish};
use crate::lesson::Asking;
use crate::opening::title;
use crate::platform::embed::{self, News, Wish};
use crate::platform::files::{self, Listener};
use crate::platform::{Frames, Theme, document, focus, now, store, stored};
use crate::platform::{pointing, sandbox};
use crate::say::{self, PLACE, Text, around};
use crate::ui::actions::{ActionsProps, actions};
use crate::ui::compare::{CompareProps, compare};
use crate::ui::course::course;
use crate::ui::help::HelpProps;
use crate::ui::icons::sprite;
use crate::ui::inspector::InspectorProps;
use crate::ui::lesson::{LessonPanel, lesson};
use crate::ui::menu::MenuProps;
use crate::ui::open::{OnHunt, OpenProps, Opened};
use crate::ui::part::part;
use crate::ui::run::{RunProps, SEARCH};
use crate::ui::share::{OnShare, ShareProps, Sharing};
use crate::ui::state::StateProps;
use crate::ui::tabs::TabsProps;
use crate::ui::timeline::TimelineProps;
use crate::ui::topbar::{Running, Topbar, topbar};
use crate::ui::topology::{Air, TopologyProps};
use crate::ui::until::{OnUntil, Until, UntilProps};
use crate::worker::Word;

/// How long after the beginning of a frame no more is begun of a long way through time, in milliseconds.
const TRAVEL_MS: f64 = 10.0;

/// The page as a component.
pub(crate) struct App {
    lab: Result<Lab, String>,
    desk: Desk,
    learn: Learn,
    door: Door,
    /// Whether what is shown came from somewhere else than the lessons.
    is_opened: bool,
    /// The link led to a run that is not what it was.
    has_changed: bool,
    /// No seed has made the run fail.
    hunted_in_vain: bool,
    /// The fragment that the page itself has put into the address.
    own_fragment: String,
    frames: Frames,
    /// The canvases of a crowd.
    air: Air,
    last_frame: Option<f64>,
    theme: Theme,
    helps: bool,
    letters: bool,
    /// The dialog about sharing is open.
    sharing: Option<Sharing>,
    /// The dialog about going on until something happens is open.
    until: Option<Until>,
    is_embedded: bool,
    /// What the page around this one was told last, and when.
    told: (Micros, bool, f64),
    on: Callback<Message>,
    // Listens as long as the page lives.
    _keys: Option<Closure<dyn FnMut(KeyboardEvent)>>,
    _listeners: Vec<Listener>,
}

/// What the page is told.
pub(crate) enum Told {
    Lab(Message),
    Frame(f64),
    Key(KeyboardEvent),
    Theme,
    Help(bool),
    Letters(bool),
    Share(OnShare),
    Copied(bool),
    /// The picture could be drawn, or not.
    Drawn(bool),
    Wish(Wish),
    Until(OnUntil),
    Hunt(OnHunt),
    Door(Door),
    /// The run on the stage goes into the sandbox.
    Build,
    /// The sandbox says something.
    Sandbox(String),
    Ask(Ask),
    Learn(LearnWish),
    Word(Word),
    /// The address has another fragment.
    Address,
    /// The word about a changed run was read.
    Understood,
}

impl Component for App {
    type Message = Told;
    type Properties = ();

    fn create(cx: &Context<Self>) -> Self {
        let link = cx.link().clone();
        let frames = Frames::new(move |at| link.send_message(Told::Frame(at)));
        let on_ask = cx.link().callback(Told::Ask);
        let mut listeners = files::listen(on_ask.reform(Ask::File), on_ask.reform(Ask::Text));
        listeners.extend(files::listen_address(
            cx.link().callback(|()| Told::Address),
        ));
        listeners.extend(sandbox::listen(cx.link().callback(Told::Sandbox)));
        let on = cx.link().callback(Told::Lab);
        listeners.extend(pointing::listen(
            on.reform(|(target, place)| Message::OpenMenu(Some(target), Some(place))),
        ));
        let mut app = Self {
            lab: first_lesson(),
            desk: Desk::new(on_ask, cx.link().callback(Told::Word)),
            learn: Learn::new(cx.link().callback(Told::Learn)),
            door: Door::default(),
            is_opened: false,
            has_changed: false,
            hunted_in_vain: false,
            own_fragment: String::new(),
            frames,
            air: Air::default(),
            last_frame: None,
            theme: Theme::stored(),
            helps: false,
            letters: stored("letters").as_deref() != Some("off"),
            sharing: None,
            until: None,
            is_embedded: embed::is_embedded(),
            told: (Micros::MAX, false, 0.0),
            on,
            _keys: listen(cx.link().callback(Told::Key)),
            _listeners: listeners,
        };
        app.go_to_address();
        if app.is_embedded {
            embed::mark();
            let on = cx.link().callback(Told::Wish);
            app._listeners.extend(embed::listen(on));
            embed::tell(&News::Ready);
            app.tell_parent();
        }
        app
    }

    fn update(&mut self, cx: &Context<Self>, told: Told) -> bool {
        let redraws = match told {
            Told::Lab(message) => self.tell(message),
            Told::Frame(at) => self.frame(at),
            Told::Key(event) => self.key(cx, &event),
            Told::Theme => {
                self.next_theme();
                true
            }
            Told::Help(open) => {
                self.helps = open;
                true
            }
            Told::Share(what) => {
                self.on_share(cx, what);
                true
            }
            Told::Copied(copied) => self.while_sharing(|it| it.copied = Some(copied)),
            Told::Drawn(drawn) => self.while_sharing(|it| it.failed = !drawn),
            Told::Until(what) => {
                self.on_until(what);
                true
            }
            Told::Hunt(what) => {
                self.on_hunt(what);
                true
            }
            Told::Wish(wish) => {
                self.fulfil(wish);
                true
            }
            Told::Door(door) => {
                self.enter(door);
                true
            }
            Told::Build => {
                self.enter(Door::Sandbox);
                self.take();
                true
            }
            Told::Sandbox(said) => {
                self.sandbox(&said);
                false
            }
            Told::Ask(ask) => {
                self.door = Door::Inspect;
                self.desk.ask(ask);
                true
            }
            Told::Learn(wish) => {
                self.learn(cx, wish);
                true
            }
            Told::Word(word) => self.heard(cx, word),
            Told::Address => {
                self.go_to_address();
                true
            }
            Told::Understood => {
                self.has_changed = false;
                true
            }
            Told::Letters(on) => {
                self.letters = on;
                store("letters", if on { "on" } else { "off" });
                true
            }
        };
        self.keep_going();
        self.tell_parent();
        redraws
    }

    fn view(&self, cx: &Context<Self>) -> Html {
        let link = cx.link();
        let body = match &self.lab {
            Ok(lab) => self.panels(cx, lab),
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
                <a class="skip" href="#run-panel">{ say::SKIP_LINK }</a>
                { topbar(&Topbar {
                    running,
                    theme: self.theme,
                    door: self.door,
                    on_door: link.callback(Told::Door),
                    on_share: link.callback(|()| Told::Share(OnShare::Open)),
                    on_theme: link.callback(|()| Told::Theme),
                    on_help: link.callback(|()| Told::Help(true)),
                }) }
                { self.notice(cx) }
                { body }
                if let Some(until) = &self.until {
                    { part(UntilProps {
                        until: until.clone(),
                        progress: self.desk.progress,
                        names: self.names(),
                        on: link.callback(Told::Until),
                    }) }
                }
                if let Some(sharing) = &self.sharing {
                    { part(ShareProps {
                        sharing: sharing.clone(),
                        on: link.callback(Told::Share),
                    }) }
                }
                if self.helps {
                    { part(HelpProps {
                        letters: self.letters,
                        on_close: link.callback(|()| Told::Help(false)),
                        on_letters: link.callback(Told::Letters),
                    }) }
                }
            </div>
        }
    }
}

impl App {
    fn tell(&mut self, message: Message) -> bool {
        match &mut self.lab {
            Ok(lab) => {
                let is_new = lab.update(message);
                self.learn.note(lab);
                is_new
            }
            Err(_) => false,
        }
    }

    fn frame(&mut self, at: f64) -> bool {
        self.frames.came();
        let passed = self.last_frame.map_or(0.0, |last| (at - last).max(0.0));
        self.last_frame = Some(at);
        let mut redraws = self.tell(Message::Frame(passed));
        while !redraws
            && (self.lab.as_ref()).is_ok_and(|lab| lab.heading().is_some())
            && now() - at < TRAVEL_MS
        {
            redraws = self.tell(Message::Frame(0.0));
        }
        if let Ok(lab) = &self.lab
            && lab.scene().is_crowd()
            && !redraws
        {
            let shown = lab.player().shown();
            self.air
                .paint(shown, &mut lab.travelling(), &mut lab.client_states());
        }
        redraws
    }

    fn keep_going(&mut self) {
        let moves = match &self.lab {
            Ok(lab) => {
                let player = lab.player();
                player.is_playing() || player.skip().is_some() || lab.heading().is_some()
            }
            Err(_) => false,
        };
        if moves {
            self.frames.ask();
        } else {
            self.last_frame = None;
        }
    }

    fn key(&mut self, cx: &Context<Self>, event: &KeyboardEvent) -> bool {
        let has_menu = self.lab.as_ref().is_ok_and(|lab| lab.menu().is_some());
        if event.default_prevented()
            || self.helps
            || has_menu
            || self.sharing.is_some()
            || self.until.is_some()
        {
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
            Command::Until => self.on_until(OnUntil::Open),
            Command::Share => self.on_share(cx, OnShare::Open),
            Command::Act => {
                let (target, place) = focused_target(event);
                return self.tell(Message::OpenMenu(target, place));
            }
            Command::Quick(quick) => {
                return self.tell(Message::Quick(quick, focused_target(event).0));
            }
        }
        true
    }

    fn left(&self, cx: &Context<Self>, lab: &Lab) -> Html {
        match self.door {
            Door::Learn => match lab.study() {
                Some(study) if !self.learn.lists => lesson(&LessonPanel {
                    study,
                    shown: lab.player().shown(),
                    playing: lab.player().is_playing(),
                    at_end: lab.is_at_end(),
                    tools: lab.tools(),
                    hash: &lab.scene().view.hash,
                    teacher: self.learn.teacher,
                    on: &self.on,
                    on_wish: &cx.link().callback(Told::Learn),
                    on_build: &cx.link().callback(|_| Told::Build),
                }),
                study => course(
                    &self.learn,
                    study.map(|study| study.lesson().id.as_str()),
                    &cx.link().callback(Told::Learn),
                ),
            },
            // It brings itself in where its element is.
            Door::Sandbox => html! {
                <section class="panel story" id="lesson" key="sandbox" aria-label={say::SANDBOX}>
                    <mqttlab-sandbox />
                    if self.is_opened {
                        <div class="sandbox-run">
                            { crate::ui::open::expected(&lab.expected()) }
                            <p class="muted small">{ around(&say::sandbox_hash(PLACE), html! { <code data-testid="hash">{ &lab.scene().view.hash }</code> }) }</p>
                        </div>
                    }
                    <script type="module" src="./sandbox.js" />
                </section>
            },
            Door::Inspect => html! {
                { part(OpenProps {
                    opened: self.is_opened.then(|| opened(lab)),
                    trouble: self.desk.trouble.clone(),
                    busy: self.desk.is_busy(),
                    recents: self.desk.recents.clone(),
                    hunting: self.desk.progress.filter(|_| self.until.is_none()),
                    hunted_in_vain: self.hunted_in_vain,
                    on_hunt: cx.link().callback(Told::Hunt),
                    on_build: cx.link().callback(|_| Told::Build),
                    on: cx.link().callback(Told::Ask),
                }) }
            },
        }
    }

    fn next_theme(&mut self) {
        self.theme = self.theme.next();
        self.theme.apply();
    }

    fn panels(&self, cx: &Context<Self>, lab: &Lab) -> Html {
        let scene = lab.scene();
        let asks = lab.asking().is_open();
        let shown = lab.player().shown();
        let on = &self.on;
        html! {
            <>
                <main class="panes" id="pane-panel" data-pane={pane_name(lab.pane)}>
                    { self.left(cx, lab) }
                    <div class="middle">
                        { part(TopologyProps {
                            scene: scene.clone(),
                            shown,
                            selection: lab.selection(),
                            shows_tcp: lab.shows_tcp,
                            state_of: lab.state_of,
                            skip: lab.player().skip(),
                            air: self.air.clone(),
                            on: on.clone(),
                        }) }
                        { self.pane_tabs(lab) }
                        { part(RunProps {
                            scene: scene.clone(),
                            shown,
                            playing: lab.player().is_playing(),
                            selection: lab.selection(),
                            shows_tcp: lab.shows_tcp,
                            filter: lab.filter().clone(),
                            filter_text: lab.filter_text().to_owned(),
                            tab: lab.run_tab,
                            state_of: lab.state_of,
                            more: self.more(lab, asks),
                            asks,
                            on: on.clone(),
                        }) }
                    </div>
                    { self.side(lab, asks) }
                </main>
                { part(TimelineProps {
                    scene: scene.clone(),
                    shown,
                    playing: lab.player().is_playing(),
                    at_end: lab.is_at_end(),
                    speed: lab.player().speed(),
                    branches: lab.branches(),
                    current: lab.branch().map_or(0, |branch| branch.id),
                    compared: lab.compared(),
                    on_until: cx.link().callback(Told::Until),
                    can_undo: lab.can_undo(),
                    can_redo: lab.can_redo(),
                    heading: lab.heading(),
                    asked_at: matches!(lab.asking(), Asking::Open { .. }).then_some(shown),
                    on: on.clone(),
                }) }
                { for lab.menu().map(|menu| html! { { part(MenuProps {
                    menu: menu.clone(),
                    on: on.clone(),
                }) } }) }
                <div class="hidden-visually" role="status" aria-live="polite">{ lab.spoken() }</div>
            </>
        }
    }

    fn more(&self, lab: &Lab, asks: bool) -> Html {
        let on = &self.on;
        match lab.run_tab {
            RunTab::Ladder | RunTab::Events => Html::default(),
            RunTab::Actions | RunTab::Compare if asks => html! {
                <p class="note">{ say::ASKS_CLOSED }</p>
            },
            RunTab::Actions => actions(&ActionsProps {
                done: lab.all_done(),
                shown: lab.player().shown(),
                end: lab.scene().end,
                on: on.clone(),
            }),
            RunTab::Compare => {
                let current = lab.branch().map_or(0, |branch| branch.id);
                let branches = lab.branches();
                let name = |branch: &Branch| branch.name.clone();
                let others = branches.iter().filter(|branch| branch.id != current);
                compare(&CompareProps {
                    scene: lab.scene().clone(),
                    name: lab.branch().map_or_else(String::new, name),
                    others: others
                        .map(|branch| (branch.id, branch.name.clone()))
                        .collect(),
                    other: lab.other(),
                    on: on.clone(),
                })
            }
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
        let names = vec![say::INSPECTOR.to_string(), say::STATE.to_string()];
        html! {
            <div class="side" id="side-panel" data-tab={if chosen == 0 { "inspector" } else { "state" }}>
                { part(TabsProps {
                    label: say::SIDE,
                    id: "side",
                    class: "tabs side-tabs",
                    names,
                    chosen,
                    choose,
                }) }
                { part(InspectorProps {
                    scene: lab.scene().clone(),
                    selection: lab.selection(),
                    packet: lab.packet().cloned(),
                    delivery: lab.delivery(),
                    tab: lab.inspector_tab,
                    asks,
                    on: on.clone(),
                }) }
                { part(StateProps {
                    scene: lab.scene().clone(),
                    shown: lab.player().shown(),
                    of: lab.state_of,
                    flight: lab.selection().flight,
                    on: on.clone(),
                }) }
            </div>
        }
    }

    fn pane_tabs(&self, lab: &Lab) -> Html {
        let story = match self.door {
            Door::Learn => say::PANE_STORY,
            Door::Sandbox => say::SANDBOX,
            Door::Inspect => say::PANE_OPEN,
        };
        let panes: [(Pane, Text); 4] = [
            (Pane::Story, story),
            (Pane::Run, say::PANE_RUN),
            (Pane::Inspector, say::PANE_BYTES),
            (Pane::State, say::PANE_STATE),
        ];
        let chosen = panes
            .iter()
            .position(|(pane, _)| *pane == lab.pane)
            .unwrap_or(0);
        let names: Vec<String> = panes.iter().map(|(_, name)| name.to_string()).collect();
        let choose = self.on.reform(move |index: usize| {
            Message::Pane(panes.get(index).map_or(Pane::Story, |(pane, _)| *pane))
        });
        html! { { part(TabsProps {
            label: say::PANES,
            id: "pane",
            class: "tabs pane-tabs",
            names,
            chosen,
            choose,
        }) } }
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

fn first_lesson() -> Result<Lab, String> {
    let course = Course::unpack(crate::OPENING);
    course
        .map(Lab::open_at_question)
        .map_err(|error| error.to_string())
}

fn opened(lab: &Lab) -> Opened {
    let scenario = lab.scenario();
    Opened {
        title: title(scenario).to_owned(),
        about: scenario.about.clone(),
        expected: lab.expected(),
    }
}

fn broken(problem: &str) -> Html {
    html! {
        <main class="broken">
            <h2>{ say::BROKEN }</h2>
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

/// What the focused element shows, and where it is in the window.
fn focused_target(event: &KeyboardEvent) -> (Option<Target>, Option<(i32, i32)>) {
    let element = event
        .target()
        .and_then(|target| target.dyn_into::<Element>().ok());
    let Some((target, element)) = element.and_then(|element| pointing::target_of(&element)) else {
        return (None, None);
    };
    let place = element.get_bounding_client_rect();
    let place = (place.left() as i32, place.bottom() as i32);
    (Some(target), Some(place))
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
