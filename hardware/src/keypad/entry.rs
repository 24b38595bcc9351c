//! From keys to what was typed.

use std::fmt;

use zeroize::{Zeroize, ZeroizeOnDrop};

/// Most digits that are kept of one entry; what is typed beyond them is dropped. Longer than whatever they are compared with.
pub const DIGITS_MAX: usize = 16;

/// A key of a keypad.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Key {
    /// A digit, 0 to 9.
    Digit(u8),
    /// That was all.
    Enter,
    /// Begin again; with nothing typed, give up.
    Clear,
    /// Give up.
    Cancel,
}

/// Digits that were typed, as ASCII. Never printed, wiped when dropped.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct Digits(Vec<u8>);

impl Digits {
    /// None yet.
    fn none() -> Self {
        // Never grows beyond, so that no copy of it is left behind.
        Self(Vec::with_capacity(DIGITS_MAX))
    }

    /// Takes ASCII digits, [`DIGITS_MAX`] of them at most.
    pub fn new(text: &str) -> Option<Self> {
        let is_good = text.len() <= DIGITS_MAX && text.bytes().all(|byte| byte.is_ascii_digit());
        is_good.then(|| {
            let mut digits = Self::none();
            digits.0.extend_from_slice(text.as_bytes());
            digits
        })
    }

    /// The digits, as ASCII.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Digits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// What came of typing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Typed {
    /// These digits, at least one.
    Digits(Digits),
    /// It was given up.
    Cancelled,
}

/// What is being typed.
#[derive(Debug)]
pub struct Entry {
    digits: Digits,
    /// Keys were lost: what comes up to the end of this entry is the rest of something.
    is_lost: bool,
}

impl Default for Entry {
    fn default() -> Self {
        Self { digits: Digits::none(), is_lost: false }
    }
}

impl Entry {
    /// Takes a key.
    pub fn press(&mut self, key: Key) -> Option<Typed> {
        match key {
            Key::Digit(_) if self.is_lost => None,
            Key::Enter | Key::Clear if self.is_lost => {
                self.clear();
                None
            }
            Key::Digit(digit) => {
                if self.digits.0.len() < DIGITS_MAX {
                    self.digits.0.push(b'0' + digit % 10);
                }
                None
            }
            Key::Enter if self.digits.0.is_empty() => None,
            Key::Enter => Some(Typed::Digits(std::mem::replace(&mut self.digits, Digits::none()))),
            Key::Clear if !self.digits.0.is_empty() => {
                self.clear();
                None
            }
            Key::Clear | Key::Cancel => {
                self.clear();
                Some(Typed::Cancelled)
            }
        }
    }

    /// Forgets what was typed.
    pub fn clear(&mut self) {
        self.digits.0.zeroize();
        self.is_lost = false;
    }

    /// Keys were lost: nothing is taken up to the end of this entry, and it is typed again.
    pub fn lose(&mut self) {
        self.clear();
        self.is_lost = true;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn typed(keys: &str) -> Vec<Typed> {
        let mut entry = Entry::default();
        let key = |letter| match letter {
            '#' => Key::Enter,
            '*' => Key::Clear,
            '!' => Key::Cancel,
            digit => Key::Digit(u8::try_from(digit.to_digit(10).unwrap()).unwrap()),
        };
        keys.chars()
            .filter_map(|letter| match letter {
                '?' => {
                    entry.lose();
                    None
                }
                letter => entry.press(key(letter)),
            })
            .collect()
    }

    fn digits(text: &str) -> Typed {
        Typed::Digits(Digits::new(text).unwrap())
    }

    #[test]
    fn digits_are_typed_cleared_and_given_up() {
        assert_eq!(typed("12345"), []);
        assert_eq!(typed("#12345#"), [digits("12345")], "Enter alone is nothing");
        assert_eq!(typed("12*345#6#"), [digits("345"), digits("6")]);
        assert_eq!(typed("12**3#"), [Typed::Cancelled, digits("3")]);
        assert_eq!(typed("12!3#"), [Typed::Cancelled, digits("3")]);
        assert_eq!(typed("12345678901234567890#1#"), [digits("1234567890123456"), digits("1")]);
        assert_eq!(format!("{:?}", digits("123456")), "Digits([redacted])");
        assert_eq!(Digits::new("12a"), None);
        assert_eq!(Digits::new("12345678901234567"), None);
    }

    #[test]
    fn what_is_left_of_an_entry_of_which_keys_were_lost_is_no_entry() {
        assert_eq!(typed("12?45#12345#"), [digits("12345")]);
        assert_eq!(typed("12?45*12345#"), [digits("12345")], "begun anew");
        assert_eq!(typed("12?45!"), [Typed::Cancelled]);
        assert_eq!(typed("12?#?45#6#"), [digits("6")]);
    }

    proptest! {
        #[test]
        fn nothing_is_typed_that_was_not_pressed(keys in "[0-9#*!]{0,60}") {
            for typed in typed(&keys) {
                if let Typed::Digits(digits) = typed {
                    let text = std::str::from_utf8(digits.as_bytes()).unwrap();
                    prop_assert!(!text.is_empty() && text.len() <= DIGITS_MAX && keys.contains(text));
                }
            }
        }
    }
}
