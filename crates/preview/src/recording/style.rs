//! How a character looks, as names of classes: `f0` to `f255` for its colour, `b0` to `b255` for that behind it, and words.

use avt::{Color, Pen, Rgb};

/// The values of the colour cube that a terminal of 256 colours has.
const CUBE: [u8; 6] = [0, 95, 135, 175, 215, 255];

/// The names of the classes of a pen.
pub fn classes(pen: &Pen) -> String {
    if pen.is_default() {
        return String::new();
    }
    let colour = |side: char, colour: Option<Color>| colour.map(|colour| format!("{side}{}", index(colour)));
    let (front, behind) = (pen.foreground(), pen.background());
    let mut names: Vec<String> = if pen.is_inverse() {
        // `fd` and `bd` are the usual colours in each other's places.
        vec![colour('f', behind).unwrap_or("fd".to_owned()), colour('b', front).unwrap_or("bd".to_owned())]
    } else {
        [colour('f', front), colour('b', behind)].into_iter().flatten().collect()
    };
    let words = [
        (pen.is_bold(), "bold"),
        (pen.is_faint(), "faint"),
        (pen.is_italic(), "italic"),
        (pen.is_underline(), "underline"),
        (pen.is_strikethrough(), "strike"),
    ];
    names.extend(words.iter().filter(|(is, _)| *is).map(|(_, word)| (*word).to_owned()));
    names.join(" ")
}

/// The number of a colour, or of the nearest to it.
fn index(colour: Color) -> u8 {
    match colour {
        Color::Indexed(index) => index,
        Color::RGB(Rgb { r, g, b }) if r == g && g == b && (4..247).contains(&r) => 232 + ((r - 3) / 10).min(23),
        Color::RGB(Rgb { r, g, b }) => 16 + 36 * nearest(r) + 6 * nearest(g) + nearest(b),
    }
}

/// The place in the cube of the value nearest to this one.
fn nearest(value: u8) -> u8 {
    let nearest = (0_u8..6).zip(CUBE).min_by_key(|(_, each)| each.abs_diff(value));
    nearest.map_or(0, |(place, _)| place)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(sequence: &str) -> String {
        let mut terminal = avt::Terminal::new(2, 1).expect("a terminal");
        terminal.feed(format!("\u{1b}[{sequence}mx"));
        classes(terminal.screen().line(0).expect("a line").cells()[0].pen())
    }

    #[test]
    fn colours_and_looks_have_names() {
        assert_eq!(
            (of("0").as_str(), of("32;1;4").as_str(), of("97;40").as_str()),
            ("", "f2 bold underline", "f15 b0")
        );
        assert_eq!(
            (of("7").as_str(), of("7;31").as_str(), of("2;3;9").as_str()),
            ("fd bd", "fd b1", "faint italic strike")
        );
        assert_eq!(
            (of("38;2;255;0;0"), of("48;2;128;128;128"), of("38;5;200")),
            ("f196".into(), "b244".into(), "f200".into())
        );
        assert_eq!((of("38;2;0;0;0"), of("38;2;255;255;255")), ("f16".into(), "f231".into()));
    }
}
