//! The parts of the picture.

use std::fmt::Write;

use super::{HEAD_HEIGHT, Item, LANE, MARGIN, Picture, What, escape, time};
use crate::monitor::{ExpectationResult, Verdict};
use crate::scenario::duration;
use crate::view::{Event, Fate, Flight, FlightKind};

/// Characters of a label that fit between two participants.
const LABEL_MAX: usize = 36;
const HEAD_WIDTH: u32 = 150;

impl Picture<'_> {
    pub(super) fn draw_title(&self, svg: &mut String) {
        let title = escape(&self.recording.scenario().title);
        let _ = writeln!(
            svg,
            "<text class=\"title\" x=\"28\" y=\"36\">{title}</text>"
        );
        let about = escape(&self.about());
        let _ = writeln!(
            svg,
            "<text class=\"about\" x=\"28\" y=\"57\">{about}</text>"
        );
    }

    pub(super) fn draw_heads(&self, y: u32, svg: &mut String) {
        let scenario = self.recording.scenario();
        for &id in &self.order {
            let middle = self.lane(id);
            let client = (id as usize)
                .checked_sub(1)
                .and_then(|at| scenario.clients.get(at));
            let kind = client.map(|client| format!("MQTT {}", client.options.version));
            let name_y = if kind.is_some() { y + 19 } else { y + 27 };
            let (name, kind) = (escape(scenario.name(id)), escape(&kind.unwrap_or_default()));
            let left = middle - HEAD_WIDTH / 2;
            let _ = writeln!(
                svg,
                "<g class=\"head\"><rect x=\"{left}\" y=\"{y}\" width=\"{HEAD_WIDTH}\" height=\"{HEAD_HEIGHT}\" rx=\"10\"/>\
                 <text class=\"name\" x=\"{middle}\" y=\"{name_y}\">{name}</text>\
                 <text class=\"kind\" x=\"{middle}\" y=\"{}\">{kind}</text></g>",
                y + 35
            );
        }
    }

    /// The lifelines, interrupted where time is.
    pub(super) fn draw_lifelines(&self, svg: &mut String, bottom: u32) {
        for &id in &self.order {
            let x = self.lane(id);
            let mut from = self.axis.top() - 26;
            for gap in self.axis.gaps() {
                line(svg, "life", (x, from), (x, gap.top));
                line(svg, "gap", (x, gap.top + 3), (x, gap.bottom));
                from = gap.bottom;
            }
            line(svg, "life", (x, from), (x, bottom));
        }
        let (left, right) = (MARGIN - 60, self.width() - MARGIN + 60);
        for gap in self.axis.gaps() {
            let y = (gap.top + gap.bottom) / 2;
            let words = escape(&duration::words(gap.length));
            let middle = MARGIN + if self.order.len() > 1 { LANE / 2 } else { 0 };
            line(svg, "silence-line", (left, y), (middle - 60, y));
            line(svg, "silence-line", (middle + 60, y), (right, y));
            let y = y + 4;
            let _ = writeln!(
                svg,
                "<text class=\"silence\" x=\"{middle}\" y=\"{y}\">⋮ {words}</text>"
            );
        }
    }

    /// The moments, each once.
    pub(super) fn draw_times(&self, items: &[Item<'_>], svg: &mut String) {
        let mut last = None;
        for Item { event, what } in items {
            let is_shown = match what {
                What::Sent(_) | What::Fault => last != Some(event.at),
                What::Arrived => false,
            };
            if let (true, Some(y)) = (is_shown, self.axis.event(event.id)) {
                last = Some(event.at);
                let _ = writeln!(
                    svg,
                    "<text class=\"time\" x=\"{}\" y=\"{}\">{}</text>",
                    MARGIN - 68,
                    y + 4,
                    time(event.at)
                );
                line(svg, "tick", (MARGIN - 60, y), (MARGIN - 52, y));
            }
        }
    }

    pub(super) fn draw_item(&self, item: &Item<'_>, svg: &mut String) {
        match item.what {
            What::Sent(flight) => self.draw_flight(flight, item.event, svg),
            What::Fault => self.draw_fault(item.event, svg),
            What::Arrived => {}
        }
    }

    fn draw_flight(&self, flight: &Flight, event: &Event, svg: &mut String) {
        let Some(y) = self.axis.event(event.id) else {
            return;
        };
        let (from, to) = (self.lane(flight.from), self.lane(flight.to));
        let rightward = to > from;
        let arrival = flight.arrived_at.and_then(|at| self.axis.arrival(at));
        // Where nothing arrives, the line ends on its way.
        let (end_x, end_y) = match arrival {
            Some(end_y) => (f64::from(to), f64::from(end_y.max(y))),
            None => {
                let (from, to) = (f64::from(from), f64::from(to));
                let part = f64::from(LANE) * 0.72 / (to - from).abs();
                (from + (to - from) * part, f64::from(y) + 12.0)
            }
        };
        let (dx, dy) = (end_x - f64::from(from), end_y - f64::from(y));
        let length = (dx * dx + dy * dy).sqrt();
        let _ = write!(
            svg,
            "<g class=\"flight {}{}\"><title>{}</title>\
             <path class=\"way\" d=\"M{from} {y}L{end_x:.1} {end_y:.1}\"/>",
            class(flight),
            if flight.dup { " again" } else { "" },
            escape(&format!("{} s: {}", time(event.at), event.text))
        );
        let along = |back: f64, aside: f64| {
            let (ux, uy) = (dx / length, dy / length);
            (
                end_x - ux * back - uy * aside,
                end_y - uy * back + ux * aside,
            )
        };
        match flight.fate {
            Fate::Arrived => {
                let ((ax, ay), (bx, by)) = (along(10.0, 4.5), along(10.0, -4.5));
                let _ = write!(
                    svg,
                    "<path class=\"head-of-arrow\" d=\"M{end_x:.1} {end_y:.1}L{ax:.1} {ay:.1}L{bx:.1} {by:.1}Z\"/>"
                );
            }
            Fate::Lost => {
                let _ = write!(
                    svg,
                    "<path class=\"broken\" stroke=\"var(--hue)\" stroke-width=\"2.2\" \
                     d=\"M{0:.1} {1:.1}l10 10m0 -10l-10 10\"/>",
                    end_x - 5.0,
                    end_y - 5.0
                );
            }
            Fate::Travelling => {
                let _ = write!(
                    svg,
                    "<circle cx=\"{end_x:.1}\" cy=\"{end_y:.1}\" r=\"3.5\"/>"
                );
            }
        }
        let angle = match rightward {
            true => dy.atan2(dx),
            false => (-dy).atan2(-dx),
        };
        // In the middle between the sender and the lifeline next to it.
        let part = f64::from(LANE / 2) / dx.abs();
        let (x, y) = (f64::from(from) + dx * part, f64::from(y) + dy * part);
        let _ = writeln!(
            svg,
            "<text transform=\"translate({x:.1} {y:.1}) rotate({:.2})\" y=\"-6\">{}</text></g>",
            angle.to_degrees(),
            label(flight)
        );
    }

    fn draw_fault(&self, event: &Event, svg: &mut String) {
        let Some(y) = self.axis.event(event.id) else {
            return;
        };
        let x = self.lane(event.participant);
        let is_last = self.order.last() == Some(&event.participant) && self.order.len() > 1;
        let (anchor, text_x) = if is_last {
            ("end", x - 14)
        } else {
            ("start", x + 14)
        };
        let _ = writeln!(
            svg,
            "<g class=\"fault\"><path d=\"M{} {}l4 -7l4 14l4 -14l4 7\"/>\
             <text x=\"{text_x}\" y=\"{}\" text-anchor=\"{anchor}\">{}</text></g>",
            x - 8,
            y,
            y + 4,
            escape(&event.text)
        );
    }

    pub(super) fn draw_results(&self, results: &[ExpectationResult], top: u32, svg: &mut String) {
        for (index, result) in results.iter().enumerate() {
            let y = top + 20 * index as u32;
            let (class, mark) = match result.verdict {
                Verdict::Pass => ("passed", "✓"),
                Verdict::Fail => ("failed", "✕ fails:"),
                Verdict::Undecided => ("undecided", "? not decided yet:"),
            };
            let text = escape(&result.text);
            let _ = writeln!(
                svg,
                "<text class=\"{class}\" x=\"28\" y=\"{y}\">{mark} {text}</text>"
            );
        }
    }
}

