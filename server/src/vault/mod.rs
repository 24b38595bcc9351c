//! The vault: who a pseudonym is. Names, numbers, documents, photos and card numbers lie sealed under the person's vault
//! key, templates under the person's template key. Every look at a name by an operator is an act in the log.

use std::collections::HashMap;

use access_core::canonical;
use access_core::ids::{AgentId, FingerId, PersonId, TenantId};
use access_core::protocol::{PIN_HASH_BYTES, PinSalt, SealedTemplate, SecretBytes, TemplateContent, template_binding};
use anyhow::Context as _;
use borsh::{BorshDeserialize, BorshSerialize};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use uuid::Uuid;

use crate::db::{Db, TenantTx};
use crate::http::{ApiError, ApiResult, on_constraint};
use crate::keys::{Binding, Key, Keys, SealingKey};

pub mod cards;
mod identity;
pub mod photo;
pub mod routes;
mod search;
pub mod store;

pub use identity::{Document, DocumentKind, Identity, IdentityChange, NAME_CHARS_MAX, NUMBER_CHARS_MAX, Name};
pub use search::{HITS_MAX, NameIndex};
pub use store::KeyPurpose;

/// People read at once when the index is built.
const INDEX_BATCH: i64 = 1_000;

fn key_purpose(purpose: KeyPurpose) -> &'static str {
    match purpose {
        KeyPurpose::Vault => "person vault key",
        KeyPurpose::Template => "person template key",
    }
}

/// The person's key, made now if there is none.
async fn person_key(keys: &Keys, tx: &mut TenantTx, person: PersonId, purpose: KeyPurpose) -> anyhow::Result<Key> {
    let tenant = tx.tenant();
    let wrapped = match store::person_key(tx, tenant, person, purpose).await? {
        Some(wrapped) => wrapped,
        None => {
            let fresh = keys.wrap(tenant, person, key_purpose(purpose), &Key::random()?)?;
            store::keep_person_key(tx, tenant, person, purpose, &fresh).await?
        }
    };
    keys.unwrap(tenant, person, key_purpose(purpose), &wrapped).context("a person's key")
}

/// Who a person is, and whether there is a photo.
#[derive(Debug, Clone)]
pub struct Known {
    /// Name, number, document.
    pub identity: Identity,
    /// Whether there is a photo.
    pub has_photo: bool,
}

/// Who these people are. Those of other tenants, and those who were erased, are left out.
pub async fn identities(keys: &Keys, tx: &mut TenantTx, persons: &[Uuid]) -> anyhow::Result<HashMap<Uuid, Known>> {
    let tenant = tx.tenant();
    let sealed = store::identities(tx, tenant, persons).await?;
    sealed.iter().map(|row| Ok((row.person_id, open(keys, tenant, row)?))).collect()
}

fn open(keys: &Keys, tenant: TenantId, row: &store::SealedIdentity) -> anyhow::Result<Known> {
    let person = PersonId::from_uuid(row.person_id);
    let key = keys.unwrap(tenant, person, key_purpose(KeyPurpose::Vault), &row.wrapped).context("a person's key")?;
    let plain = key.open(&Binding { tenant, purpose: "identity", row: row.person_id }, &row.sealed)?;
    Ok(Known { identity: serde_json::from_slice(&plain)?, has_photo: row.has_photo })
}

/// Keeps who a person is. Two people of a tenant can't have the same number.
pub async fn put_identity(keys: &Keys, tx: &mut TenantTx, person: PersonId, identity: &Identity) -> ApiResult<()> {
    let tenant = tx.tenant();
    let key = person_key(keys, tx, person, KeyPurpose::Vault).await?;
    let plain = zeroize::Zeroizing::new(serde_json::to_vec(identity).map_err(anyhow::Error::from)?);
    let sealed = key.seal(&Binding { tenant, purpose: "identity", row: person.as_uuid() }, &plain)?;
    let token = identity.number.as_deref().map(|number| number_token(keys, tenant, number));
    store::put_identity(tx, tenant, person, &sealed, token)
        .await
        .map_err(on_constraint([("identities_number_is_unique", || {
            ApiError::Conflict("number_taken", "Somebody else has this number.".to_owned())
        })]))
}

