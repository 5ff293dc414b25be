//! Which tools, in which version.

use anyhow::Result;

use crate::project;

/// A tool that the project installs for itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tool {
    /// Makes the JavaScript side of a WebAssembly module; its version is the locked one of the crate.
    WasmBindgen,
    /// Builds the page.
    Trunk,
    /// Builds the npm package and runs tests as WebAssembly.
    WasmPack,
    /// `wasm-opt`, which makes the page's module smaller.
    Binaryen,
    /// Looks for what shuts people out of a page.
    AxeCore,
    /// A real client in JavaScript.
    MqttJs,
    /// A real client in Python.
    Paho,
}

/// Where a tool comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Registry {
    /// crates.io; with its own lock file, without its default features, as said.
    Cargo {
        locked: bool,
        default_features: bool,
    },
    Npm,
    Pypi,
}

const TRUNK: &str = "0.21.14";
const WASM_PACK: &str = "0.15.1";
const BINARYEN: &str = "132.0.0";
const AXE_CORE: &str = "4.14.1";
const MQTT_JS: &str = "5.16.0";
const PAHO: &str = "2.2.0";
/// Raised when the way of installing changes, so that what an older xtask installed is not taken for the same.
const LAYOUT: u32 = 1;

impl Tool {
    /// What it takes to build the page.
    pub(crate) const WEB: &[Self] = &[Self::WasmBindgen, Self::Trunk, Self::Binaryen];
    /// Everything, the tests' tools included.
    pub(crate) const ALL: &[Self] = &[
        Self::WasmBindgen,
        Self::Trunk,
        Self::Binaryen,
        Self::WasmPack,
        Self::AxeCore,
        Self::MqttJs,
        Self::Paho,
    ];

    /// Its name in its registry.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::WasmBindgen => "wasm-bindgen-cli",
            Self::Trunk => "trunk",
            Self::WasmPack => "wasm-pack",
            Self::Binaryen => "binaryen",
            Self::AxeCore => "axe-core",
            Self::MqttJs => "mqtt",
            Self::Paho => "paho-mqtt",
        }
    }

    /// Whether the project gets along without it.
    pub(crate) fn is_optional(self) -> bool {
        match self {
            Self::WasmBindgen | Self::Trunk | Self::WasmPack => false,
            Self::Binaryen | Self::AxeCore | Self::MqttJs | Self::Paho => true,
        }
    }

    pub(super) fn version(self) -> Result<String> {
        match self {
            Self::WasmBindgen => project::locked_version("wasm-bindgen"),
            Self::Trunk => Ok(TRUNK.to_owned()),
            Self::WasmPack => Ok(WASM_PACK.to_owned()),
            Self::Binaryen => Ok(BINARYEN.to_owned()),
            Self::AxeCore => Ok(AXE_CORE.to_owned()),
            Self::MqttJs => Ok(MQTT_JS.to_owned()),
            Self::Paho => Ok(PAHO.to_owned()),
        }
    }

    pub(super) fn registry(self) -> Registry {
        match self {
            // Its lock file names releases that are not in every mirror of the registry.
            Self::WasmBindgen => Registry::Cargo {
                locked: false,
                default_features: false,
            },
            // The defaults are TLS for downloads, of which it makes none here, and a look for updates.
            Self::Trunk => Registry::Cargo {
                locked: true,
                default_features: false,
            },
            Self::WasmPack => Registry::Cargo {
                locked: true,
                default_features: true,
            },
            Self::Binaryen | Self::AxeCore | Self::MqttJs => Registry::Npm,
            Self::Paho => Registry::Pypi,
        }
    }
}

/// A short name that changes when a pinned version, the kind of machine or the way of installing does.
pub(super) fn fingerprint() -> Result<String> {
    let mut text = format!(
        "{LAYOUT} {} {}",
        std::env::consts::OS,
        std::env::consts::ARCH
    );
    for &tool in Tool::ALL {
        text.push_str(&format!(" {} {}", tool.name(), tool.version()?));
    }
    Ok(format!("{:016x}", fnv1a(text.as_bytes())))
}

/// FNV-1a, because the name must be the same whatever compiler built this program.
fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, &byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::{Tool, fnv1a};

    #[test]
    fn the_hash_is_fnv1a() {
        assert_eq!(fnv1a(b""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(fnv1a(b"foobar"), 0x8594_4171_f739_67e8);
    }

    #[test]
    fn the_page_needs_no_tool_that_is_not_among_all() {
        assert!(Tool::WEB.iter().all(|tool| Tool::ALL.contains(tool)));
    }
}
