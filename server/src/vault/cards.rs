//! What a card has that nobody must read: its UID, the number in its protected file, and fingers on their way to it. Sealed under
//! the holder's vault key; fingers under the holder's template key, as doors open them.

use access_core::canonical;
use access_core::ids::{CredentialId, FingerId, PersonId};
use access_core::policy::CardToken;
use access_core::protocol::{CREDENTIAL_NUMBER_BYTES, CardFinger, TemplateContent, card_finger_binding};
use anyhow::Context as _;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::store::{self, CardBegunRow};
use super::{KeyPurpose, key_purpose, person_key};
use crate::db::TenantTx;
use crate::keys::{Binding, Key, Keys};

/// The number in a card's protected file. Wiped when dropped.
pub type CardNumber = Zeroizing<[u8; CREDENTIAL_NUMBER_BYTES]>;

const UID: &str = "card uid";
const NUMBER: &str = "card number";

fn number(bytes: &[u8]) -> anyhow::Result<CardNumber> {
    let mut number = Zeroizing::new([0; CREDENTIAL_NUMBER_BYTES]);
    let whole: &[u8; CREDENTIAL_NUMBER_BYTES] = bytes.try_into().context("a card's number")?;
    number.copy_from_slice(whole);
    Ok(number)
}

/// A number for a new card: 128 random bits.
pub fn new_card_number() -> anyhow::Result<CardNumber> {
    let mut number = Zeroizing::new([0; CREDENTIAL_NUMBER_BYTES]);
    getrandom::fill(&mut *number).map_err(|error| anyhow::anyhow!("no randomness: {error}"))?;
    Ok(number)
}

/// Keeps the UID of a card, and its number if it has one.
pub async fn put_card(
    keys: &Keys,
    tx: &mut TenantTx,
    person: PersonId,
    credential: CredentialId,
    uid: &[u8],
    number: Option<&CardNumber>,
) -> anyhow::Result<()> {
    let tenant = tx.tenant();
    let key = person_key(keys, tx, person, KeyPurpose::Vault).await?;
    let binding = |purpose| Binding { tenant, purpose, row: credential.as_uuid() };
    let sealed = key.seal(&binding(UID), uid)?;
    let number = number.map(|number| key.seal(&binding(NUMBER), &**number)).transpose()?;
    Ok(store::put_card_uid(tx, tenant, credential, person, (&sealed, number.as_deref())).await?)
}

/// The number of a card; none if it has none, or if its holder was erased.
pub async fn card_number(keys: &Keys, tx: &mut TenantTx, credential: Uuid) -> anyhow::Result<Option<CardNumber>> {
    let tenant = tx.tenant();
    let Some(row) = store::card_numbers(tx, tenant, credential).await? else { return Ok(None) };
    let key = keys.unwrap(tenant, row.person_id.into(), key_purpose(KeyPurpose::Vault), &row.wrapped)?;
    number(&key.open(&Binding { tenant, purpose: NUMBER, row: credential }, &row.sealed)?).map(Some)
}

/// A card's UID in clear, on its way to the keys that follow from it. Never to be logged or answered.
pub struct OpenUid {
    /// Of which credential.
    pub credential: Uuid,
    /// The bytes.
    pub uid: Zeroizing<Vec<u8>>,
}

/// What is sealed of the UIDs of these credentials; those whose holder was erased are left out.
pub async fn sealed_uids(tx: &mut TenantTx, credentials: &[Uuid]) -> anyhow::Result<Vec<store::SealedCardUid>> {
    let tenant = tx.tenant();
    Ok(store::card_uids(tx, tenant, credentials).await?)
}

/// Opens one of them.
pub fn open_uid(
    keys: &Keys,
    tenant: access_core::ids::TenantId,
    row: &store::SealedCardUid,
) -> anyhow::Result<OpenUid> {
    let key = keys.unwrap(tenant, row.person_id.into(), key_purpose(KeyPurpose::Vault), &row.wrapped)?;
    let uid = key.open(&Binding { tenant, purpose: UID, row: row.credential_id }, &row.sealed)?;
    Ok(OpenUid { credential: row.credential_id, uid })
}

