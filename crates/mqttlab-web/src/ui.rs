//! The panels. Each draws what the model says and sends back messages; none decides anything.

pub(crate) mod events;
pub(crate) mod help;
pub(crate) mod icons;
pub(crate) mod inspector;
pub(crate) mod ladder;
pub(crate) mod lesson;
pub(crate) mod run;
pub(crate) mod state;
pub(crate) mod tabs;
pub(crate) mod timeline;
pub(crate) mod topbar;
pub(crate) mod topology;

/// A length for an attribute or a CSS variable, to a tenth of a pixel.
pub(crate) fn tenth(length: f64) -> String {
    format!("{length:.1}")
}

/// CSS variables: `--x:12.0px;--y:3.0px`.
pub(crate) fn variables(lengths: &[(&str, f64)]) -> String {
    let parts: Vec<String> = lengths
        .iter()
        .map(|(name, length)| format!("--{name}:{length:.1}px"))
        .collect();
    parts.join(";")
}