fn number_token(keys: &Keys, tenant: TenantId, number: &str) -> [u8; 32] {
    #[expect(clippy::expect_used, reason = "HMAC takes a key of any length")]
    let mut mac = <Hmac<Sha256>>::new_from_slice(keys.of_tenant(tenant, "number token").bytes()).expect("any key");
    mac.update(number.to_lowercase().as_bytes());
    mac.finalize().into_bytes().into()
}

/// A person's photo, a JPEG.
pub async fn photo(keys: &Keys, tx: &mut TenantTx, person: PersonId) -> anyhow::Result<Option<Vec<u8>>> {
    let tenant = tx.tenant();
    let Some((sealed, wrapped)) = store::photo(tx, tenant, person).await? else { return Ok(None) };
    let key = keys.unwrap(tenant, person, key_purpose(KeyPurpose::Vault), &wrapped).context("a person's key")?;
    let plain = key.open(&Binding { tenant, purpose: "photo", row: person.as_uuid() }, &sealed)?;
    Ok(Some(plain.to_vec()))
}

/// Keeps a photo that was [rewritten](photo::rewrite).
pub async fn put_photo(keys: &Keys, tx: &mut TenantTx, person: PersonId, jpeg: &[u8]) -> anyhow::Result<()> {
    let tenant = tx.tenant();
    let key = person_key(keys, tx, person, KeyPurpose::Vault).await?;
    let sealed = key.seal(&Binding { tenant, purpose: "photo", row: person.as_uuid() }, jpeg)?;
    Ok(store::put_photo(tx, tenant, person, &sealed).await?)
}

/// Keeps a template under the person's template key.
pub async fn put_template(
    keys: &Keys,
    tx: &mut TenantTx,
    person: PersonId,
    finger: FingerId,
    template: &[u8],
) -> anyhow::Result<()> {
    let tenant = tx.tenant();
    let key = person_key(keys, tx, person, KeyPurpose::Template).await?;
    let sealed = key.seal(&Binding { tenant, purpose: "template", row: finger.as_uuid() }, template)?;
    Ok(store::put_template(tx, tenant, finger, person, &sealed).await?)
}

/// A template in clear, on its way to be sealed to an agent; wiped when dropped. Never to be logged or answered.
pub struct OpenTemplate {
    /// Which finger.
    pub finger: FingerId,
    /// Whose.
    pub person: PersonId,
    /// Kind of sensor that can compare it.
    pub sensor_type: String,
    /// Whether it is shown as a sign of duress.
    pub is_duress: bool,
    /// The bytes.
    pub template: zeroize::Zeroizing<Vec<u8>>,
}

impl OpenTemplate {
    /// The template, sealed to an agent. Whether it is said inside the seal that it is a sign of duress is the caller's to say.
    pub fn sealed_to(&self, agent: AgentId, key: &SealingKey, is_duress: bool) -> anyhow::Result<SealedTemplate> {
        let binding = template_binding(agent, self.person, self.finger);
        let content = TemplateContent { is_duress, template: SecretBytes(self.template.to_vec()) };
        let content = zeroize::Zeroizing::new(canonical::encode(&content));
        let sealed = key.seal(&content, &binding)?;
        Ok(SealedTemplate { finger: self.finger, person: self.person, sensor_type: self.sensor_type.clone(), sealed })
    }
}

