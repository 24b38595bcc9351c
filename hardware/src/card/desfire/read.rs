//! Reading a card at a door: whose is it, and the template on it. The door needs the card's reading key and no other.

use zeroize::Zeroizing;

use super::card::{Card, Nonces};
use super::channel::Messaging;
use super::data::{ApplicationId, CardTemplate, CredentialNumber};
use super::dialogue::Dialogue;
use super::key::{AesKey, KeyRole, KeyVersion};
use super::layout;
use super::status::{DesfireError, Instruction, Malformation, Refusal};

/// What a door knows of a card before it reads it. The reading keys were looked up by the card's UID.
pub struct ReadOrder {
    /// The site's application.
    pub application: ApplicationId,
    /// The card's reading key, in each version that it may still have.
    pub keys: Vec<(KeyVersion, AesKey)>,
    /// Whether a card may be read that knows the older secure messaging only.
    pub is_ev1_allowed: bool,
}

/// A card that proved to be genuine, and whose it is.
pub struct Identified {
    /// Whose it is.
    pub credential: CredentialNumber,
    /// The version of its reading key: an older one is to be renewed at the next station.
    pub key_version: KeyVersion,
    /// How it was spoken to.
    pub messaging: Messaging,
    card: Card,
}

/// Everything that a door reads of a card.
#[derive(Debug)]
pub struct CardRead {
    /// Whose it is.
    pub credential: CredentialNumber,
    /// The template, if there is one.
    pub template: Option<CardTemplate>,
    /// The version of its reading key.
    pub key_version: KeyVersion,
    /// How it was spoken to.
    pub messaging: Messaging,
}

/// Why a card could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// The card or the conversation.
    #[error(transparent)]
    Card(#[from] DesfireError),
    /// The card tells a version of its reading key that nobody gave.
    #[error("the card's reading key has version {0}, which is not known here")]
    UnknownKeyVersion(u8),
    /// It was never personalised to the end, or begun to be wiped.
    #[error("the card holds no credential: its personalisation was not finished")]
    NotPersonalised,
    /// The card knows the older secure messaging only, and the site does not want that.
    #[error("the card is too old: it knows the older secure messaging only")]
    Ev1NotAllowed,
    /// The template's length can't be.
    #[error("the card tells a template of {0} bytes")]
    TemplateLength(usize),
}

impl ReadError {
    /// Whether this is what a card looks like that pretends to be another.
    pub fn is_clone_suspected(self) -> bool {
        matches!(self, Self::Card(error) if error.is_clone_suspected())
    }

    /// Whether the card answered whole, and what no card says whose keys are known. Neither what one looks like that was torn from the
    /// field or is held badly, which proves nothing, nor the reader's own word, nor the pause that a card makes after others guessed at
    /// its keys, nor what changing keys or an unfinished card look like. A failing chip looks like so, too: it is a sign when it comes
    /// again and again, and never by itself.
    pub fn is_senseless(self) -> bool {
        match self {
            Self::Card(DesfireError::Refused { refusal, .. }) => {
                !refusal.is_of_reader() && refusal != Refusal::AuthenticationDelay
            }
            Self::Card(DesfireError::Malformed { fault, .. }) => !matches!(fault, Malformation::NoStatus(_)),
            _ => false,
        }
    }

    /// Whether no card answers so that was made one of the site's: besides what [`is_clone_suspected`](Self::is_clone_suspected)
    /// says, one that does not know the application, has its keys from the factory, or will not speak as it did when it was made.
    /// Only where the UID is known as such a card's, and the order's `is_ev1_allowed` says how that one speaks.
    pub fn refutes_known_card(self) -> bool {
        match self {
            Self::Card(DesfireError::Refused {
                command: Instruction::SelectApplication | Instruction::GetKeyVersion,
                refusal,
            }) => match refusal {
                Refusal::NoApplication
                | Refusal::NoSuchKey
                | Refusal::IllegalCommand
                | Refusal::PermissionDenied
                | Refusal::Parameter
                | Refusal::Length => true,
                Refusal::Iso(_) => !refusal.is_of_reader(),
                _ => false,
            },
            Self::Card(error) => error.is_clone_suspected(),
            Self::Ev1NotAllowed => true,
            // A version that is not known here may be a newer one.
            Self::UnknownKeyVersion(version) => version == 0,
            Self::NotPersonalised | Self::TemplateLength(_) => false,
        }
    }
}

