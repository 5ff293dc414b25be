//! Measures the colours of `www/css/palette.css`: legible on every background, apart for every kind of colour vision.

use std::collections::BTreeMap;

const CSS: &str = include_str!("../../../www/css/palette.css");

/// Red, green, blue from 0 to 1, as written.
type Rgb = [f64; 3];

const FAMILIES: &[&str] = &[
    "connect",
    "publish",
    "ack",
    "qos2",
    "subscribe",
    "ping",
    "fault",
];
const BACKGROUNDS: &[&str] = &["bg", "surface"];

/// Colours by name, once for each theme.
fn palette() -> [BTreeMap<&'static str, Rgb>; 2] {
    let mut themes = [BTreeMap::new(), BTreeMap::new()];
    for line in CSS.lines() {
        let Some((name, value)) = line
            .trim()
            .strip_prefix("--")
            .and_then(|line| line.split_once(':'))
        else {
            continue;
        };
        let pair = value
            .trim()
            .strip_prefix("light-dark(")
            .and_then(|rest| rest.strip_suffix(");"));
        let Some((light, dark)) = pair.and_then(|pair| pair.split_once(',')) else {
            continue;
        };
        themes[0].insert(name, rgb(light.trim()));
        themes[1].insert(name, rgb(dark.trim()));
    }
    themes
}

fn rgb(hex: &str) -> Rgb {
    let digits = hex.strip_prefix('#').expect("a colour begins with a hash");
    let channel = |at: usize| {
        let value = u8::from_str_radix(&digits[at..at + 2], 16).expect("two hex digits");
        f64::from(value) / 255.0
    };
    [channel(0), channel(2), channel(4)]
}

fn linear(channel: f64) -> f64 {
    if channel <= 0.040_45 {
        channel / 12.92
    } else {
        ((channel + 0.055) / 1.055).powf(2.4)
    }
}

/// The contrast ratio of WCAG 2.
fn contrast(a: Rgb, b: Rgb) -> f64 {
    let luminance = |colour: Rgb| {
        let [red, green, blue] = colour.map(linear);
        0.2126 * red + 0.7152 * green + 0.0722 * blue
    };
    let (a, b) = (luminance(a), luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

/// What people without one kind of cone see: Machado, Oliveira and Fernandes, full severity, on linear light.
const VISIONS: &[(&str, [[f64; 3]; 3])] = &[
    (
        "protan",
        [
            [0.152_286, 1.052_583, -0.204_868],
            [0.114_503, 0.786_281, 0.099_216],
            [-0.003_882, -0.048_116, 1.051_998],
        ],
    ),
    (
        "deutan",
        [
            [0.367_322, 0.860_646, -0.227_968],
            [0.280_085, 0.672_501, 0.047_413],
            [-0.011_820, 0.042_940, 0.968_881],
        ],
    ),
    (
        "tritan",
        [
            [1.255_528, -0.076_749, -0.178_779],
            [-0.078_411, 0.930_809, 0.147_602],
            [0.004_733, 0.691_367, 0.303_900],
        ],
    ),
];

/// CIE L*a*b*, for white of D65.
fn lab(linear: Rgb) -> Rgb {
    let [red, green, blue] = linear;
    let xyz = [
        (0.412_456 * red + 0.357_576 * green + 0.180_437 * blue) / 0.950_47,
        0.212_673 * red + 0.715_152 * green + 0.072_175 * blue,
        (0.019_334 * red + 0.119_192 * green + 0.950_304 * blue) / 1.088_83,
    ];
    let [x, y, z] = xyz.map(|value| {
        if value > 0.008_856 {
            value.cbrt()
        } else {
            7.787 * value + 16.0 / 116.0
        }
    });
    [116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)]
}

fn seen(colour: Rgb, vision: &[[f64; 3]; 3]) -> Rgb {
    let light = colour.map(linear);
    let mixed = vision.map(|row| {
        let sum: f64 = row
            .iter()
            .zip(light)
            .map(|(share, part)| share * part)
            .sum();
        sum.clamp(0.0, 1.0)
    });
    lab(mixed)
}

fn distance(a: Rgb, b: Rgb) -> f64 {
    a.iter()
        .zip(b)
        .map(|(a, b)| (a - b).powi(2))
        .sum::<f64>()
        .sqrt()
}

#[test]
fn text_and_families_are_legible_on_both_backgrounds() {
    for (theme, colours) in ["light", "dark"].iter().zip(palette()) {
        for name in FAMILIES.iter().chain(&["text", "muted", "accent"]) {
            for background in BACKGROUNDS {
                let ratio = contrast(colours[name], colours[background]);
                assert!(
                    ratio >= 4.5,
                    "{theme}: {name} on {background} is {ratio:.2}"
                );
            }
        }
    }
}

#[test]
fn text_is_legible_on_tints_and_buttons() {
    for (theme, colours) in ["light", "dark"].iter().zip(palette()) {
        for (name, background) in [
            ("text", "sunken"),
            ("muted", "sunken"),
            ("text", "select"),
            ("on-accent", "accent"),
        ] {
            let ratio = contrast(colours[name], colours[background]);
            assert!(
                ratio >= 4.5,
                "{theme}: {name} on {background} is {ratio:.2}"
            );
        }
    }
}

#[test]
fn lines_that_carry_meaning_stand_out() {
    for (theme, colours) in ["light", "dark"].iter().zip(palette()) {
        let ratio = contrast(colours["select-line"], colours["surface"]);
        assert!(ratio >= 3.0, "{theme}: the selection's line is {ratio:.2}");
    }
}

#[test]
fn families_are_apart_for_every_kind_of_colour_vision() {
    for (theme, colours) in ["light", "dark"].iter().zip(palette()) {
        for (vision, matrix) in VISIONS {
            for (index, one) in FAMILIES.iter().enumerate() {
                for other in &FAMILIES[index + 1..] {
                    let apart = distance(seen(colours[one], matrix), seen(colours[other], matrix));
                    assert!(
                        apart >= 20.0,
                        "{theme}, {vision}: {one} and {other} are {apart:.1} apart"
                    );
                }
            }
        }
    }
}

#[test]
fn black_on_white_is_the_largest_contrast() {
    assert!((contrast([0.0; 3], [1.0; 3]) - 21.0).abs() < 1e-9);
}
