//! What a card says of a command: the status byte behind `91`, and what went wrong in words.

use std::fmt;

/// A command of the card, by its native code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
#[expect(missing_docs, reason = "the names are the documents' own")]
pub enum Instruction {
    AuthenticateD40 = 0x0A,
    AuthenticateEv1 = 0xAA,
    AuthenticateEv2First = 0x71,
    AuthenticateEv2NonFirst = 0x77,
    AdditionalFrame = 0xAF,
    GetVersion = 0x60,
    SelectApplication = 0x5A,
    GetApplicationIds = 0x6A,
    GetFreeMemory = 0x6E,
    GetKeyVersion = 0x64,
    GetKeySettings = 0x45,
    ChangeKeySettings = 0x54,
    ChangeKey = 0xC4,
    CreateApplication = 0xCA,
    DeleteApplication = 0xDA,
    FormatPicc = 0xFC,
    CreateStdDataFile = 0xCD,
    GetFileIds = 0x6F,
    GetFileSettings = 0xF5,
    ChangeFileSettings = 0x5F,
    ReadData = 0xAD,
    ReadDataEv1 = 0xBD,
    WriteData = 0x8D,
    WriteDataEv1 = 0x3D,
    IsoSelect = 0xA4,
}

impl Instruction {
    /// The byte on the wire.
    pub fn code(self) -> u8 {
        self as u8
    }
}

impl fmt::Display for Instruction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

/// Why a card refused a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// 0C: nothing would change.
    #[error("nothing would change")]
    NoChanges,
    /// 0E: no room left.
    #[error("the card has not enough memory left")]
    OutOfMemory,
    /// 1C: no such command. Older cards say so of newer commands.
    #[error("the card does not know the command")]
    IllegalCommand,
    /// 1E: checksum, MAC or padding did not match.
    #[error("the card found a wrong checksum, MAC or padding")]
    Integrity,
    /// 40: no such key.
    #[error("the card has no such key")]
    NoSuchKey,
    /// 7E: wrong length.
    #[error("the card found the command's length wrong")]
    Length,
    /// 9D: not allowed with this key, or without any.
    #[error("the card does not permit it with this key")]
    PermissionDenied,
    /// 9E: a parameter makes no sense to it.
    #[error("the card found a parameter wrong")]
    Parameter,
    /// A0: no such application.
    #[error("the card has no such application")]
    NoApplication,
    /// A1: the application is damaged.
    #[error("the application on the card is damaged")]
    ApplicationDamaged,
    /// AD: too many failed attempts; the card lets nobody try for a while.
    #[error("the card delays authentication after failed attempts")]
    AuthenticationDelay,
    /// AE: the key is not that, or authentication is needed first.
    #[error("the card refused to authenticate")]
    Authentication,
    /// BE: beyond the end of a file.
    #[error("that lies beyond the end of the file")]
    Boundary,
    /// C1: the card is damaged and has disabled itself.
    #[error("the card is damaged")]
    CardDamaged,
    /// CA: the command before was not finished, or is not allowed in between.
    #[error("the card aborted the command")]
    Aborted,
    /// CD: the card is disabled.
    #[error("the card is disabled")]
    CardDisabled,
    /// CE: no more applications fit.
    #[error("the card holds as many applications as it can")]
    TooMany,
    /// DE: there is one already.
    #[error("the card has that already")]
    Duplicate,
    /// EE: its memory could not be written.
    #[error("the card's memory could not be written")]
    Memory,
    /// F0: no such file.
    #[error("the application has no such file")]
    NoFile,
    /// F1: the file is damaged.
    #[error("the file on the card is damaged")]
    FileDamaged,
    /// A status of ISO 7816-4, whole: the card or the reader did not understand the command at all.
    #[error("the card answered with status {0:04X}")]
    Iso(u16),
    /// A status byte that no document names.
    #[error("the card answered with unknown status 91{0:02X}")]
    Unknown(u8),
}

