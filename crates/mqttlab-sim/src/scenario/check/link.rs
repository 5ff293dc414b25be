//! Networks: presets, and what is laid over them.

use crate::scenario::{LinkSpec, raw};
use crate::view::Micros;

pub(super) fn link(common: &raw::Link, own: Option<&raw::Link>) -> LinkSpec {
    let mut spec = LinkSpec::default();
    for raw in [Some(common), own].into_iter().flatten() {
        if let Some(preset) = raw.preset {
            spec = preset_link(preset, spec);
        }
        let set = |place: &mut Micros, value: Option<Micros>| *place = value.unwrap_or(*place);
        set(&mut spec.latency_up, raw.latency_up.or(raw.latency));
        set(&mut spec.latency_down, raw.latency_down.or(raw.latency));
        set(&mut spec.jitter_up, raw.jitter_up.or(raw.jitter));
        set(&mut spec.jitter_down, raw.jitter_down.or(raw.jitter));
        set(&mut spec.connect_timeout, raw.connect_timeout);
        set(&mut spec.give_up, raw.give_up);
        let rate = |own: Option<u64>, was| own.or(raw.bandwidth).or(was);
        spec.bandwidth_up = rate(raw.bandwidth_up, spec.bandwidth_up);
        spec.bandwidth_down = rate(raw.bandwidth_down, spec.bandwidth_down);
        spec.loss = raw.loss.unwrap_or(spec.loss);
        spec.impossible_loss = raw.impossible_loss.unwrap_or(spec.impossible_loss);
        spec.segment = raw.segment.unwrap_or(spec.segment).max(1);
        spec.buffer = raw.buffer.unwrap_or(spec.buffer).max(spec.segment);
    }
    spec
}

/// Rough everyday values; what matters is how they differ.
fn preset_link(preset: raw::Preset, base: LinkSpec) -> LinkSpec {
    let (latency, jitter, bandwidth, loss) = match preset {
        raw::Preset::Lan => (300, 50, 1_000_000_000, 0),
        raw::Preset::Wifi => (3_000, 2_000, 50_000_000, 50),
        raw::Preset::Lte => (30_000, 10_000, 20_000_000, 50),
        raw::Preset::TwoG => (350_000, 150_000, 40_000, 200),
        raw::Preset::Satellite => (300_000, 20_000, 10_000_000, 50),
    };
    LinkSpec {
        latency_up: latency,
        latency_down: latency,
        jitter_up: jitter,
        jitter_down: jitter,
        bandwidth_up: Some(bandwidth),
        bandwidth_down: Some(bandwidth),
        loss,
        ..base
    }
}

impl Default for LinkSpec {
    fn default() -> Self {
        Self {
            latency_up: 20_000,
            latency_down: 20_000,
            jitter_up: 0,
            jitter_down: 0,
            bandwidth_up: None,
            bandwidth_down: None,
            loss: 0,
            segment: 1_460,
            buffer: 64 << 10,
            connect_timeout: 127_000_000,
            give_up: 924_000_000,
            impossible_loss: 0,
        }
    }
}
