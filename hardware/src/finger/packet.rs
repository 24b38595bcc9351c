//! Frames on the sensor's line: pure, no I/O.
//!
//! `EF 01`, address (4), kind (1), length (2, big-endian: payload + 2), payload, sum (2) of kind, length and payload.
//! Source: the R503 user manual's section on the communication protocol; ZFM-20 and R30x agree.

use std::collections::VecDeque;

use zeroize::{Zeroize as _, Zeroizing};

/// First bytes of every frame.
const START: [u8; 2] = [0xEF, 0x01];
/// Bytes before the payload: start, address, kind, length.
const HEADER_BYTES: usize = 9;
/// Bytes of the sum.
const SUM_BYTES: usize = 2;
/// Bytes of a frame beside its payload.
pub const FRAME_BYTES: usize = HEADER_BYTES + SUM_BYTES;
/// Longest payload: the largest data packet that a sensor can be set to.
pub const PAYLOAD_BYTES_MAX: usize = 256;
/// The address that every module has unless it was given another.
pub const ADDRESS_DEFAULT: u32 = 0xFFFF_FFFF;

/// What a frame is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Host to sensor.
    Command,
    /// A piece of data, more to come.
    Data,
    /// Sensor to host: the answer to a command.
    Acknowledge,
    /// The last piece of data.
    LastData,
}

impl Kind {
    fn byte(self) -> u8 {
        match self {
            Self::Command => 0x01,
            Self::Data => 0x02,
            Self::Acknowledge => 0x07,
            Self::LastData => 0x08,
        }
    }

    fn from_byte(byte: u8) -> Option<Self> {
        [Self::Command, Self::Data, Self::Acknowledge, Self::LastData].into_iter().find(|kind| kind.byte() == byte)
    }
}

/// Bytes for which a decoder has room from the beginning: one frame that is not whole yet, and one reading more. A buffer that
/// grew would leave a copy of a template's piece behind.
const PENDING_BYTES: usize = 1_024;

/// One frame. Its payload may be a piece of a template and is wiped when it is dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct Frame {
    /// Module it is for or from.
    pub address: u32,
    /// What it is for.
    pub kind: Kind,
    /// At most [`PAYLOAD_BYTES_MAX`] bytes.
    pub payload: Vec<u8>,
}

impl std::fmt::Debug for Frame {
    /// Payloads may be pieces of a template: only their length is shown.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Frame({:?}, {} bytes)", self.kind, self.payload.len())
    }
}

impl Drop for Frame {
    fn drop(&mut self) {
        self.payload.zeroize();
    }
}

impl Frame {
    /// The frame as it goes over the line. Payload beyond [`PAYLOAD_BYTES_MAX`] is a bug of the caller and is cut.
    pub fn encode(&self) -> Vec<u8> {
        debug_assert!(self.payload.len() <= PAYLOAD_BYTES_MAX);
        let payload = &self.payload[..self.payload.len().min(PAYLOAD_BYTES_MAX)];
        let length = (payload.len() + SUM_BYTES) as u16;
        let mut bytes = Vec::with_capacity(HEADER_BYTES + payload.len() + SUM_BYTES);
        bytes.extend(START);
        bytes.extend(self.address.to_be_bytes());
        bytes.push(self.kind.byte());
        bytes.extend(length.to_be_bytes());
        bytes.extend(payload);
        bytes.extend(sum(&bytes[6..]).to_be_bytes());
        bytes
    }
}

fn sum(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0u16, |sum, &byte| sum.wrapping_add(u16::from(byte)))
}

/// Finds frames in what arrives, however it is cut, and finds the next one again after noise.
#[derive(Debug)]
pub struct Decoder {
    pending: VecDeque<u8>,
    noise_bytes: u64,
}

impl Default for Decoder {
    fn default() -> Self {
        Self { pending: VecDeque::with_capacity(PENDING_BYTES), noise_bytes: 0 }
    }
}

impl Drop for Decoder {
    fn drop(&mut self) {
        self.pending.clear();
        self.wipe_if_empty();
    }
}

impl Decoder {
    /// A decoder that has seen nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Overwrites what frames that were taken out left in the memory behind the queue, as soon as it is empty.
    fn wipe_if_empty(&mut self) {
        if self.pending.is_empty() {
            self.pending.resize(self.pending.capacity(), 0);
            self.pending.make_contiguous().zeroize();
            self.pending.clear();
        }
    }

    /// Takes bytes in. What can't become a frame is dropped by [`Decoder::next_frame`], so at most one frame's worth stays.
    pub fn push(&mut self, bytes: &[u8]) {
        self.pending.extend(bytes);
    }

    /// Bytes that were no part of any frame, since the beginning.
    pub fn noise_bytes(&self) -> u64 {
        self.noise_bytes
    }

