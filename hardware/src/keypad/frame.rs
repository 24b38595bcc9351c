//! The kernel's `input_event`: frames of a fixed size, in the machine's own byte order (`linux/input.h`; numbers of types
//! and keys from `linux/input-event-codes.h`).

use zeroize::Zeroize as _;

use super::Key;

/// Length of a frame: two machine words of time, type, code, value.
pub const FRAME_BYTES: usize = TIME_BYTES + 8;
const TIME_BYTES: usize = 2 * size_of::<usize>();

pub(super) const EV_SYN: u16 = 0x00;
pub(super) const EV_KEY: u16 = 0x01;
const SYN_REPORT: u16 = 0;
const SYN_DROPPED: u16 = 3;
/// Values of a key's event. A key that is let go says 0, one that repeats itself 2.
pub(super) const PRESSED: i32 = 1;

pub(super) const KEY_ENTER: u16 = 28;
pub(super) const KEY_BACKSPACE: u16 = 14;
pub(super) const KEY_ESC: u16 = 1;
/// Keys `7 8 9`, `4 5 6`, `1 2 3` and `0` of a number block, which tell their number whether or not NumLock is on.
const KEYPAD: [(u16, u8); 10] =
    [(71, 7), (72, 8), (73, 9), (75, 4), (76, 5), (77, 6), (79, 1), (80, 2), (81, 3), (82, 0)];

/// What a frame tells.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Pressed {
    /// A key was pressed.
    Key(Key),
    /// The kernel dropped events: what is being typed is not whole.
    Lost,
}

/// Puts frames together and reads them.
#[derive(Default)]
pub struct Decoder {
    frame: [u8; FRAME_BYTES],
    filled: usize,
    /// Events were dropped; what comes until the next report is the rest of something.
    is_lost: bool,
}

impl Decoder {
    /// Where the next bytes of a frame are to be put; [`Decoder::advance`] says how many came.
    pub(super) fn space(&mut self) -> &mut [u8] {
        &mut self.frame[self.filled..]
    }

    pub(super) fn advance(&mut self, bytes: usize) -> Option<Pressed> {
        self.filled += bytes;
        if self.filled < FRAME_BYTES {
            return None;
        }
        let pressed = self.read();
        self.frame.zeroize();
        self.filled = 0;
        pressed
    }

    /// Takes bytes as they come, in whatever pieces.
    pub fn push(&mut self, mut bytes: &[u8], mut tell: impl FnMut(Pressed)) {
        while !bytes.is_empty() {
            let space = self.space();
            let (now, rest) = bytes.split_at(space.len().min(bytes.len()));
            space[..now.len()].copy_from_slice(now);
            if let Some(pressed) = self.advance(now.len()) {
                tell(pressed);
            }
            bytes = rest;
        }
    }

    fn read(&mut self) -> Option<Pressed> {
        let field = |at: usize| u16::from_ne_bytes([self.frame[TIME_BYTES + at], self.frame[TIME_BYTES + at + 1]]);
        let [.., a, b, c, d] = self.frame;
        match (field(0), field(2), i32::from_ne_bytes([a, b, c, d])) {
            (EV_SYN, SYN_DROPPED, _) => {
                self.is_lost = true;
                Some(Pressed::Lost)
            }
            (EV_SYN, SYN_REPORT, _) => {
                self.is_lost = false;
                None
            }
            (EV_KEY, code, PRESSED) if !self.is_lost => key(code).map(Pressed::Key),
            _ => None,
        }
    }
}

impl Drop for Decoder {
    fn drop(&mut self) {
        self.frame.zeroize();
    }
}