/// Reads whose card it is; the template can be read on from there.
pub fn identify(order: ReadOrder, nonces: Nonces) -> Dialogue<'static, Result<Identified, ReadError>> {
    Dialogue::new(|wire| identify_at(Card::new(wire, nonces), order))
}

/// Reads everything in one go.
pub fn read(order: ReadOrder, nonces: Nonces) -> Dialogue<'static, Result<CardRead, ReadError>> {
    Dialogue::new(|wire| async move {
        let mut identified = identify_at(Card::new(wire, nonces), order).await?;
        let template = template(&mut identified.card).await?;
        let Identified { credential, key_version, messaging, .. } = identified;
        Ok(CardRead { credential, template, key_version, messaging })
    })
}

impl Identified {
    /// Reads the template, in the same session: from the same card.
    pub fn read_template(self) -> Dialogue<'static, Result<Option<CardTemplate>, ReadError>> {
        Dialogue::new(|wire| async move { template(&mut self.card.continue_at(wire)).await })
    }
}

impl std::fmt::Debug for Identified {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { credential, key_version, messaging, card: _ } = self;
        write!(f, "Identified {{ {credential:?}, version {key_version}, {messaging:?} }}")
    }
}

async fn identify_at(mut card: Card, order: ReadOrder) -> Result<Identified, ReadError> {
    let Proved { credential, key_version, messaging } = prove(&mut card, order).await?;
    Ok(Identified { credential: credential.ok_or(ReadError::NotPersonalised)?, key_version, messaging, card })
}

/// A card that proved to have the reading key.
pub(super) struct Proved {
    /// Whose it is; none if its personalisation was not finished.
    pub(super) credential: Option<CredentialNumber>,
    pub(super) key_version: KeyVersion,
    pub(super) messaging: Messaging,
}

pub(super) async fn prove(card: &mut Card, order: ReadOrder) -> Result<Proved, ReadError> {
    card.select(order.application).await?;
    let told = card.key_version(KeyRole::Reading.number()).await?;
    let known = order.keys.iter().find(|(version, _)| version.get() == told);
    let (key_version, key) = known.ok_or(ReadError::UnknownKeyVersion(told))?;
    let number = KeyRole::Reading.number();
    let messaging = match card.authenticate(Messaging::Ev2, number, key).await {
        Ok(()) => Messaging::Ev2,
        Err(error) if !is_unknown_command(error) => return Err(error.into()),
        Err(_) if !order.is_ev1_allowed => return Err(ReadError::Ev1NotAllowed),
        Err(_) => {
            card.authenticate(Messaging::Ev1Fallback, number, key).await?;
            Messaging::Ev1Fallback
        }
    };
    Ok(Proved { credential: credential(card).await?, key_version: *key_version, messaging })
}

/// What a card says that has never heard of the newer authentication: its own word, or ISO 7816-4's. A card that began it has.
fn is_unknown_command(error: DesfireError) -> bool {
    let DesfireError::Refused { command, refusal } = error else { return false };
    command == Instruction::AuthenticateEv2First && matches!(refusal, Refusal::IllegalCommand | Refusal::Iso(0x6D00))
}

/// The number in the credential file; none if nobody wrote it, or not to the end.
pub(super) async fn credential(card: &mut Card) -> Result<Option<CredentialNumber>, DesfireError> {
    let content = card.read(layout::CREDENTIAL_FILE, 0, layout::CREDENTIAL_FILE_BYTES, layout::MODE).await?;
    Ok(layout::parse_credential(&content))
}

