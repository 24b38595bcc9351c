//! How a site's application lies on a card: keys, files, rights. The same for every site but for its numbers.
//!
//! Two keys: 0 writes and changes, at enrolment stations; 1 reads, at doors. File 1 holds the credential's number and is
//! written last, with a checksum behind it: while it is all zeros, or was written in part in a power cut, the card is
//! nobody's. File 2 holds the template behind its length.

use zeroize::Zeroizing;

use super::cipher;
use super::data::{AccessRights, ApplicationId, CardUid, CommunicationMode, CredentialNumber, FileSettings};
use super::key::{AesKey, CardKeys, DiversificationInput, KeyRole, KeyUnavailable, KeyVersion, SystemId};

/// Number of keys.
pub(super) const KEYS: u8 = 2;
/// File of the credential's number.
pub(super) const CREDENTIAL_FILE: u8 = 1;
/// Bytes in it: the number and its checksum.
pub(super) const CREDENTIAL_FILE_BYTES: usize = 20;
/// File of the template.
pub(super) const TEMPLATE_FILE: u8 = 2;
/// Length of the template, two bytes, least first; 0 is none.
pub(super) const LENGTH_BYTES: usize = 2;
/// The template file has at least so many bytes, so that a door can ask for its head without knowing its size: one
/// frame's worth.
pub(super) const TEMPLATE_HEAD_BYTES: usize = 47;
/// All of it travels enciphered.
pub(super) const MODE: CommunicationMode = CommunicationMode::Full;

/// A site's application: where it lies, and what its keys are diversified over beside the UID.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Application {
    /// Its number on the card.
    pub id: ApplicationId,
    /// The installation's identifier.
    pub system: SystemId,
}

/// Content of the credential file.
pub(super) fn credential_bytes(credential: &CredentialNumber) -> Zeroizing<[u8; CREDENTIAL_FILE_BYTES]> {
    let mut content = Zeroizing::new([0; CREDENTIAL_FILE_BYTES]);
    let (number, checksum) = content.split_at_mut(credential.as_bytes().len());
    number.copy_from_slice(credential.as_bytes());
    checksum.copy_from_slice(&cipher::crc32(&[credential.as_bytes()]));
    content
}

/// The number in a credential file; none if nobody wrote it, or not to the end.
pub(super) fn parse_credential(content: &[u8]) -> Option<CredentialNumber> {
    let credential = CredentialNumber::new(*content.first_chunk()?)?;
    (content == &credential_bytes(&credential)[..]).then_some(credential)
}

/// What a file must be like.
pub(super) fn file(size_bytes: usize) -> FileSettings {
    let (reading, application) = (KeyRole::Reading.number(), KeyRole::Application.number());
    let rights = AccessRights { read: reading, write: application, read_write: application, change: application };
    // A file's size comes from a template's, which is far below.
    FileSettings { mode: MODE, rights, size_bytes: u32::try_from(size_bytes).unwrap_or(u32::MAX) }
}

/// One card's keys: the site's, for its UID.
pub(super) struct KeysOfCard<'a> {
    pub(super) uid: CardUid,
    pub(super) application: Application,
    pub(super) keys: Box<dyn CardKeys + 'a>,
}

impl KeysOfCard<'_> {
    /// The key of `role` in `version`.
    pub(super) fn key(&mut self, role: KeyRole, version: KeyVersion) -> Result<AesKey, KeyUnavailable> {
        let input = DiversificationInput::new(&self.uid, self.application.id, &self.application.system, role);
        self.keys.key(role, version, &input)
    }

    /// The key that a card must have which tells `version` of it: the factory's where that is 0.
    pub(super) fn key_told(&mut self, role: KeyRole, version: u8) -> Result<AesKey, KeyUnavailable> {
        KeyVersion::new(version).map_or(Ok(AesKey::FACTORY), |version| self.key(role, version))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_written_in_part_is_none() {
        let credential = CredentialNumber::new([0xA7; 16]).unwrap();
        let whole = credential_bytes(&credential);
        for written in 0..whole.len() {
            let mut torn = [0; CREDENTIAL_FILE_BYTES];
            torn[..written].copy_from_slice(&whole[..written]);
            assert_eq!(parse_credential(&torn), None, "{written}");
        }
        assert_eq!(parse_credential(&whole[..]), Some(credential));
    }
}
