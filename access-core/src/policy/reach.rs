//! Which doors each level reaches: a bit for each level, side and door, and one for each line and door.

use super::{Place, PolicyRows, Side};

/// Bits by number of a level.
#[derive(Debug)]
pub(super) struct Reach {
    /// Words of a row of bits, one bit for each door.
    words: usize,
    /// Rows by level and side.
    levels: Box<[u64]>,
    /// Rows by line.
    lines: Box<[u64]>,
    /// Where the lines of a level begin, and one more.
    first_line: Box<[u32]>,
}

impl Reach {
    /// `level_rows` says where the level with a number stands; beyond the list, nowhere.
    pub(super) fn of(rows: &PolicyRows, level_rows: &[u32]) -> Self {
        let words = rows.doors.len().div_ceil(64);
        let mut levels = vec![0; level_rows.len() * 2 * words];
        let (mut lines, mut first_line) = (Vec::new(), vec![0]);
        for (number, row) in level_rows.iter().enumerate() {
            let level = rows.levels.get(*row as usize);
            for line in level.into_iter().flat_map(|level| &level.lines) {
                let bits = doors_of(rows, &line.places, words);
                for side in [Side::In, Side::Out].into_iter().filter(|side| line.sides.covers(*side)) {
                    let begin = (number * 2 + side as usize) * words;
                    levels[begin..begin + words].iter_mut().zip(&bits).for_each(|(word, more)| *word |= more);
                }
                lines.extend(bits);
            }
            first_line.push(u32::try_from(lines.len() / words.max(1)).unwrap_or(u32::MAX));
        }
        Self { words, levels: levels.into(), lines: lines.into(), first_line: first_line.into() }
    }

    /// Whether a level holds a door, by its place, on a side.
    #[inline]
    pub(super) fn holds(&self, level: u32, door: usize, side: Side) -> bool {
        bit(&self.levels, (level as usize * 2 + side as usize) * self.words, door)
    }

    /// How many doors a level holds on some side.
    pub(super) fn doors(&self, level: u32) -> u32 {
        let begin = level as usize * 2 * self.words;
        let (of_in, of_out) = self.levels[begin..begin + 2 * self.words].split_at(self.words);
        of_in.iter().zip(of_out).map(|(of_in, of_out)| (of_in | of_out).count_ones()).sum()
    }

    /// Numbers of the lines of a level.
    #[inline]
    pub(super) fn lines(&self, level: u32) -> std::ops::Range<u32> {
        self.first_line[level as usize]..self.first_line[level as usize + 1]
    }

    /// Whether a line holds a door, by its place.
    #[inline]
    pub(super) fn line_holds(&self, line: u32, door: usize) -> bool {
        bit(&self.lines, line as usize * self.words, door)
    }
}

#[inline]
fn bit(bits: &[u64], begin: usize, place: usize) -> bool {
    bits[begin + place / 64] >> (place % 64) & 1 == 1
}

/// A bit for each door of these places.
fn doors_of(rows: &PolicyRows, places: &[Place], words: usize) -> Vec<u64> {
    let mut bits = vec![0; words];
    for place in places {
        let mut hold = |door: usize| bits[door / 64] |= 1 << (door % 64);
        match place {
            // Levels name doors one by one more often than anything else.
            Place::Door(id) => rows.doors.binary_search_by_key(id, |door| door.id).into_iter().for_each(&mut hold),
            _ => rows.doors.iter().enumerate().filter(|(_, door)| place.holds(door)).for_each(|(door, _)| hold(door)),
        }
    }
    bits
}