/// The template behind its length; none if that is 0. A card with a credential has the file, and a refusal proves nothing:
/// whoever stands between could hide the template by it.
pub(super) async fn template(card: &mut Card) -> Result<Option<CardTemplate>, ReadError> {
    let head = card.read(layout::TEMPLATE_FILE, 0, layout::TEMPLATE_HEAD_BYTES, layout::MODE).await?;
    let (length, begun) = head.split_at(layout::LENGTH_BYTES);
    let length = usize::from(length[0]) | usize::from(length[1]) << 8;
    if length == 0 {
        return Ok(None);
    }
    if length > CardTemplate::BYTES_MAX {
        return Err(ReadError::TemplateLength(length));
    }
    let mut content = Zeroizing::new(Vec::with_capacity(length));
    content.extend_from_slice(&begun[..begun.len().min(length)]);
    if let Some(missing) = length.checked_sub(content.len()).filter(|missing| *missing > 0) {
        content.extend_from_slice(&card.read(layout::TEMPLATE_FILE, head.len(), missing, layout::MODE).await?);
    }
    Ok(CardTemplate::new(std::mem::take(&mut *content)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_known_as_one_of_ours_must_answer_as_one() {
        let check = |error: ReadError, expected| assert_eq!(error.refutes_known_card(), expected, "{error}");
        let refused = |command, refusal| ReadError::Card(DesfireError::Refused { command, refusal });
        let (select, version) = (Instruction::SelectApplication, Instruction::GetKeyVersion);
        // A card that has the UID alone, one from the factory, one that was begun, one that was talked down.
        check(refused(select, Refusal::Iso(0x6E00)), true);
        check(refused(select, Refusal::Iso(0x6D00)), true);
        check(refused(select, Refusal::NoApplication), true);
        check(refused(version, Refusal::NoSuchKey), true);
        check(ReadError::UnknownKeyVersion(0), true);
        check(ReadError::Ev1NotAllowed, true);
        check(ReadError::Card(DesfireError::NotAuthentic { command: Instruction::ReadData }), true);
        check(refused(Instruction::AdditionalFrame, Refusal::Authentication), true);
        // The reader's own word, the card's trouble, and what a rotation looks like to an agent that has not heard of it.
        check(refused(select, Refusal::Iso(0x6300)), false);
        check(refused(select, Refusal::Iso(0x6F00)), false);
        check(refused(select, Refusal::Aborted), false);
        check(refused(select, Refusal::Memory), false);
        check(refused(version, Refusal::CardDamaged), false);
        check(ReadError::UnknownKeyVersion(9), false);
        check(ReadError::NotPersonalised, false);
        check(ReadError::TemplateLength(60_000), false);
    }

    #[test]
    fn what_makes_no_sense_is_told_from_what_was_torn() {
        let check = |error: ReadError, expected| assert_eq!(error.is_senseless(), expected, "{error}");
        let command = Instruction::SelectApplication;
        let refused = |refusal| ReadError::Card(DesfireError::Refused { command, refusal });
        let malformed = |fault| ReadError::Card(DesfireError::Malformed { command, fault });
        check(refused(Refusal::Memory), true);
        check(refused(Refusal::Unknown(0x42)), true);
        check(refused(Refusal::Iso(0x9000)), true);
        check(malformed(Malformation::Length { expected: 16, got: 3 }), true);
        check(malformed(Malformation::Padding), true);
        // Torn from the field, the reader's word, a pause after guesses, a rotation, a card that was not finished.
        check(malformed(Malformation::NoStatus(1)), false);
        check(refused(Refusal::Iso(0x6300)), false);
        check(refused(Refusal::Iso(0x6F00)), false);
        check(refused(Refusal::AuthenticationDelay), false);
        check(ReadError::UnknownKeyVersion(9), false);
        check(ReadError::NotPersonalised, false);
    }
}
