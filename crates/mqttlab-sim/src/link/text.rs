//! The text of a link.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use miniz_oxide::deflate::compress_to_vec;
use miniz_oxide::inflate::TINFLStatus;
use miniz_oxide::inflate::decompress_to_vec_with_limit;

use super::{LinkError, Shared, TEXT_MAX};
use crate::log::RollingHash;
use crate::recording::INPUTS_MAX;
use crate::scenario::{FORMAT, PACKED_MAX};

/// Raised with the form around the scenario; the scenario's own format counts in it too.
const VERSION: u8 = 1;
/// The smallest output, whatever time it takes: a link is made once.
const LEVEL: u8 = 10;
/// Version, format of the scenario, checksum.
const HEAD: usize = 6;

impl Shared {
    /// The text for a link; only letters, digits, `-` and `_`.
    pub fn to_text(&self) -> String {
        // Nothing in it is of a kind that has no compact form.
        let plain = postcard::to_allocvec(self).expect("a run has a compact form");
        let small = compress_to_vec(&plain, LEVEL);
        let mut bytes = vec![VERSION, FORMAT];
        bytes.extend(checksum(&small));
        bytes.extend(small);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Reads the text of a link, which may come from anybody.
    ///
    /// # Errors
    /// When it holds no sound run, with what to tell the user.
    pub fn from_text(text: &str) -> Result<Self, LinkError> {
        if text.len() > TEXT_MAX {
            return Err(LinkError::TooLong);
        }
        let bytes = URL_SAFE_NO_PAD
            .decode(text)
            .map_err(|_| LinkError::Damaged)?;
        let Some((head, small)) = bytes.split_at_checked(HEAD) else {
            return Err(LinkError::Damaged);
        };
        if head[..2] != [VERSION, FORMAT] {
            return Err(LinkError::OtherVersion);
        }
        if head[2..] != checksum(small) {
            return Err(LinkError::Damaged);
        }
        let plain = decompress_to_vec_with_limit(small, PACKED_MAX).map_err(|error| {
            match error.status == TINFLStatus::HasMoreOutput {
                true => LinkError::TooLarge,
                false => LinkError::Damaged,
            }
        })?;
        let shared: Self = postcard::from_bytes(&plain).map_err(|_| LinkError::Damaged)?;
        shared.check()?;
        Ok(shared)
    }

    fn check(&self) -> Result<(), LinkError> {
        let unfit = |why: String| LinkError::Unfit(why);
        self.scenario
            .check()
            .map_err(|why| unfit(why.to_string()))?;
        if self.changes.inputs.len() > INPUTS_MAX {
            return Err(unfit("too much was done in it".to_owned()));
        }
        for input in &self.changes.inputs {
            self.scenario
                .check_action(&input.action)
                .map_err(|why| unfit(why.to_string()))?;
        }
        Ok(())
    }
}

/// Four bytes of a hash: enough to notice a link that was cut off or mistyped.
fn checksum(bytes: &[u8]) -> [u8; 4] {
    let mut hash = RollingHash::default();
    hash.bytes(bytes);
    let [a, b, c, d, e, f, g, h] = hash.value().to_le_bytes();
    [a ^ e, b ^ f, c ^ g, d ^ h]
}
