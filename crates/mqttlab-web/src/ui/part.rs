//! One component for all parts of the page that remember something, or are drawn only when what they show changes.
//!
//! Yew compiles all it knows about a component anew for each type of component, which is some kilobytes each. So
//! there is one type here, and what it draws is a value.

use std::any::Any;
use std::rc::Rc;

use yew::functional::{Hook, HookContext};
use yew::{Html, Properties, component, html};

/// What a part draws, and when it is another.
pub(crate) trait Draw: PartialEq + 'static {
    /// Tells it from parts of other kinds in the same place.
    const KIND: &'static str;

    /// Draws it; `cx` is what hooks remember.
    fn draw(&self, cx: &mut HookContext) -> Html;
}

/// Puts a part into the page.
pub(crate) fn part<D: Draw>(drawn: D) -> Html {
    put(D::KIND, Rc::new(drawn))
}

fn put(kind: &'static str, drawn: Rc<dyn AnyPart>) -> Html {
    html! { <Part key={kind} {drawn} /> }
}

/// A part of whatever kind.
trait AnyPart {
    fn draw(&self, cx: &mut HookContext) -> Html;
    fn is_same(&self, other: &dyn AnyPart) -> bool;
    fn as_any(&self) -> &dyn Any;
}

impl<D: Draw> AnyPart for D {
    fn draw(&self, cx: &mut HookContext) -> Html {
        Draw::draw(self, cx)
    }

    fn is_same(&self, other: &dyn AnyPart) -> bool {
        other.as_any().downcast_ref() == Some(self)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

#[derive(Properties)]
struct PartProps {
    drawn: Rc<dyn AnyPart>,
}

impl PartialEq for PartProps {
    fn eq(&self, other: &Self) -> bool {
        self.drawn.is_same(&*other.drawn)
    }
}

#[component]
fn Part(props: &PartProps) -> Html {
    use_part(&props.drawn)
}

/// The hooks of the part itself.
fn use_part(drawn: &Rc<dyn AnyPart>) -> Drawing {
    Drawing(Rc::clone(drawn))
}

struct Drawing(Rc<dyn AnyPart>);

impl Hook for Drawing {
    type Output = Html;

    fn run(self, cx: &mut HookContext) -> Html {
        self.0.draw(cx)
    }
}
