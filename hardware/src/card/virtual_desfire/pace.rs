//! How long an exchange takes over the air, so that a bench may let the twin pace itself as a real card would.

use std::time::Duration;

/// A bit at 106 kbit/s takes 128 periods of the carrier of 13.56 MHz (ISO/IEC 14443-2).
const CARRIER_KHZ: u64 = 13_560;
const BIT_PERIODS: u64 = 128;
/// A byte goes with its parity; a frame begins and ends with a bit (ISO/IEC 14443-3, type A).
const BITS_PER_BYTE: u64 = 9;
const BITS_PER_FRAME: u64 = 2;
/// A block's control byte and checksum (ISO/IEC 14443-4).
const BLOCK_BYTES: usize = 3;
/// Least time before the other side speaks, in periods of the carrier.
const TURN_PERIODS: u64 = 1_172;

/// How long it takes at 106 kbit/s, in frames of at most `frame_bytes`, until a command of `command_bytes` is sent and its
/// answer of `answer_bytes` received, status included. The card's own computing is not in it: nobody publishes that.
pub fn exchange_time(command_bytes: usize, answer_bytes: usize, frame_bytes: u16) -> Duration {
    let periods = way_periods(command_bytes, frame_bytes) + way_periods(answer_bytes, frame_bytes);
    Duration::from_nanos(periods * 1_000_000 / CARRIER_KHZ)
}

/// One way, turn included: blocks, each but the last acknowledged by an empty one.
fn way_periods(bytes: usize, frame_bytes: u16) -> u64 {
    let block_bytes = usize::from(frame_bytes).saturating_sub(BLOCK_BYTES).max(1);
    let blocks = bytes.div_ceil(block_bytes).max(1) as u64;
    let sent_bytes = bytes as u64 + blocks * BLOCK_BYTES as u64;
    let acknowledged_bytes = (blocks - 1) * BLOCK_BYTES as u64;
    let frames = 2 * blocks - 1;
    let bits = (sent_bytes + acknowledged_bytes) * BITS_PER_BYTE + frames * BITS_PER_FRAME;
    bits * BIT_PERIODS + frames * TURN_PERIODS
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(command_bytes: usize, answer_bytes: usize, expected_us: u128) {
        let time = exchange_time(command_bytes, answer_bytes, 64);
        assert_eq!(time.as_micros(), expected_us, "{command_bytes} and {answer_bytes} bytes");
    }

    #[test]
    fn short_exchanges_take_a_block_each_way() {
        // 4 frame bits, 6 bytes of blocks: 58 bits and two turns.
        check(0, 0, 720);
        // GetVersion and its first frame: 14 bytes more.
        check(5, 9, 1_909);
        // A full frame each way.
        check(61, 61, 11_084);
    }

    #[test]
    fn a_byte_more_than_a_frame_costs_an_acknowledgement() {
        let (full, more) = (exchange_time(61, 2, 64), exchange_time(62, 2, 64));
        // The byte, its block, the acknowledgement: 7 bytes and 4 bits, two turns.
        assert_eq!((more - full).as_micros(), 805);
        assert!(exchange_time(61, 2, 128) < more);
        assert!(exchange_time(5, 2, 0) > Duration::ZERO, "an impossible frame is no trap");
    }
}