    /// The next whole frame with a right sum, if there is one.
    pub fn next_frame(&mut self) -> Option<Frame> {
        loop {
            self.skip_to_start();
            if self.pending.len() < HEADER_BYTES {
                return None;
            }
            let header: Zeroizing<Vec<u8>> = Zeroizing::new(self.pending.iter().take(HEADER_BYTES).copied().collect());
            let length = usize::from(u16::from_be_bytes([header[7], header[8]]));
            let payload_length = length.checked_sub(SUM_BYTES).filter(|&length| length <= PAYLOAD_BYTES_MAX);
            let (Some(kind), Some(payload_length)) = (Kind::from_byte(header[6]), payload_length) else {
                self.drop_one();
                continue;
            };
            let total = HEADER_BYTES + payload_length + SUM_BYTES;
            if self.pending.len() < total {
                return None;
            }
            let frame: Zeroizing<Vec<u8>> = Zeroizing::new(self.pending.iter().take(total).copied().collect());
            let (body, sum_bytes) = frame.split_at(total - SUM_BYTES);
            if sum(&body[6..]).to_be_bytes() != sum_bytes {
                self.drop_one();
                continue;
            }
            self.pending.drain(..total);
            self.wipe_if_empty();
            return Some(Frame {
                address: u32::from_be_bytes([header[2], header[3], header[4], header[5]]),
                kind,
                payload: body[HEADER_BYTES..].to_vec(),
            });
        }
    }

    fn skip_to_start(&mut self) {
        while let Some(&first) = self.pending.front() {
            let second_fits = self.pending.get(1).is_none_or(|&second| second == START[1]);
            if first == START[0] && second_fits {
                return;
            }
            self.drop_one();
        }
    }

    fn drop_one(&mut self) {
        self.pending.pop_front();
        self.noise_bytes += 1;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn decode(bytes: &[u8]) -> Vec<Frame> {
        let mut decoder = Decoder::new();
        decoder.push(bytes);
        std::iter::from_fn(|| decoder.next_frame()).collect()
    }

    fn frame(kind: Kind, payload: &[u8]) -> Frame {
        Frame { address: ADDRESS_DEFAULT, kind, payload: payload.to_vec() }
    }

    #[test]
    fn the_password_command_has_the_bytes_of_the_manual() {
        let bytes = frame(Kind::Command, &[0x13, 0, 0, 0, 0]).encode();
        assert_eq!(
            bytes,
            [0xEF, 0x01, 0xFF, 0xFF, 0xFF, 0xFF, 0x01, 0x00, 0x07, 0x13, 0x00, 0x00, 0x00, 0x00, 0x00, 0x1B]
        );
    }

    #[test]
    fn a_template_does_not_print() {
        assert_eq!(format!("{:?}", frame(Kind::Data, &[0xAB; 3])), "Frame(Data, 3 bytes)");
    }

    #[test]
    fn a_frame_that_claims_too_much_is_noise() {
        let mut bytes = frame(Kind::Data, &[1]).encode();
        bytes[7..9].copy_from_slice(&0xFFFFu16.to_be_bytes());
        bytes.extend(frame(Kind::Acknowledge, &[0]).encode());
        assert_eq!(decode(&bytes), [frame(Kind::Acknowledge, &[0])]);
    }

    fn any_frame() -> impl Strategy<Value = Frame> {
        let kinds = prop_oneof![Just(Kind::Command), Just(Kind::Data), Just(Kind::Acknowledge), Just(Kind::LastData)];
        (any::<u32>(), kinds, proptest::collection::vec(any::<u8>(), 0..=PAYLOAD_BYTES_MAX))
            .prop_map(|(address, kind, payload)| Frame { address, kind, payload })
    }

    proptest! {
        #[test]
        fn frames_survive_any_cutting(frames in proptest::collection::vec(any_frame(), 0..5), cut in 1usize..40) {
            let bytes: Vec<u8> = frames.iter().flat_map(Frame::encode).collect();
            let mut decoder = Decoder::new();
            let mut found = Vec::new();
            for piece in bytes.chunks(cut) {
                decoder.push(piece);
                found.extend(std::iter::from_fn(|| decoder.next_frame()));
            }
            prop_assert_eq!(found, frames);
            prop_assert_eq!(decoder.noise_bytes(), 0);
        }

        #[test]
        fn a_frame_is_found_after_noise(noise in proptest::collection::vec(any::<u8>(), 0..300), frame in any_frame()) {
            // Noise may by chance begin a frame that swallows the next bytes, so the frame is sent twice and then some
            // silence; a line that goes on is found again.
            let mut bytes = noise;
            for _ in 0..3 {
                bytes.extend(frame.encode());
            }
            bytes.extend([0; PAYLOAD_BYTES_MAX + HEADER_BYTES + SUM_BYTES]);
            prop_assert!(decode(&bytes).contains(&frame));
        }

        #[test]
        fn one_damaged_byte_never_passes_as_the_frame_it_was(
            frame in any_frame(), place in any::<prop::sample::Index>(), change in 1u8..,
        ) {
            let mut bytes = frame.encode();
            let place = place.index(bytes.len());
            bytes[place] ^= change;
            let in_address = (2..6).contains(&place);
            prop_assert!(in_address || !decode(&bytes).contains(&frame));
        }

        #[test]
        fn any_bytes_are_bearable(bytes in proptest::collection::vec(any::<u8>(), 0..2_000)) {
            let mut decoder = Decoder::new();
            decoder.push(&bytes);
            while decoder.next_frame().is_some() {}
            prop_assert!(decoder.pending.len() < HEADER_BYTES + PAYLOAD_BYTES_MAX + SUM_BYTES);
        }
    }
}
