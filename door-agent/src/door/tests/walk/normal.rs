//! When two states are one: the same whatever the hour is and whatever things are called.
//!
//! Made from the text of everything there is to a state, so that nothing that a machine keeps can be forgotten here. Instants
//! become distances from now; those further back than any time that matters are one. Names become the order in which they
//! are met. What only counts up, and is read by nobody, is left out.

use std::fmt::Write as _;
use std::hash::{DefaultHasher, Hasher as _};

use super::plant::{BEGIN_MS, Plant};

/// Longer ago than every time that the machine measures: whether a minute or an hour, nothing asks any more.
const LONG_AGO_MS: u64 = 601_000;
/// What counts records; only its names for those that wait matter.
const COUNTER: &[u8] = b"tickets: ";
const TICKET: &[u8] = b"Ticket(";
const UUID_CHARS: usize = 36;

/// The state's mark: two of different marks differ.
pub(super) fn of(plant: &Plant) -> u128 {
    let mut text = String::with_capacity(4_096);
    // Writing into a string can't fail.
    let _ = write!(text, "{plant:?}");
    let normal = normal(text.as_bytes(), plant.now_ms);
    let half = |salt: u8| {
        let mut hasher = DefaultHasher::new();
        hasher.write_u8(salt);
        hasher.write(&normal);
        u128::from(hasher.finish())
    };
    half(0) << 64 | half(1)
}

fn normal(text: &[u8], now_ms: u64) -> Vec<u8> {
    let mut normal = Vec::with_capacity(text.len());
    let (mut ids, mut tickets): (Vec<&[u8]>, Vec<&[u8]>) = (Vec::new(), Vec::new());
    let mut place = 0;
    while place < text.len() {
        let is_hex = |byte: &u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(byte) || *byte == b'-';
        let length = text[place..].iter().take_while(|byte| is_hex(byte)).count();
        if length == 0 {
            normal.push(text[place]);
            place += 1;
            continue;
        }
        let run = &text[place..place + length];
        place += length;
        if length == UUID_CHARS {
            normal.push(order(&mut ids, run));
        } else if !run.iter().all(u8::is_ascii_digit) {
            normal.extend_from_slice(run);
        } else if normal.ends_with(COUNTER) {
        } else if normal.ends_with(TICKET) {
            normal.push(order(&mut tickets, run));
        } else {
            let number = run.iter().fold(0u64, |number, digit| number * 10 + u64::from(digit - b'0'));
            if number < BEGIN_MS / 2 {
                normal.extend_from_slice(run);
            } else if number > now_ms {
                normal.push(b'+');
                normal.extend_from_slice(&(number - now_ms).to_le_bytes());
            } else {
                normal.push(b'@');
                normal.extend_from_slice(&(now_ms - number).min(LONG_AGO_MS).to_le_bytes());
            }
        }
    }
    normal
}

/// Which of those met so far it is.
fn order<'text>(met: &mut Vec<&'text [u8]>, name: &'text [u8]) -> u8 {
    let place = met.iter().position(|known| *known == name).unwrap_or_else(|| {
        met.push(name);
        met.len() - 1
    });
    place as u8
}

#[test]
fn what_is_the_same_is_one_and_what_differs_is_not() {
    let text = |text: &str, now_ms| normal(text.as_bytes(), BEGIN_MS + now_ms);
    let at = |ms: u64| BEGIN_MS + ms;
    let uuid = |number: u8| format!("00000000-0000-0000-0000-{number:012}");
    assert_eq!(text(&format!("since_ms: {}", at(5)), 10), text(&format!("since_ms: {}", at(25)), 30));
    assert_ne!(text(&format!("since_ms: {}", at(5)), 10), text(&format!("since_ms: {}", at(5)), 11));
    assert_ne!(
        text(&format!("until_ms: {}", at(15)), 10),
        text(&format!("until_ms: {}", at(5)), 10),
        "to come, and past"
    );
    assert_eq!(text(&format!("at: {}", at(5)), 700_000), text(&format!("at: {}", at(6)), 799_000), "long ago");
    assert_ne!(text("release_ms: 5000", 10), text("release_ms: 500", 10));
    let pair = |one, other| text(&format!("AttemptId({}) AttemptId({})", uuid(one), uuid(other)), 0);
    assert_eq!(pair(1, 2), pair(7, 3));
    assert_ne!(pair(1, 2), pair(1, 1));
    assert_eq!(text("tickets: 8, ticket: Ticket(8)", 0), text("tickets: 9, ticket: Ticket(9)", 0));
    assert_ne!(text("Ticket(1) Ticket(2)", 0), text("Ticket(2) Ticket(2)", 0));
}
