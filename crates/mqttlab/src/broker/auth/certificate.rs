//! The names in a client's certificate.

use std::fmt::Write;

use serde::{Deserialize, Serialize};
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::GeneralName;
use x509_parser::objects::{oid_registry, oid2abbrev};
use x509_parser::x509::{AttributeTypeAndValue, X509Name};

use super::denial::NameFault;

/// What in a certificate is the name of its owner. With none of it, or two, nobody could say which is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum NameFrom {
    /// The Common Name of its subject.
    CommonName,
    /// All of its subject, as RFC 4514 writes it.
    Subject,
    /// The host name among its alternative names.
    SanDns,
    /// The mail address among them.
    SanEmail,
    /// The URI among them.
    SanUri,
}

/// The name of the owner of a certificate. TLS has checked that it is good.
///
/// # Errors
/// Why it has none.
pub(super) fn name_of(certificate: Option<&[u8]>, from: NameFrom) -> Result<String, NameFault> {
    let der = certificate.ok_or(NameFault::NoCertificate)?;
    name_in(der, from)
}

/// All of the subject of a certificate.
pub(super) fn subject_of(der: &[u8]) -> Option<String> {
    name_in(der, NameFrom::Subject).ok()
}

fn name_in(der: &[u8], from: NameFrom) -> Result<String, NameFault> {
    let (_, certificate) =
        x509_parser::parse_x509_certificate(der).map_err(|_| NameFault::Unreadable)?;
    let name = match from {
        NameFrom::CommonName => {
            let name = only(certificate.subject().iter_common_name())?;
            let name = name.as_str().map_err(|_| NameFault::NotPlain)?;
            name.to_owned()
        }
        NameFrom::Subject => subject(certificate.subject()).ok_or(NameFault::NotPlain)?,
        NameFrom::SanDns => alternative(&certificate, |name| match name {
            GeneralName::DNSName(name) => Some(name),
            _ => None,
        })?,
        NameFrom::SanEmail => alternative(&certificate, |name| match name {
            GeneralName::RFC822Name(name) => Some(name),
            _ => None,
        })?,
        NameFrom::SanUri => alternative(&certificate, |name| match name {
            GeneralName::URI(name) => Some(name),
            _ => None,
        })?,
    };
    if name.contains(char::is_control) {
        return Err(NameFault::NotPlain);
    }
    if name.is_empty() {
        return Err(NameFault::None);
    }
    Ok(name)
}

fn only<T>(mut all: impl Iterator<Item = T>) -> Result<T, NameFault> {
    let first = all.next().ok_or(NameFault::None)?;
    match all.next() {
        None => Ok(first),
        Some(_) => Err(NameFault::Several),
    }
}

/// The alternative name of a kind.
fn alternative<'a>(
    certificate: &'a X509Certificate<'a>,
    of_kind: impl Fn(&GeneralName<'a>) -> Option<&'a str>,
) -> Result<String, NameFault> {
    let names = certificate.subject_alternative_name();
    let names = names.map_err(|_| NameFault::Unreadable)?;
    let names = names.ok_or(NameFault::None)?.value.general_names.iter();
    only(names.filter_map(of_kind)).map(str::to_owned)
}

/// A name as text, in which no value can look like another part of it (RFC 4514): the last comes first.
fn subject(name: &X509Name<'_>) -> Option<String> {
    let parts: Vec<_> = name.iter_rdn().collect();
    let mut text = String::new();
    for (number, part) in parts.into_iter().rev().enumerate() {
        for (position, attribute) in part.iter().enumerate() {
            match (number, position) {
                (0, 0) => {}
                (_, 0) => text.push(','),
                _ => text.push('+'),
            }
            push_attribute(&mut text, attribute)?;
        }
    }
    Some(text)
}

/// `None` where the value is no text.
fn push_attribute(text: &mut String, attribute: &AttributeTypeAndValue<'_>) -> Option<()> {
    let kind = attribute.attr_type();
    match oid2abbrev(kind, oid_registry()) {
        Ok(name) => text.push_str(name),
        // Writing to a String does not fail.
        Err(_) => write!(text, "{}", kind.to_id_string()).ok()?,
    }
    text.push('=');
    let value = attribute.as_str().ok()?;
    let last = value.chars().count().saturating_sub(1);
    for (position, character) in value.chars().enumerate() {
        let at_edge = position == 0 || position == last;
        let is_special = matches!(character, ',' | '+' | '"' | '\\' | '<' | '>' | ';' | '=')
            || (character == ' ' && at_edge)
            || (character == '#' && position == 0);
        if is_special {
            text.push('\\');
        }
        text.push(character);
    }
    Some(())
}
