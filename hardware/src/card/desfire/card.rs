//! One card in a conversation: its commands, each as one function. What is asked in which order is the callers' business.
//!
//! Any failure ends the authentication, on this side at once: a card does so itself, and a session in which something was
//! wrong is never gone on with.

use zeroize::Zeroizing;

use super::channel::{Channel, Messaging, Mode, NewKey};
use super::data::{ApplicationId, CommunicationMode, FileSettings, KeySettings, Version, little_endian_3};
use super::dialogue::{Dialogue, Wire};
use super::frame::{exactly, exchange, exchange_part, malformed, proof};
use super::key::{AesKey, DesKey};
use super::status::{DesfireError, Instruction, Malformation, Refusal, Status};
use super::{d40, ev1, ev2};

/// Kind of key in the upper bits of its number where the card's own is changed, and of an application's keys where it is
/// created: AES.
const KIND_AES: u8 = 0x80;
/// Most content that one ReadData asks for and one WriteData brings: the largest that fits one APDU enciphered, either way.
const CONTENT_BYTES_MAX: usize = 239;

/// Where random numbers come from: a cryptographically secure generator outside.
pub type Nonces = Box<dyn FnMut() -> [u8; 16] + Send>;

/// Speaks with a card in steps of one's own, where the four operations do not say what is wanted. The steps may wait for
/// nothing but the card.
pub fn converse<'a, T, F>(nonces: Nonces, steps: impl FnOnce(Card) -> F) -> Dialogue<'a, T>
where
    F: Future<Output = T> + Send + 'a,
{
    Dialogue::new(|wire| steps(Card::new(wire, nonces)))
}

/// A card in a conversation.
pub struct Card {
    wire: Wire,
    channel: Channel,
    nonces: Nonces,
}

/// Which keys an application has, or the card itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyTable {
    /// What may be done without a key.
    pub settings: KeySettings,
    /// Number of keys, with their kind in the upper bits.
    pub keys: u8,
}

impl Card {
    pub(super) fn new(wire: Wire, nonces: Nonces) -> Self {
        Self { wire, channel: Channel::Open, nonces }
    }

    /// The same card at another conversation's wire.
    pub(super) fn continue_at(self, wire: Wire) -> Self {
        Self { wire, ..self }
    }

    /// Sends a command and takes its answer of `answer_bytes`, or of any length.
    async fn ask(
        &mut self,
        command: Instruction,
        header: &[u8],
        data: &[u8],
        mode: Mode,
        answer_bytes: impl Into<Option<usize>>,
    ) -> Result<Zeroizing<Vec<u8>>, DesfireError> {
        // What is left behind while the card is asked, and after an error.
        let mut channel = std::mem::replace(&mut self.channel, Channel::Open);
        let sent = channel.protect(command, header, data, mode)?;
        let answer = exchange(&self.wire, command, &sent).await?;
        let answer = channel.open(command, &answer, mode, answer_bytes.into())?;
        self.channel = channel;
        Ok(answer)
    }

    /// Asks what the card is. Before anybody is authenticated.
    pub async fn version(&mut self) -> Result<Version, DesfireError> {
        Version::parse(&self.ask(Instruction::GetVersion, &[], &[], Mode::Mac, 28).await?)
    }

    /// Goes to an application, or to the card itself. Ends an authentication.
    pub async fn select(&mut self, application: ApplicationId) -> Result<(), DesfireError> {
        let (command, id) = (Instruction::SelectApplication, application.to_bytes());
        self.channel = Channel::Open;
        match self.ask(command, &id, &[], Mode::Plain, 0).await {
            // Somebody broke off in the middle of a command's parts. The card says so once, and is ready.
            Err(DesfireError::Refused { refusal: Refusal::Aborted, .. }) => {
                self.ask(command, &id, &[], Mode::Plain, 0).await?;
            }
            selected => drop(selected?),
        }
        Ok(())
    }

    /// Goes to an application by its ISO name (ISO 7816-4: `00 A4 04 00`), 1 to 16 bytes. Ends an authentication.
    pub async fn select_by_name(&mut self, name: &[u8]) -> Result<(), DesfireError> {
        let command = Instruction::IsoSelect;
        self.channel = Channel::Open;
        let length = u8::try_from(name.len()).ok().filter(|length| (1..=16).contains(length));
        let length = length.ok_or(DesfireError::Unsendable { command })?;
        let apdu = [&[0x00, command.code(), 0x04, 0x00, length], name, &[0x00]].concat();
        let answer = self.wire.transmit(apdu).await;
        match answer.split_last_chunk::<2>() {
            Some((_, [0x90, 0x00])) => Ok(()),
            Some((_, status)) => {
                let refusal = match Status::parse(*status) {
                    Status::Refused(Refusal::Iso(0x6A82)) => Refusal::NoApplication,
                    Status::Refused(refusal) => refusal,
                    Status::Done | Status::More => Refusal::Iso(u16::from_be_bytes(*status)),
                };
                Err(DesfireError::Refused { command, refusal })
            }
            None => Err(malformed(command, Malformation::NoStatus(answer.len()))),
        }
    }