impl Refusal {
    /// Whether it is how a reader says that an exchange failed (PC/SC part 3: 63xx, 64xx; ISO 7816-4: 6Fxx), and not the card's
    /// own word.
    pub(super) fn is_of_reader(self) -> bool {
        matches!(self, Self::Iso(0x6300..=0x64FF | 0x6F00..=0x6FFF))
    }
}

/// What an answer's two last bytes say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Status {
    /// 9100.
    Done,
    /// 91AF: more is to come, from either side.
    More,
    Refused(Refusal),
}

impl Status {
    pub(super) fn parse(status: [u8; 2]) -> Self {
        let code = match status {
            [0x91, code] => code,
            other => return Self::Refused(Refusal::Iso(u16::from_be_bytes(other))),
        };
        Self::Refused(match code {
            0x00 => return Self::Done,
            0xAF => return Self::More,
            0x0C => Refusal::NoChanges,
            0x0E => Refusal::OutOfMemory,
            0x1C => Refusal::IllegalCommand,
            0x1E => Refusal::Integrity,
            0x40 => Refusal::NoSuchKey,
            0x7E => Refusal::Length,
            0x9D => Refusal::PermissionDenied,
            0x9E => Refusal::Parameter,
            0xA0 => Refusal::NoApplication,
            0xA1 => Refusal::ApplicationDamaged,
            0xAD => Refusal::AuthenticationDelay,
            0xAE => Refusal::Authentication,
            0xBE => Refusal::Boundary,
            0xC1 => Refusal::CardDamaged,
            0xCA => Refusal::Aborted,
            0xCD => Refusal::CardDisabled,
            0xCE => Refusal::TooMany,
            0xDE => Refusal::Duplicate,
            0xEE => Refusal::Memory,
            0xF0 => Refusal::NoFile,
            0xF1 => Refusal::FileDamaged,
            other => Refusal::Unknown(other),
        })
    }
}

/// Why a command with a card brought nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DesfireError {
    /// The card refused.
    #[error("{command}: {refusal}")]
    Refused {
        /// What it was asked.
        command: Instruction,
        /// What it said.
        refusal: Refusal,
    },
    /// The answer is not what the command's answer looks like.
    #[error("{command}: {fault}")]
    Malformed {
        /// What the card was asked.
        command: Instruction,
        /// What is wrong with the answer.
        fault: Malformation,
    },
    /// The answer does not come from a card that has the key, or not from this session: it was changed on the way, played
    /// back, or the card was exchanged for another.
    #[error("{command}: the answer is not authentic")]
    NotAuthentic {
        /// What the card was asked.
        command: Instruction,
    },
    /// A session is good for 65,535 commands.
    #[error("the session has used up its command counter")]
    CounterExhausted,
    /// The command can't be sent in this kind of session; nothing was sent.
    #[error("{command} can't be sent in this session")]
    Unsendable {
        /// What was to be asked.
        command: Instruction,
    },
}

impl DesfireError {
    /// Whether this is what a card looks like that pretends to be another: a proof failed (it has not the key, copied a UID,
    /// plays a session back), or it knows nothing of what it had begun (it was exchanged). Meant for the reading of a card of
    /// which the keys are known; the door's answer to it is an alarm, not another try. A card that is silent, was torn from the
    /// field, or has not the application, has proved nothing and feigned nothing.
    pub fn is_clone_suspected(self) -> bool {
        match self {
            Self::NotAuthentic { .. } => true,
            // Nothing was begun yet.
            Self::Refused { command: Instruction::SelectApplication | Instruction::IsoSelect, .. } => false,
            // The first two say it in so many words. The others say: what is this about? An application that is ours has
            // the key, the key has the right, and who has begun an authentication or an answer knows how it goes on.
            Self::Refused { refusal, .. } => matches!(
                refusal,
                Refusal::Authentication
                    | Refusal::Integrity
                    | Refusal::NoSuchKey
                    | Refusal::PermissionDenied
                    | Refusal::IllegalCommand
            ),
            Self::Malformed { .. } | Self::CounterExhausted | Self::Unsendable { .. } => false,
        }
    }

