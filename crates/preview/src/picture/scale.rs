//! Scaling by area: a pixel of the preview is the mean of what lies under it, each part weighed by its share.
//!
//! In whole numbers. Measured in units in which `m` pixels of the preview are as long as `n` pixels of the picture, the
//! first are `n` long and the second `m`.

use std::ops::Range;

use super::Picture;

/// The picture with its longer side exactly so long, and three or four channels.
pub fn fitted(picture: &Picture, longest: u32) -> Picture {
    let longer = picture.width.max(picture.height);
    let scaled = |side: u32| {
        let side = (u64::from(side) * u64::from(longest) + u64::from(longer) / 2) / u64::from(longer);
        u32::try_from(side).unwrap_or(longest).max(1)
    };
    let (width, height) = (scaled(picture.width), scaled(picture.height));
    let mut sums = vec![Sum::default(); width as usize * height as usize];
    let rows = picture.bytes.chunks_exact(picture.width as usize * picture.channels);
    let mut sums_of_row = vec![Sum::default(); width as usize];
    for (y, row) in rows.enumerate() {
        sums_of_row.fill(Sum::default());
        for (x, pixel) in row.chunks_exact(picture.channels).enumerate() {
            let pixel = Sum::of(pixel);
            for (at, share) in shares(x, picture.width, width) {
                sums_of_row[at].add(&pixel, share);
            }
        }
        for (at, share) in shares(y, picture.height, height) {
            let sums = &mut sums[at * width as usize..][..width as usize];
            sums.iter_mut().zip(&sums_of_row).for_each(|(sum, more)| sum.add(more, share));
        }
    }
    let area = u64::from(picture.width) * u64::from(picture.height);
    let channels = if picture.has_alpha() { 4 } else { 3 };
    let bytes = sums.iter().flat_map(|sum| sum.mean(area).into_iter().take(channels)).collect();
    Picture { width, height, channels, bytes }
}

/// The pixels of a line of `m` that a pixel of a line of `n` lies on, and how much of it on each.
fn shares(pixel: usize, n: u32, m: u32) -> impl Iterator<Item = (usize, u64)> {
    let (pixel, n, m) = (pixel as u64, u64::from(n), u64::from(m));
    let Range { start, end } = pixel * m..(pixel + 1) * m;
    (start / n..=(end - 1) / n).map(move |at| (at as usize, end.min((at + 1) * n) - start.max(at * n)))
}

/// Red, green and blue, each times alpha, and alpha: what shows through counts less.
#[derive(Debug, Clone, Copy, Default)]
struct Sum([u64; 4]);

impl Sum {
    fn of(pixel: &[u8]) -> Self {
        let (red, green, blue, alpha) = match *pixel {
            [grey] => (grey, grey, grey, u8::MAX),
            [grey, alpha] => (grey, grey, grey, alpha),
            [red, green, blue] => (red, green, blue, u8::MAX),
            [red, green, blue, alpha] => (red, green, blue, alpha),
            _ => (0, 0, 0, 0),
        };
        let alpha = u64::from(alpha);
        Self([u64::from(red) * alpha, u64::from(green) * alpha, u64::from(blue) * alpha, alpha])
    }

    fn add(&mut self, other: &Self, share: u64) {
        self.0.iter_mut().zip(other.0).for_each(|(sum, more)| *sum += more * share);
    }

    fn mean(&self, area: u64) -> [u8; 4] {
        let [red, green, blue, alpha] = self.0;
        let divided = |sum: u64, by: u64| u8::try_from((sum + by / 2).checked_div(by).unwrap_or(0)).unwrap_or(u8::MAX);
        [divided(red, alpha), divided(green, alpha), divided(blue, alpha), divided(alpha, area)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_add_up_in_both_directions() {
        for (n, m) in [(3, 500), (500, 500), (1201, 500), (40_000, 1)] {
            let mut sums = vec![0; m as usize];
            for pixel in 0..n as usize {
                let shares: Vec<_> = shares(pixel, n, m).collect();
                assert_eq!(shares.iter().map(|(_, share)| share).sum::<u64>(), u64::from(m));
                shares.iter().for_each(|(at, share)| sums[*at] += share);
            }
            assert!(sums.iter().all(|sum| *sum == u64::from(n)), "{n} to {m}");
        }
    }

    #[test]
    fn halves_are_mixed_and_what_is_transparent_has_no_colour() {
        let row = [[0, 255], [200, 255], [90, 0], [50, 255]].concat();
        let picture = Picture { width: 1000, height: 1, channels: 2, bytes: row.repeat(250) };
        let fitted = fitted(&picture, 500);
        assert_eq!((fitted.width, fitted.height, fitted.channels), (500, 1, 4));
        assert_eq!(fitted.bytes[..8], [100, 100, 100, 255, 50, 50, 50, 128]);
    }
}
