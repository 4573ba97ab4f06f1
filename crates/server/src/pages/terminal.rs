//! The stylesheet of a terminal's 256 colours, as the classes that recordings name: `f0` to `f255` for characters, `b0` to
//! `b255` for what is behind them.

use std::fmt::Write;

/// The first sixteen, chosen to be read on the screen's dark ground.
const NAMED: [&str; 16] = [
    "#4b535c", "#f2777a", "#8fd08f", "#e5c06b", "#7aa6da", "#cf9bd8", "#70c7c4", "#d6d9dd", "#7d858d", "#ff9a9c",
    "#aee3ae", "#f5d98f", "#a2c4f0", "#e2b8ea", "#9adfdc", "#ffffff",
];
/// The values of the cube that the next 216 are.
const CUBE: [u8; 6] = [0, 95, 135, 175, 215, 255];

/// The stylesheet.
pub fn css() -> String {
    let mut css = String::with_capacity(16 * 1024);
    for number in 0..=u8::MAX {
        let colour = colour(number);
        // Writing to a text does not fail.
        let _ = write!(css, ".screen .f{number}{{color:{colour}}}.screen .b{number}{{background:{colour}}}");
    }
    css
}

fn colour(number: u8) -> String {
    let [red, green, blue] = match number {
        0..16 => return NAMED[usize::from(number)].to_owned(),
        16..232 => [(number - 16) / 36, (number - 16) / 6 % 6, (number - 16) % 6].map(|place| CUBE[usize::from(place)]),
        232.. => [8 + 10 * (number - 232); 3],
    };
    format!("#{red:02x}{green:02x}{blue:02x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_colours_are_those_of_a_terminal() {
        assert_eq!([colour(16), colour(196), colour(231)], ["#000000", "#ff0000", "#ffffff"]);
        assert_eq!([colour(232), colour(255)], ["#080808", "#eeeeee"]);
        assert!(css().contains(".screen .f255{color:#eeeeee}") && css().contains(".screen .b0{background:"));
    }
}