/// Templates of these fingers, on their way to an agent that serves their holders' doors, or to a station that compares another
/// finger with them.
pub async fn templates_of(keys: &Keys, tx: &mut TenantTx, fingers: &[Uuid]) -> anyhow::Result<Vec<OpenTemplate>> {
    let tenant = tx.tenant();
    let rows = store::templates(tx, tenant, fingers).await?;
    rows.into_iter()
        .map(|row| {
            let person = PersonId::from_uuid(row.person_id);
            let key = keys.unwrap(tenant, person, key_purpose(KeyPurpose::Template), &row.wrapped)?;
            let binding = Binding { tenant, purpose: "template", row: row.finger_id };
            let template = key.open(&binding, &row.sealed)?;
            let (finger, sensor_type, is_duress) = (row.finger_id.into(), row.sensor_type, row.is_duress);
            Ok(OpenTemplate { finger, person, sensor_type, is_duress, template })
        })
        .collect()
}

/// What argon2id made of a PIN. Never to be logged or answered; wiped when dropped.
#[derive(Clone, BorshSerialize, BorshDeserialize, zeroize::Zeroize, zeroize::ZeroizeOnDrop)]
pub struct PinHash {
    /// Its salt.
    pub salt: PinSalt,
    /// The hash.
    pub hash: [u8; PIN_HASH_BYTES],
}

/// A person's PINs, opened.
#[derive(Default)]
pub struct PinsKept {
    /// The one for every day.
    pub everyday: Option<PinHash>,
    /// The sign of duress.
    pub duress: Option<PinHash>,
}

const fn pin_purpose(is_duress: bool) -> &'static str {
    if is_duress { "duress pin" } else { "pin" }
}

/// Keeps the hash of a PIN under the person's vault key: a PIN stays when a consent to templates goes.
pub async fn put_pin(
    keys: &Keys,
    tx: &mut TenantTx,
    person: PersonId,
    is_duress: bool,
    hash: &PinHash,
) -> anyhow::Result<()> {
    let tenant = tx.tenant();
    let key = person_key(keys, tx, person, KeyPurpose::Vault).await?;
    let plain = zeroize::Zeroizing::new(canonical::encode(hash));
    let sealed = key.seal(&Binding { tenant, purpose: pin_purpose(is_duress), row: person.as_uuid() }, &plain)?;
    Ok(store::put_pin(tx, tenant, person, is_duress, &sealed).await?)
}

/// A person's PINs.
pub async fn pins_of(keys: &Keys, tx: &mut TenantTx, person: PersonId) -> anyhow::Result<PinsKept> {
    let tenant = tx.tenant();
    let rows = store::pins(tx, tenant, &[person.as_uuid()]).await?;
    open_pins(keys, tenant, &rows)
}

/// Opens rows of one person's PINs.
pub fn open_pins(keys: &Keys, tenant: TenantId, rows: &[store::SealedPinRow]) -> anyhow::Result<PinsKept> {
    let mut kept = PinsKept::default();
    for row in rows {
        let key = keys.unwrap(tenant, row.person_id.into(), key_purpose(KeyPurpose::Vault), &row.wrapped)?;
        let binding = Binding { tenant, purpose: pin_purpose(row.is_duress), row: row.person_id };
        let hash = canonical::decode::<PinHash>("hash of a PIN", &key.open(&binding, &row.sealed)?)?;
        let place = if row.is_duress { &mut kept.duress } else { &mut kept.everyday };
        *place = Some(hash);
    }
    Ok(kept)
}

/// Reads a tenant's names for searching.
pub async fn build_index(db: &Db, keys: &Keys, tenant: TenantId) -> anyhow::Result<NameIndex> {
    let mut index = NameIndex::default();
    let mut after = Uuid::nil();
    let mut tx = db.begin_vault(tenant, None).await?;
    loop {
        let rows = store::identities_after(&mut tx, tenant, after, INDEX_BATCH).await?;
        let Some(last) = rows.last() else { return Ok(index) };
        after = last.person_id;
        for row in &rows {
            let known = open(keys, tenant, row)?;
            index.put(tenant, row.person_id.into(), &words(&known.identity));
        }
    }
}

/// What a person is found by.
pub fn words(identity: &Identity) -> [&str; 3] {
    [&identity.name.given, &identity.name.family, identity.number.as_deref().unwrap_or_default()]
}
