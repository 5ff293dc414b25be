//! Topic Names and Topic Filters (section 4.7).

/// The most bytes a Topic Name or Topic Filter can have. [MQTT-4.7.3-3]
pub const LENGTH_MAX: usize = 65_535;

/// What is wrong with a Topic Name or Topic Filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum TopicError {
    /// It has no character. [MQTT-4.7.3-1]
    Empty,
    /// It is longer than [`LENGTH_MAX`] bytes. [MQTT-4.7.3-3]
    TooLong,
    /// It has U+0000 in it. [MQTT-4.7.3-2]
    Nul,
    /// A Topic Name has `+` or `#` in it. [MQTT-4.7.1-1]
    WildcardInName,
    /// `#` is not alone in the last level. [MQTT-4.7.1-2]
    MisplacedHash,
    /// `+` does not fill its level. [MQTT-4.7.1-3]
    MisplacedPlus,
    /// A shared subscription is not `$share/NAME/FILTER` with a NAME without wildcards.
    IllFormedShare,
}

impl core::fmt::Display for TopicError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Empty => "it is empty",
            Self::TooLong => "it is longer than 65535 bytes",
            Self::Nul => "it has the character U+0000 in it",
            Self::WildcardInName => "a Topic Name must not have + or # in it",
            Self::MisplacedHash => "# must be the last level, alone",
            Self::MisplacedPlus => "+ must fill its whole level",
            Self::IllFormedShare => {
                "a shared subscription is $share/NAME/FILTER, NAME without wildcards"
            }
        })
    }
}

impl core::error::Error for TopicError {}

/// Checks a Topic Name: what a PUBLISH or a will carries.
///
/// # Errors
/// Says which rule is broken.
pub fn check_name(name: &str) -> Result<(), TopicError> {
    check_text(name)?;
    if name.bytes().any(|byte| byte == b'+' || byte == b'#') {
        return Err(TopicError::WildcardInName);
    }
    Ok(())
}

/// Checks a Topic Filter: what a SUBSCRIBE carries. A leading `$share/` is part of the text here; see [`split_share`].
///
/// # Errors
/// Says which rule is broken.
pub fn check_filter(filter: &str) -> Result<(), TopicError> {
    check_text(filter)?;
    let mut levels = filter.split('/').peekable();
    while let Some(level) = levels.next() {
        if level.contains('#') && (level != "#" || levels.peek().is_some()) {
            return Err(TopicError::MisplacedHash);
        }
        if level.contains('+') && level != "+" {
            return Err(TopicError::MisplacedPlus);
        }
    }
    Ok(())
}

fn check_text(text: &str) -> Result<(), TopicError> {
    if text.is_empty() {
        Err(TopicError::Empty)
    } else if text.len() > LENGTH_MAX {
        Err(TopicError::TooLong)
    } else if text.contains('\0') {
        Err(TopicError::Nul)
    } else {
        Ok(())
    }
}

/// Splits `$share/NAME/FILTER` (5.0, section 4.8.2) into its name and filter; `None` for the name of any other filter.
///
/// # Errors
/// [`TopicError::IllFormedShare`] where it begins with `$share/` and goes on wrongly.
pub fn split_share(filter: &str) -> Result<(Option<&str>, &str), TopicError> {
    let Some(rest) = filter.strip_prefix("$share/") else {
        return if filter == "$share" {
            Err(TopicError::IllFormedShare)
        } else {
            Ok((None, filter))
        };
    };
    match rest.split_once('/') {
        Some((name, filter))
            if !name.is_empty() && !filter.is_empty() && !name.contains(['+', '#']) =>
        {
            Ok((Some(name), filter))
        }
        Some(_) | None => Err(TopicError::IllFormedShare),
    }
}

/// Whether a well-formed `filter` matches a well-formed `name`.
///
/// A filter that begins with a wildcard matches no name that begins with `$`. [MQTT-4.7.2-1]
///
/// ```
/// use mqttlab_core::topic::matches;
/// assert!(matches("sport/#", "sport"));
/// assert!(matches("sport/+/score", "sport//score"));
/// assert!(!matches("#", "$SYS/uptime"));
/// ```
pub fn matches(filter: &str, name: &str) -> bool {
    if name.starts_with('$') && filter.starts_with(['+', '#']) {
        return false;
    }
    let mut levels = name.split('/');
    for pattern in filter.split('/') {
        match (pattern, levels.next()) {
            ("#", Some(_) | None) => return true,
            ("+", Some(_)) => {}
            (pattern, Some(level)) if pattern == level => {}
            (_, Some(_) | None) => return false,
        }
    }
    levels.next().is_none()
}

#[cfg(test)]
mod tests;