    /// Authenticates by an AES key of the selected application.
    pub async fn authenticate(&mut self, messaging: Messaging, number: u8, key: &AesKey) -> Result<(), DesfireError> {
        self.channel = match messaging {
            Messaging::Ev2 => {
                let (handshake, proof) =
                    self.greet_ev2(Instruction::AuthenticateEv2First, &[number, 0x00], key).await?;
                Channel::Ev2(handshake.finish_first(&proof)?)
            }
            Messaging::Ev1Fallback => {
                let command = Instruction::AuthenticateEv1;
                let challenge = self.challenge(command, &[number]).await?;
                let (handshake, token) = ev1::Handshake::answer(key, challenge, (self.nonces)());
                Channel::Ev1(handshake.finish(&self.prove(command, &token).await?)?)
            }
        };
        Ok(())
    }

    /// Authenticates by another key within what the first authentication began; with EV1 that is the same as anew.
    pub async fn authenticate_again(&mut self, number: u8, key: &AesKey) -> Result<(), DesfireError> {
        let Channel::Ev2(before) = std::mem::replace(&mut self.channel, Channel::Open) else {
            return self.authenticate(Messaging::Ev1Fallback, number, key).await;
        };
        let (handshake, proof) = self.greet_ev2(Instruction::AuthenticateEv2NonFirst, &[number], key).await?;
        self.channel = Channel::Ev2(handshake.finish_non_first(&before, &proof)?);
        Ok(())
    }

    /// Authenticates by a DES key of the card, as it has one from the factory.
    pub async fn authenticate_d40(&mut self, number: u8, key: &DesKey) -> Result<(), DesfireError> {
        let command = Instruction::AuthenticateD40;
        let challenge = self.challenge(command, &[number]).await?;
        let mut rnd_a = [0; 8];
        rnd_a.copy_from_slice(&(self.nonces)()[..8]);
        let (handshake, token) = d40::Handshake::answer(key, challenge, rnd_a);
        self.channel = Channel::D40(handshake.finish(&self.prove(command, &token).await?)?);
        Ok(())
    }

    async fn greet_ev2(
        &mut self,
        command: Instruction,
        data: &[u8],
        key: &AesKey,
    ) -> Result<(ev2::Handshake, Vec<u8>), DesfireError> {
        let challenge = self.challenge(command, data).await?;
        let (handshake, token) = ev2::Handshake::answer(key, challenge, (self.nonces)());
        Ok((handshake, self.prove(command, &token).await?))
    }

    /// Begins an authentication: the card's enciphered random number.
    async fn challenge<const N: usize>(&mut self, command: Instruction, data: &[u8]) -> Result<[u8; N], DesfireError> {
        self.channel = Channel::Open;
        let (challenge, is_more) = exchange_part(&self.wire, command, command, data).await?;
        if is_more.0 { proof(command, &challenge) } else { Err(malformed(command, Malformation::Chaining)) }
    }

    /// Ends it: the card's proof. A refusal is told as one of this part: who has begun knows the command.
    async fn prove(&mut self, command: Instruction, token: &[u8]) -> Result<Vec<u8>, DesfireError> {
        let part = Instruction::AdditionalFrame;
        let (proof, is_more) = exchange_part(&self.wire, part, part, token).await?;
        if is_more.0 { Err(malformed(command, Malformation::Chaining)) } else { Ok(proof) }
    }

    /// Numbers of all applications. Needs the card's key where it is guarded.
    pub async fn application_ids(&mut self) -> Result<Vec<ApplicationId>, DesfireError> {
        let command = Instruction::GetApplicationIds;
        let answer = self.ask(command, &[], &[], Mode::Mac, None).await?;
        let (ids, rest) = answer.as_chunks::<3>();
        if !rest.is_empty() {
            return Err(malformed(command, Malformation::Content));
        }
        let ids = ids.iter().map(|id| ApplicationId::new(*id).ok_or(malformed(command, Malformation::Content)));
        ids.collect()
    }

