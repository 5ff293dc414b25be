//! The panels. Each draws what the model says and sends back messages; none decides anything.

pub(crate) mod actions;
pub(crate) mod branches;
pub(crate) mod compare;
pub(crate) mod course;
pub(crate) mod events;
pub(crate) mod help;
pub(crate) mod icons;
pub(crate) mod inspector;
pub(crate) mod ladder;
pub(crate) mod lesson;
pub(crate) mod menu;
pub(crate) mod open;
pub(crate) mod part;
pub(crate) mod run;
pub(crate) mod share;
pub(crate) mod state;
pub(crate) mod tabs;
pub(crate) mod timeline;
pub(crate) mod topbar;
pub(crate) mod topology;
pub(crate) mod until;

/// A length for an attribute or a CSS variable, to a tenth of a pixel.
pub(crate) fn tenth(length: f64) -> String {
    // The standard library's way of writing floating-point numbers is larger than some panels.
    let tenths = (length * 10.0).round() as i64;
    let sign = if tenths < 0 { "-" } else { "" };
    let tenths = tenths.unsigned_abs();
    format!("{sign}{}.{}", tenths / 10, tenths % 10)
}

/// CSS variables: `--x:12.0px;--y:3.0px`.
pub(crate) fn variables(lengths: &[(&str, f64)]) -> String {
    let mut style = String::new();
    for (name, length) in lengths {
        style.push_str("--");
        style.push_str(name);
        style.push(':');
        style.push_str(&tenth(*length));
        style.push_str("px;");
    }
    style
}

/// A part of a direction, from -1 to 1: `-0.600`.
pub(crate) fn thousandth(part: f64) -> String {
    let thousandths = (part * 1_000.0).round() as i64;
    let sign = if thousandths < 0 { "-" } else { "" };
    let thousandths = thousandths.unsigned_abs();
    format!("{sign}{}.{:03}", thousandths / 1_000, thousandths % 1_000)
}

/// A share from 0 to 1 in percent, to a hundredth: `12.50`.
pub(crate) fn percent(share: f64) -> String {
    let hundredths = (share * 10_000.0).round() as u64;
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}

#[cfg(test)]
mod tests {
    use super::{percent, tenth, thousandth, variables};

    #[test]
    fn lengths_have_one_digit_after_the_point() {
        for (length, text) in [
            (0.0, "0.0"),
            (12.34, "12.3"),
            (-0.26, "-0.3"),
            (-12.0, "-12.0"),
            (99.96, "100.0"),
        ] {
            assert_eq!(tenth(length), text);
        }
    }

    #[test]
    fn variables_are_css() {
        assert_eq!(variables(&[("x", 1.0), ("y", 2.5)]), "--x:1.0px;--y:2.5px;");
        assert_eq!(percent(0.125), "12.50");
        assert_eq!(thousandth(-0.6), "-0.600");
    }
}
