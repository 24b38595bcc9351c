//! Pictures of nobody: a face drawn from a number.

use std::io::Cursor;

use image::{DynamicImage, ImageFormat, Rgb, RgbImage};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

/// Width and height, in pixels.
const SIDE: u32 = 256;

const SKINS: [[u8; 3]; 6] =
    [[255, 224, 196], [241, 194, 150], [224, 172, 124], [198, 134, 84], [141, 85, 48], [92, 56, 36]];
const HAIRS: [[u8; 3]; 6] = [[40, 30, 26], [92, 60, 38], [150, 96, 52], [214, 178, 110], [120, 120, 124], [60, 20, 14]];
const SHIRTS: [[u8; 3]; 6] = [[44, 82, 130], [122, 46, 62], [46, 104, 82], [88, 76, 120], [70, 78, 90], [150, 98, 38]];
const WALLS: [[u8; 3]; 4] = [[214, 222, 230], [226, 222, 212], [210, 224, 216], [224, 214, 224]];

/// A portrait, PNG.
pub(super) fn portrait(seed: u64) -> anyhow::Result<Vec<u8>> {
    let mut random = StdRng::seed_from_u64(seed);
    let mut pick = |colours: &[[u8; 3]]| Rgb(colours[random.random_range(0..colours.len())]);
    let (skin, hair, shirt, wall) = (pick(&SKINS), pick(&HAIRS), pick(&SHIRTS), pick(&WALLS));
    let (face_width, face_height) = (random.random_range(48.0..62.0), random.random_range(62.0..76.0));
    let (fringe, length) = (random.random_range(0.25..0.55), random.random_range(0.2..1.5));
    let has_glasses = random.random_ratio(1, 3);
    let smile = random.random_range(4.0..10.0);
    let picture = RgbImage::from_fn(SIDE, SIDE, |x, y| {
        let (x, y) = (f64::from(x) - 128.0, f64::from(y) - 112.0);
        let inside = |cx: f64, cy: f64, rx: f64, ry: f64| ((x - cx) / rx).powi(2) + ((y - cy) / ry).powi(2) <= 1.0;
        let eye_y = -6.0;
        let rim = |cx: f64| inside(cx, eye_y, 17.0, 14.0) && !inside(cx, eye_y, 14.0, 11.0);
        let is_mouth = inside(0.0, 32.0, 18.0, smile) && y > 32.0 && !inside(0.0, 30.0, 18.0, smile - 3.0);
        let is_face = inside(0.0, 0.0, face_width, face_height);
        let is_hair = inside(0.0, -14.0, face_width + 10.0, face_height + 4.0)
            && (y < -face_height * fringe || (!is_face && y < face_height * length));
        if has_glasses && (rim(-21.0) || rim(21.0) || (x.abs() < 5.0 && (y - eye_y).abs() < 1.6)) {
            Rgb([50, 50, 56])
        } else if inside(-21.0, eye_y, 4.0, 5.0) || inside(21.0, eye_y, 4.0, 5.0) {
            Rgb([34, 28, 28])
        } else if is_mouth {
            Rgb([150, 66, 62])
        } else if is_hair {
            hair
        } else if is_face || (x.abs() < 22.0 && (40.0..96.0).contains(&y)) {
            skin
        } else if inside(0.0, 152.0, 104.0, 78.0) {
            shirt
        } else {
            wall
        }
    });
    let mut png = Cursor::new(Vec::new());
    DynamicImage::ImageRgb8(picture).write_to(&mut png, ImageFormat::Png)?;
    Ok(png.into_inner())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn portraits_differ_and_are_the_same_for_a_number() {
        assert_eq!(portrait(1).unwrap(), portrait(1).unwrap());
        assert_ne!(portrait(1).unwrap(), portrait(2).unwrap());
        let read = image::load_from_memory(&portrait(3).unwrap()).unwrap();
        assert_eq!((read.width(), read.height()), (SIDE, SIDE));
    }
}