    /// Bytes that are free.
    pub async fn free_bytes(&mut self) -> Result<u32, DesfireError> {
        let answer = self.ask(Instruction::GetFreeMemory, &[], &[], Mode::Mac, 3).await?;
        let [a, b, c] = exactly(Instruction::GetFreeMemory, &answer)?;
        Ok(u32::from_le_bytes([a, b, c, 0]))
    }

    /// Version of a key, which anybody may ask; 0 before it was ever changed.
    pub async fn key_version(&mut self, number: u8) -> Result<u8, DesfireError> {
        let answer = self.ask(Instruction::GetKeyVersion, &[number], &[], Mode::Mac, 1).await?;
        let [version] = exactly(Instruction::GetKeyVersion, &answer)?;
        Ok(version)
    }

    /// What may be done without a key, and which keys there are.
    pub async fn key_table(&mut self) -> Result<KeyTable, DesfireError> {
        let answer = self.ask(Instruction::GetKeySettings, &[], &[], Mode::Mac, 2).await?;
        let [settings, keys] = exactly(Instruction::GetKeySettings, &answer)?;
        Ok(KeyTable { settings: KeySettings(settings), keys })
    }

    /// Sets what may be done without a key.
    pub async fn change_key_settings(&mut self, settings: KeySettings) -> Result<(), DesfireError> {
        self.ask(Instruction::ChangeKeySettings, &[], &[settings.0], Mode::Full, 0).await?;
        Ok(())
    }

    /// Changes an application's key other than the one that authenticated.
    pub async fn change_other_key(
        &mut self,
        number: u8,
        replaced: &AesKey,
        key: &AesKey,
        version: u8,
    ) -> Result<(), DesfireError> {
        let command = Instruction::ChangeKey;
        let mut channel = std::mem::replace(&mut self.channel, Channel::Open);
        let new = NewKey { number, key, version: Some(version), replaced: Some(replaced) };
        let sent = channel.protect_new_key(&new)?;
        let answer = exchange(&self.wire, command, &sent).await?;
        channel.open(command, &answer, Mode::Full, Some(0))?;
        self.channel = channel;
        Ok(())
    }

    /// Changes the application's key that authenticated, which ends the authentication.
    pub async fn change_own_key(&mut self, number: u8, key: &AesKey, version: u8) -> Result<(), DesfireError> {
        self.send_own_key(&NewKey { number, key, version: Some(version), replaced: None }).await
    }

    /// Changes the card's own key, by which it was authenticated, to an AES key. Ends the authentication.
    pub async fn change_card_key(&mut self, key: &AesKey, version: u8) -> Result<(), DesfireError> {
        self.change_own_key(KIND_AES, key, version).await
    }

    /// Gives the card's own key back to the factory's DES key. Ends the authentication. Not verified on a real card.
    pub async fn reset_card_key(&mut self) -> Result<(), DesfireError> {
        self.send_own_key(&NewKey { number: 0, key: &AesKey::FACTORY, version: None, replaced: None }).await
    }

    async fn send_own_key(&mut self, new: &NewKey<'_>) -> Result<(), DesfireError> {
        let command = Instruction::ChangeKey;
        let mut channel = std::mem::replace(&mut self.channel, Channel::Open);
        let sent = channel.protect_new_key(new)?;
        let answer = exchange(&self.wire, command, &sent).await?;
        // The session's key has changed under it: no MAC (hardware facts, DESFire: not verified). One that comes must be
        // right. Either way callers prove the new key by authenticating with it.
        if !answer.is_empty() {
            channel.open(command, &answer, Mode::Full, Some(0))?;
        }
        Ok(())
    }

    /// Creates an application with `keys` AES keys, all of them the factory's.
    pub async fn create_application(
        &mut self,
        application: ApplicationId,
        settings: KeySettings,
        keys: u8,
    ) -> Result<(), DesfireError> {
        let [a, b, c] = application.to_bytes();
        let header = [a, b, c, settings.0, KIND_AES | keys];
        self.ask(Instruction::CreateApplication, &header, &[], Mode::Mac, 0).await?;
        Ok(())
    }

    /// Deletes an application with all that is in it, at one stroke.
    pub async fn delete_application(&mut self, application: ApplicationId) -> Result<(), DesfireError> {
        self.ask(Instruction::DeleteApplication, &application.to_bytes(), &[], Mode::Mac, 0).await?;
        Ok(())
    }

    /// Deletes all applications and gives their memory back. The card's key stays.
    pub async fn format(&mut self) -> Result<(), DesfireError> {
        self.ask(Instruction::FormatPicc, &[], &[], Mode::Mac, 0).await?;
        Ok(())
    }

