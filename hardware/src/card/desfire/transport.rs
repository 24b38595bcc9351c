//! Holds conversations with a card at a reader behind PC/SC. Bench tools use it; its calls block, some of them for good when
//! a card falls silent, so a daemon makes them on a thread that it can leave to its fate.

use std::ffi::CString;

use pcsc::{Card, Context, Disposition, Error, MAX_BUFFER_SIZE, Protocols, Scope, ShareMode};
use zeroize::Zeroize as _;

use super::super::{Uid, apdu};
use super::dialogue::Dialogue;
use crate::FaultKind;

/// A card that lies on a reader, held for itself alone until this is dropped.
pub struct Connection(Option<Card>);

/// Why a card could not be spoken to.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TransportError {
    /// There is no card, or it left in the middle.
    #[error("there is no card on the reader, or it left")]
    Gone,
    /// The reader or PC/SC.
    #[error("the reader can't be used: {0}")]
    Reader(String),
    /// The card tells no UID.
    #[error("the card tells no UID: {0}")]
    Uid(#[from] apdu::ApduError),
}

impl TransportError {
    /// Which kind of fault it is.
    pub fn kind(&self) -> FaultKind {
        match self {
            Self::Gone | Self::Reader(_) => FaultKind::Disconnected,
            Self::Uid(_) => FaultKind::Protocol,
        }
    }
}

impl From<Error> for TransportError {
    fn from(error: Error) -> Self {
        match error {
            Error::NoSmartcard | Error::RemovedCard | Error::NotTransacted => Self::Gone,
            error => Self::Reader(error.to_string()),
        }
    }
}

impl Connection {
    /// Connects to the card on the reader of that full PC/SC name.
    pub fn open(reader: &str) -> Result<Self, TransportError> {
        let name = CString::new(reader).map_err(|_zero| TransportError::Reader("no reader has such a name".into()))?;
        let context = Context::establish(Scope::System)?;
        Ok(Self(Some(context.connect(&name, ShareMode::Exclusive, Protocols::ANY)?)))
    }

    /// The UID that the reader saw.
    pub fn uid(&mut self) -> Result<Uid, TransportError> {
        let mut answer = self.exchange(&apdu::GET_UID)?;
        let uid = apdu::parse_uid(&answer);
        answer.zeroize();
        Ok(uid?)
    }

    /// Holds a conversation to its end.
    pub fn hold<T>(&mut self, dialogue: Dialogue<'_, T>) -> Result<T, TransportError> {
        dialogue.hold(|apdu| self.exchange(apdu))
    }

    /// What comes back may be anything, nothing at all too: conversations refuse that themselves.
    fn exchange(&mut self, apdu: &[u8]) -> Result<Vec<u8>, TransportError> {
        let card = self.0.as_ref().ok_or(TransportError::Gone)?;
        let mut buffer = [0; MAX_BUFFER_SIZE];
        let answer = card.transmit(apdu, &mut buffer).map(<[u8]>::to_vec);
        buffer.zeroize();
        Ok(answer?)
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        if let Some(card) = self.0.take() {
            // Out of power, so that nobody goes on with an authenticated card.
            let _ = card.disconnect(Disposition::ResetCard);
        }
    }
}

impl std::fmt::Debug for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Connection")
    }
}