    /// What the card refused with, if it did.
    pub fn refusal(self) -> Option<Refusal> {
        if let Self::Refused { refusal, .. } = self { Some(refusal) } else { None }
    }
}

/// What is wrong with an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Malformation {
    /// An answer ends in two bytes of status; this one has not as many. A card that leaves in the middle looks like so.
    #[error("the answer has {0} bytes and no status")]
    NoStatus(usize),
    /// It has not the length that it must have.
    #[error("the answer has {got} bytes instead of {expected}")]
    Length {
        /// Bytes that it must have.
        expected: usize,
        /// Bytes that it has.
        got: usize,
    },
    /// Deciphered, it has not the padding that it must have.
    #[error("the answer is not padded as it must be")]
    Padding,
    /// The card wants more of a command that was sent whole, or is done with one that was not.
    #[error("the card lost count of the parts")]
    Chaining,
    /// It goes on for longer than any answer.
    #[error("the answer does not end")]
    Endless,
    /// Its content makes no sense.
    #[error("the answer makes no sense")]
    Content,
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_status_is_told_apart() {
        let mut said = BTreeSet::new();
        for code in 0..=0xFF {
            match Status::parse([0x91, code]) {
                Status::Done => assert_eq!(code, 0),
                Status::More => assert_eq!(code, 0xAF),
                Status::Refused(refusal) => assert!(said.insert(refusal.to_string()), "{code:02X}"),
            }
        }
        assert_eq!(Status::parse([0x90, 0x00]), Status::Refused(Refusal::Iso(0x9000)));
        assert_eq!(Status::parse([0x67, 0x00]), Status::Refused(Refusal::Iso(0x6700)));
        assert_eq!(Status::parse([0x90, 0xAF]), Status::Refused(Refusal::Iso(0x90AF)));
    }

    #[test]
    fn an_error_names_command_and_cause() {
        let error = DesfireError::Refused { command: Instruction::CreateApplication, refusal: Refusal::OutOfMemory };
        assert_eq!(error.to_string(), "CreateApplication: the card has not enough memory left");
    }

    #[test]
    fn a_clone_is_suspected_where_a_proof_failed_or_what_was_begun_is_not_known() {
        let check = |error: DesfireError, expected| assert_eq!(error.is_clone_suspected(), expected, "{error}");
        let refused = |command, refusal| DesfireError::Refused { command, refusal };
        check(DesfireError::NotAuthentic { command: Instruction::ReadData }, true);
        check(refused(Instruction::AdditionalFrame, Refusal::Authentication), true);
        check(refused(Instruction::ReadData, Refusal::Integrity), true);
        // A card that took the place of another in the middle: it has nothing selected, nobody authenticated, nothing begun.
        check(refused(Instruction::GetKeyVersion, Refusal::NoSuchKey), true);
        check(refused(Instruction::ReadData, Refusal::PermissionDenied), true);
        check(refused(Instruction::AdditionalFrame, Refusal::IllegalCommand), true);
        for refusal in
            [Refusal::NoApplication, Refusal::Authentication, Refusal::PermissionDenied, Refusal::IllegalCommand]
        {
            check(refused(Instruction::SelectApplication, refusal), false);
        }
        for refusal in
            [Refusal::Memory, Refusal::NoFile, Refusal::Aborted, Refusal::AuthenticationDelay, Refusal::Iso(0x6D00)]
        {
            check(refused(Instruction::ReadData, refusal), false);
        }
        // Torn from the field; and what only who has the keys could have sent so.
        for fault in [Malformation::NoStatus(1), Malformation::Padding, Malformation::Length { expected: 20, got: 19 }]
        {
            check(DesfireError::Malformed { command: Instruction::ReadData, fault }, false);
        }
    }
}