    /// Creates a standard data file, all zeros.
    pub async fn create_file(&mut self, file: u8, settings: FileSettings) -> Result<(), DesfireError> {
        let header = [&[file], &settings.to_bytes()[..]].concat();
        self.ask(Instruction::CreateStdDataFile, &header, &[], Mode::Mac, 0).await?;
        Ok(())
    }

    /// What a standard data file is like.
    pub async fn file_settings(&mut self, file: u8) -> Result<FileSettings, DesfireError> {
        FileSettings::parse(&self.ask(Instruction::GetFileSettings, &[file], &[], Mode::Mac, 7).await?)
    }

    /// Sets how a file travels and who may do what with it; its size stays.
    pub async fn change_file_settings(&mut self, file: u8, settings: FileSettings) -> Result<(), DesfireError> {
        self.ask(Instruction::ChangeFileSettings, &[file], &settings.change_bytes(), Mode::Full, 0).await?;
        Ok(())
    }

    /// Reads `length` bytes of a file, in as many commands as it takes.
    pub async fn read(
        &mut self,
        file: u8,
        offset: usize,
        length: usize,
        mode: CommunicationMode,
    ) -> Result<Zeroizing<Vec<u8>>, DesfireError> {
        let command = self.file_command(Instruction::ReadData, Instruction::ReadDataEv1);
        // With room for all of it: a buffer that grows leaves copies behind.
        let mut content = Zeroizing::new(Vec::with_capacity(length));
        while content.len() < length {
            let wanted = (length - content.len()).min(CONTENT_BYTES_MAX);
            let header = file_header(command, file, offset + content.len(), wanted)?;
            content.extend_from_slice(&self.ask(command, &header, &[], mode.into(), wanted).await?);
        }
        Ok(content)
    }

    /// Writes into a file, in as many commands as it takes.
    pub async fn write(
        &mut self,
        file: u8,
        offset: usize,
        content: &[u8],
        mode: CommunicationMode,
    ) -> Result<(), DesfireError> {
        let command = self.file_command(Instruction::WriteData, Instruction::WriteDataEv1);
        let mut offset = offset;
        for part in content.chunks(CONTENT_BYTES_MAX) {
            let header = file_header(command, file, offset, part.len())?;
            self.ask(command, &header, part, mode.into(), 0).await?;
            offset += part.len();
        }
        Ok(())
    }

    /// Newer cards have commands of their own for files, whose frames the reader chains.
    fn file_command(&self, newer: Instruction, older: Instruction) -> Instruction {
        if matches!(self.channel, Channel::Ev2(_)) { newer } else { older }
    }
}

impl std::fmt::Debug for Card {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Card")
    }
}

impl From<CommunicationMode> for Mode {
    fn from(mode: CommunicationMode) -> Self {
        match mode {
            CommunicationMode::Plain => Self::Plain,
            CommunicationMode::Mac => Self::Mac,
            CommunicationMode::Full => Self::Full,
        }
    }
}

/// File number, offset and length, the latter two in three bytes, least first.
fn file_header(command: Instruction, file: u8, offset: usize, length: usize) -> Result<[u8; 7], DesfireError> {
    let three = |value: usize| match u32::try_from(value) {
        Ok(value) if value < 1 << 24 => Ok(little_endian_3(value)),
        _ => Err(DesfireError::Unsendable { command }),
    };
    let ([a, b, c], [d, e, f]) = (three(offset)?, three(length)?);
    Ok([file, a, b, c, d, e, f])
}

#[cfg(test)]
mod tests {
    use super::super::data::AccessRights;
    use super::super::testing::hex;
    use super::*;

    /// Holds a conversation in which `asked` is answered by `answer`, once.
    fn check<T, F>(steps: impl FnOnce(Card) -> F, asked: &str, answer: &str, expected: Result<T, DesfireError>)
    where
        T: std::fmt::Debug + PartialEq,
        F: Future<Output = Result<T, DesfireError>> + Send,
    {
        let mut count = 0;
        let outcome = converse(Box::new(|| [0; 16]), steps).hold(|apdu| {
            count += 1;
            assert_eq!(apdu, hex(asked));
            Ok::<_, ()>(hex(answer))
        });
        assert_eq!((outcome, count), (Ok(expected), usize::from(!asked.is_empty())));
    }

