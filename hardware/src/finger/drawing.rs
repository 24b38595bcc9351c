//! Fingers that nobody has: images of ridges, drawn by calculation.
//!
//! Ridges are the light and dark of a wave's phase. It runs across the image in a gentle bow, and turns once around each of some
//! points, half of them one way and half the other: there a ridge ends or forks, which is what an extractor looks for. (This is
//! how a print is written as a wave with spirals in its phase; every print's minutiae can be.)

use std::f32::consts::TAU;

use rand::{Rng as _, RngExt as _, SeedableRng as _, rngs::StdRng};

/// Ridges lie so far apart, in pixels: half a millimetre at 508 dpi.
const PERIOD_PX: f32 = 9.5;
/// Places where a ridge ends or forks.
const MINUTIAE: usize = 24;
/// Share of the image's sides that minutiae keep away from the edge.
const MARGIN: f32 = 0.12;
/// Most that a pixel differs from one image of a drawing to the next, of 15 levels.
const GRAIN: f32 = 0.6;

/// A drawn finger: everything about it follows from a number.
#[derive(Debug)]
pub(super) struct Drawing {
    /// Where the bow's centre lies, in sides of the image.
    centre: (f32, f32),
    /// Place in sides of the image, and which way the phase turns.
    minutiae: Vec<(f32, f32, f32)>,
}

impl Drawing {
    pub(super) fn new(seed: u64) -> Self {
        let mut random = StdRng::seed_from_u64(seed);
        let mut within = |least: f32, most: f32| least + (most - least) * random.random::<f32>();
        let centre = (within(0.2, 0.8), within(1.2, 1.8));
        let minutiae = (0..MINUTIAE).map(|number| {
            let turn = if number % 2 == 0 { 1.0 } else { -1.0 };
            (within(MARGIN, 1.0 - MARGIN), within(MARGIN, 1.0 - MARGIN), turn)
        });
        Self { centre, minutiae: minutiae.collect() }
    }

    /// One image of it, as sensors of the family take them: two pixels in a byte, the left one in the high half, from black
    /// (0) to white (15). `grain` is another number for each image: no two captures of a finger are the same.
    pub(super) fn image(&self, width: usize, height: usize, grain: u64) -> Vec<u8> {
        let mut grain = StdRng::seed_from_u64(grain);
        let (across, down) = (width as f32, height as f32);
        let mut pixels = Vec::with_capacity(width * height);
        for y in 0..height {
            for x in 0..width {
                let (x, y) = (x as f32, y as f32);
                let away = (x - self.centre.0 * across).hypot(y - self.centre.1 * down);
                let turns: f32 =
                    self.minutiae.iter().map(|(mx, my, turn)| turn * (y - my * down).atan2(x - mx * across)).sum();
                let light = 7.5 + 7.0 * (TAU * away / PERIOD_PX + turns).cos();
                let grained = light + GRAIN * (2.0 * grain.random::<f32>() - 1.0);
                // 0 to 15 by the `clamp`.
                pixels.push(grained.round().clamp(0.0, 15.0) as u8);
            }
        }
        pixels.chunks(2).map(|pair| pair[0] << 4 | pair.get(1).copied().unwrap_or(15)).collect()
    }
}

/// A number that nobody can foresee, for a drawing.
pub(super) fn new_seed() -> u64 {
    rand::rng().next_u64()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pixels(image: &[u8]) -> Vec<i32> {
        image.iter().flat_map(|byte| [i32::from(byte >> 4), i32::from(byte & 15)]).collect()
    }

    fn difference(one: &[u8], other: &[u8]) -> f64 {
        let (one, other) = (pixels(one), pixels(other));
        one.iter().zip(&other).map(|(a, b)| f64::from((a - b).abs())).sum::<f64>() / one.len() as f64
    }

    #[test]
    fn a_drawing_has_ridges_and_looks_alike_each_time() {
        let drawing = Drawing::new(1);
        let image = drawing.image(192, 160, 1);
        assert_eq!(image.len(), 192 * 160 / 2);
        let all = pixels(&image);
        let light = all.iter().filter(|level| **level > 7).count() as f64 / all.len() as f64;
        assert!((0.4..0.6).contains(&light), "as much light as dark: {light}");
        // Along a column there is a change from light to dark about every half period.
        let changes: usize =
            (0..192).map(|x| (1..160).filter(|y| (all[y * 192 + x] > 7) != (all[(y - 1) * 192 + x] > 7)).count()).sum();
        let period = 160.0 * 192.0 * 2.0 / changes as f64;
        assert!((8.0..16.0).contains(&period), "{period} pixels");
        assert!(difference(&image, &drawing.image(192, 160, 2)) < 1.0, "another capture of it");
        assert!(difference(&image, &Drawing::new(2).image(192, 160, 1)) > 3.0, "another finger");
    }
}