fn line(svg: &mut String, class: &str, from: (u32, u32), to: (u32, u32)) {
    let ((x1, y1), (x2, y2)) = (from, to);
    let _ = writeln!(
        svg,
        "<line class=\"{class}\" x1=\"{x1}\" y1=\"{y1}\" x2=\"{x2}\" y2=\"{y2}\"/>"
    );
}

/// The family, which is a colour and a line.
fn class(flight: &Flight) -> &'static str {
    match flight.what {
        FlightKind::Connect => "connect",
        FlightKind::Publish => "publish",
        FlightKind::Ack => "ack",
        FlightKind::QoS2 => "qos2",
        FlightKind::Subscribe => "subscribe",
        FlightKind::Ping => "ping",
        FlightKind::Tcp if flight.name == "RST" => "broken",
        FlightKind::Tcp => "tcp",
    }
}

/// The name, and as much of what it says as fits.
fn label(flight: &Flight) -> String {
    let room = LABEL_MAX.saturating_sub(flight.name.chars().count() + 1);
    let summary = match flight.summary.char_indices().nth(room) {
        None => flight.summary.clone(),
        Some(_) => {
            let begin: String = flight.summary.chars().take(room - 1).collect();
            begin + "…"
        }
    };
    let name = escape(&flight.name);
    match summary.as_str() {
        "" => format!("<tspan class=\"name\">{name}</tspan>"),
        summary => format!("<tspan class=\"name\">{name}</tspan> {}", escape(summary)),
    }
}