    #[test]
    fn an_application_is_selected_by_its_name() {
        let command = Instruction::IsoSelect;
        let select = |mut card: Card| async move { card.select_by_name(b"pforte").await };
        let asked = "00A40400 06 70666F727465 00";
        check(select, asked, "9000", Ok(()));
        check(select, asked, "6F0A9000", Ok(()));
        check(select, asked, "6A82", Err(DesfireError::Refused { command, refusal: Refusal::NoApplication }));
        check(select, asked, "9100", Err(DesfireError::Refused { command, refusal: Refusal::Iso(0x9100) }));
        check(select, asked, "90", Err(malformed(command, Malformation::NoStatus(1))));
        let unsendable = Err(DesfireError::Unsendable { command });
        check(|mut card| async move { card.select_by_name(&[7; 17]).await }, "", "", unsendable);
    }

    #[test]
    fn an_application_is_selected_by_its_number() {
        let application = ApplicationId::new([0x7E, 0x0F, 0xF4]).unwrap();
        let select = |mut card: Card| async move { card.select(application).await };
        check(select, "905A0000037E0FF400", "9100", Ok(()));
        let command = Instruction::SelectApplication;
        check(
            select,
            "905A0000037E0FF400",
            "91A0",
            Err(DesfireError::Refused { command, refusal: Refusal::NoApplication }),
        );
        let length = Malformation::Length { expected: 0, got: 1 };
        check(select, "905A0000037E0FF400", "009100", Err(malformed(command, length)));
    }

    #[test]
    fn a_card_that_says_that_it_was_left_in_the_middle_is_asked_once_more() {
        let select = |answers: &[&str]| {
            let mut answers = answers.iter();
            let dialogue =
                converse(Box::new(|| [0; 16]), |mut card| async move { card.select(ApplicationId::CARD).await });
            let outcome = dialogue.hold(|_| answers.next().map(|answer| hex(answer)).ok_or("asked too often"));
            (outcome, answers.len())
        };
        let (command, refusal) = (Instruction::SelectApplication, Refusal::Aborted);
        assert_eq!(select(&["91CA", "9100"]), (Ok(Ok(())), 0));
        assert_eq!(select(&["91CA", "91CA"]), (Ok(Err(DesfireError::Refused { command, refusal })), 0));
    }

    #[test]
    fn a_challenge_of_another_length_proves_nothing() {
        let ask = |mut card: Card| async move { card.authenticate(Messaging::Ev2, 1, &AesKey::FACTORY).await };
        let command = Instruction::AuthenticateEv2First;
        check(ask, "907100000201 00 00", "000102030405060791AF", Err(DesfireError::NotAuthentic { command }));
    }

    #[test]
    fn applications_are_listed_over_any_number_of_parts() {
        let list = |mut card: Card| async move { card.application_ids().await };
        let id = |bytes| ApplicationId::new(bytes).unwrap();
        check(list, "906A000000", "9100", Ok(vec![]));
        check(list, "906A000000", "16DE0016AE009100", Ok(vec![id([0x16, 0xDE, 0]), id([0x16, 0xAE, 0])]));
        let command = Instruction::GetApplicationIds;
        check(list, "906A000000", "16DE0016AE9100", Err(malformed(command, Malformation::Content)));
        check(list, "906A000000", "0000009100", Err(malformed(command, Malformation::Content)));
    }

    #[test]
    fn nothing_secret_is_sent_before_an_authentication() {
        let rights = AccessRights { read: 1, write: 0, read_write: 0, change: 0 };
        let settings = FileSettings { mode: CommunicationMode::Full, rights, size_bytes: 32 };
        let unsendable = |command| Err(DesfireError::Unsendable { command });
        check(
            |mut card: Card| async move { card.change_file_settings(1, settings).await },
            "",
            "",
            unsendable(Instruction::ChangeFileSettings),
        );
        check(
            |mut card: Card| async move { card.change_own_key(0, &AesKey::FACTORY, 1).await },
            "",
            "",
            unsendable(Instruction::ChangeKey),
        );
        check(
            |mut card: Card| async move { card.write(1, 0, &[7; 16], CommunicationMode::Full).await },
            "",
            "",
            unsendable(Instruction::WriteDataEv1),
        );
    }

    #[test]
    fn a_short_read_is_refused() {
        let read = |mut card: Card| async move {
            card.read(5, 0, 4, CommunicationMode::Plain).await.map(|read| read.to_vec())
        };
        check(read, "90BD000007 05 000000 040000 00", "010203049100", Ok(vec![1, 2, 3, 4]));
        let length = Malformation::Length { expected: 4, got: 3 };
        check(read, "90BD000007 05 000000 040000 00", "0102039100", Err(malformed(Instruction::ReadDataEv1, length)));
    }
}