/// A card of which the making began.
pub struct CardBegun {
    /// What the credential will be.
    pub credential: CredentialId,
    /// Whose it will be.
    pub person: PersonId,
    /// Its number.
    pub number: CardNumber,
    /// Versions of keys that it may have.
    pub versions: Vec<i16>,
    /// Room for templates on it, in bytes.
    pub templates_bytes_max: i32,
}

/// The card with this UID of which the making began and did not end; none also if its number can't be read any more.
pub async fn card_begun(keys: &Keys, tx: &mut TenantTx, uid: &CardToken) -> anyhow::Result<Option<CardBegun>> {
    let tenant = tx.tenant();
    let Some(row) = store::card_begun(tx, tenant, uid).await? else { return Ok(None) };
    let person = PersonId::from_uuid(row.person_id);
    let key = keys.unwrap(tenant, person, key_purpose(KeyPurpose::Vault), &row.wrapped)?;
    let opened = key.open(&Binding { tenant, purpose: NUMBER, row: row.credential_id }, &row.sealed_number)?;
    Ok(Some(CardBegun {
        credential: row.credential_id.into(),
        person,
        number: number(&opened)?,
        versions: row.versions,
        templates_bytes_max: row.templates_bytes_max,
    }))
}

/// Keeps what a card is about to become, in place of what was begun with it before.
pub async fn put_card_begun(
    keys: &Keys,
    tx: &mut TenantTx,
    uid: &CardToken,
    begun: &CardBegun,
    now: chrono::DateTime<chrono::Utc>,
) -> anyhow::Result<()> {
    let tenant = tx.tenant();
    let key = person_key(keys, tx, begun.person, KeyPurpose::Vault).await?;
    let binding = Binding { tenant, purpose: NUMBER, row: begun.credential.as_uuid() };
    let row = CardBegunRow {
        credential_id: begun.credential.as_uuid(),
        person_id: begun.person.as_uuid(),
        sealed_number: key.seal(&binding, &*begun.number)?,
        versions: begun.versions.clone(),
        templates_bytes_max: begun.templates_bytes_max,
        wrapped: Vec::new(),
    };
    Ok(store::put_card_begun(tx, tenant, uid, &row, now).await?)
}

/// A finger that goes to a card.
#[derive(Debug)]
pub struct NewCardFinger<'a> {
    /// Which.
    pub finger: FingerId,
    /// Whose.
    pub person: PersonId,
    /// Kind of sensor that made it.
    pub sensor_type: &'a str,
    /// The template and whether it is a sign of duress.
    pub content: &'a TemplateContent,
}

/// Seals a finger for one card: under its holder's template key, which is made now if there is none.
pub async fn seal_card_finger(
    keys: &Keys,
    tx: &mut TenantTx,
    number: &CardNumber,
    new: &NewCardFinger<'_>,
) -> anyhow::Result<CardFinger> {
    let key = person_key(keys, tx, new.person, KeyPurpose::Template).await?;
    let plain = Zeroizing::new(canonical::encode(new.content));
    let binding = card_finger_binding(new.person, number, new.finger, new.sensor_type);
    let sealed = key.seal_for_others(&binding, &plain)?;
    Ok(CardFinger { finger: new.finger, sensor_type: new.sensor_type.to_owned(), sealed })
}

/// Template keys of these people, for agents whose doors they may use. Those whose key was destroyed are left out.
pub async fn template_keys(keys: &Keys, tx: &mut TenantTx, persons: &[Uuid]) -> anyhow::Result<Vec<(PersonId, Key)>> {
    let tenant = tx.tenant();
    let rows = store::person_keys(tx, tenant, persons, KeyPurpose::Template).await?;
    rows.into_iter()
        .map(|(person, wrapped)| {
            let person = PersonId::from_uuid(person);
            Ok((person, keys.unwrap(tenant, person, key_purpose(KeyPurpose::Template), &wrapped)?))
        })
        .collect()
}