/// The key of a code, if it is one of a keypad.
fn key(code: u16) -> Option<Key> {
    let digit = |number: u16| u8::try_from(number).ok().map(Key::Digit);
    match code {
        // KEY_1 to KEY_9, and KEY_0 after them.
        2..=10 => digit(code - 1),
        11 => Some(Key::Digit(0)),
        // KEY_NUMERIC_0 to KEY_NUMERIC_9, of telephones and door panels.
        0x200..=0x209 => digit(code - 0x200),
        // KEY_ENTER, KEY_KPENTER, KEY_OK, KEY_NUMERIC_POUND.
        KEY_ENTER | 96 | 0x160 | 0x20b => Some(Key::Enter),
        // KEY_BACKSPACE, KEY_DELETE, KEY_CLEAR, KEY_KPASTERISK, KEY_NUMERIC_STAR.
        KEY_BACKSPACE | 111 | 0x163 | 55 | 0x20a => Some(Key::Clear),
        // KEY_ESC, KEY_CANCEL.
        KEY_ESC | 223 => Some(Key::Cancel),
        code => KEYPAD.iter().find(|(known, _)| *known == code).map(|(_, digit)| Key::Digit(*digit)),
    }
}

/// A frame as the kernel writes it.
#[cfg(any(test, feature = "twins"))]
pub(super) fn frame(kind: u16, code: u16, value: i32) -> [u8; FRAME_BYTES] {
    let mut frame = [0; FRAME_BYTES];
    frame[TIME_BYTES..TIME_BYTES + 2].copy_from_slice(&kind.to_ne_bytes());
    frame[TIME_BYTES + 2..TIME_BYTES + 4].copy_from_slice(&code.to_ne_bytes());
    frame[TIME_BYTES + 4..].copy_from_slice(&value.to_ne_bytes());
    frame
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The keys in few letters.
    fn told(bytes: &[u8], piece: usize) -> String {
        let (mut decoder, mut told) = (Decoder::default(), String::new());
        for bytes in bytes.chunks(piece) {
            decoder.push(bytes, |pressed| {
                told.push(match pressed {
                    Pressed::Key(Key::Digit(digit)) => char::from(b'0' + digit),
                    Pressed::Key(Key::Enter) => '#',
                    Pressed::Key(Key::Clear) => '*',
                    Pressed::Key(Key::Cancel) => '!',
                    Pressed::Lost => '?',
                });
            });
        }
        told
    }

    #[test]
    fn a_frame_is_the_kernels() {
        if cfg!(target_pointer_width = "64") {
            assert_eq!(FRAME_BYTES, 24);
        }
        let seven = frame(EV_KEY, 8, 1);
        assert_eq!(seven[TIME_BYTES..], [1, 0, 8, 0, 1, 0, 0, 0], "on a machine that writes the lowest byte first");
    }

    #[test]
    fn keys_of_every_kind_of_keypad_are_read_and_nothing_else() {
        let press = |codes: &[u16]| codes.iter().flat_map(|code| frame(EV_KEY, *code, PRESSED)).collect::<Vec<_>>();
        assert_eq!(told(&press(&[11, 2, 3, 4, 5, 6, 7, 8, 9, 10, 28]), 24), "0123456789#");
        assert_eq!(told(&press(&[82, 79, 80, 81, 75, 76, 77, 71, 72, 73, 96]), 24), "0123456789#");
        let panel: Vec<u16> = (0x200..=0x20b).collect();
        assert_eq!(told(&press(&panel), 24), "0123456789*#");
        assert_eq!(told(&press(&[14, 111, 55, 1, 223, 0x160, 0x163]), 24), "***!!#*");
        // Letters, NumLock, point, plus; releases and repeats; the scan code beside each key; movements.
        assert_eq!(told(&press(&[16, 30, 69, 83, 78, 113, 0x20c, u16::MAX]), 24), "");
        let others = [frame(EV_KEY, 2, 0), frame(EV_KEY, 2, 2), frame(4, 4, 0x7001e), frame(2, 2, 1)].concat();
        assert_eq!(told(&others, 24), "");
    }

    #[test]
    fn what_the_kernel_dropped_spoils_what_is_typed() {
        let one = frame(EV_KEY, 2, 1);
        let frames = [one, frame(EV_SYN, 3, 0), one, frame(EV_SYN, 0, 0), one].concat();
        assert_eq!(told(&frames, 24), "1?1");
    }

    proptest! {
        #[test]
        fn pieces_make_no_difference(bytes in prop::collection::vec(any::<u8>(), 0..600), piece in 1..50_usize) {
            prop_assert_eq!(told(&bytes, piece), told(&bytes, 600));
        }
    }
}
