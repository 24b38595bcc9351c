//! SQL of the vault: sealed bytes in, sealed bytes out. Runs on connections of role `pforte_vault` only.

use access_core::ids::{CredentialId, FingerId, PersonId, TenantId};
use access_core::policy::CardToken;
use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

access_core::words! {
    /// What a person's key is for.
    pub enum KeyPurpose {
        /// Name, number, document, photo, card UIDs and hashes of PINs.
        Vault = "vault",
        /// Templates.
        Template = "template",
    }
}

/// A person's key as it lies there: wrapped by the master key.
pub async fn person_key(
    db: &mut PgConnection,
    tenant: TenantId,
    person: PersonId,
    purpose: KeyPurpose,
) -> sqlx::Result<Option<Vec<u8>>> {
    use access_core::word::Word as _;
    sqlx::query_scalar("SELECT wrapped FROM vault.person_keys WHERE tenant_id = $1 AND person_id = $2 AND purpose = $3")
        .bind(tenant.as_uuid())
        .bind(person.as_uuid())
        .bind(purpose.as_str())
        .fetch_optional(db)
        .await
}

/// Keeps a new wrapped key, unless the person has one; returns the one that is kept.
pub async fn keep_person_key(
    db: &mut PgConnection,
    tenant: TenantId,
    person: PersonId,
    purpose: KeyPurpose,
    wrapped: &[u8],
) -> sqlx::Result<Vec<u8>> {
    use access_core::word::Word as _;
    sqlx::query_scalar(
        "INSERT INTO vault.person_keys AS kept (tenant_id, person_id, purpose, wrapped) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (tenant_id, person_id, purpose) DO UPDATE SET wrapped = kept.wrapped RETURNING wrapped",
    )
    .bind(tenant.as_uuid())
    .bind(person.as_uuid())
    .bind(purpose.as_str())
    .bind(wrapped)
    .fetch_one(db)
    .await
}

/// Destroys a person's key: what is sealed under it can't be read again.
pub async fn destroy_person_key(
    db: &mut PgConnection,
    tenant: TenantId,
    person: PersonId,
    purpose: KeyPurpose,
) -> sqlx::Result<()> {
    use access_core::word::Word as _;
    sqlx::query("DELETE FROM vault.person_keys WHERE tenant_id = $1 AND person_id = $2 AND purpose = $3")
        .bind(tenant.as_uuid())
        .bind(person.as_uuid())
        .bind(purpose.as_str())
        .execute(db)
        .await?;
    Ok(())
}

/// Who a person is, sealed.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct SealedIdentity {
    /// Whose.
    pub person_id: Uuid,
    /// Sealed JSON.
    pub sealed: Vec<u8>,
    /// The key that opens it, wrapped.
    pub wrapped: Vec<u8>,
    /// Whether there is a photo.
    pub has_photo: bool,
}

const IDENTITY: &str = "SELECT identity.person_id, identity.sealed, person_key.wrapped, EXISTS (SELECT FROM vault.photos photo \
     WHERE photo.tenant_id = identity.tenant_id AND photo.person_id = identity.person_id) AS has_photo \
     FROM vault.identities identity JOIN vault.person_keys person_key \
     ON person_key.tenant_id = identity.tenant_id AND person_key.person_id = identity.person_id \
     AND person_key.purpose = 'vault' WHERE identity.tenant_id = $1";

/// Who these people are. Those whose key was destroyed are left out.
pub async fn identities(
    db: &mut PgConnection,
    tenant: TenantId,
    persons: &[Uuid],
) -> sqlx::Result<Vec<SealedIdentity>> {
    sqlx::query_as(sqlx::AssertSqlSafe(format!("{IDENTITY} AND identity.person_id = ANY ($2)")))
        .bind(tenant.as_uuid())
        .bind(persons)
        .fetch_all(db)
        .await
}

/// Who everybody is, for the index, in pieces: at most `limit` people after `after`.
pub async fn identities_after(
    db: &mut PgConnection,
    tenant: TenantId,
    after: Uuid,
    limit: i64,
) -> sqlx::Result<Vec<SealedIdentity>> {
    let sql = format!("{IDENTITY} AND identity.person_id > $2 ORDER BY identity.person_id LIMIT $3");
    sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(tenant.as_uuid()).bind(after).bind(limit).fetch_all(db).await
}

/// Keeps who a person is, in place of what was kept.
pub async fn put_identity(
    db: &mut PgConnection,
    tenant: TenantId,
    person: PersonId,
    sealed: &[u8],
    number_token: Option<[u8; 32]>,
) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO vault.identities (tenant_id, person_id, sealed, number_token) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (tenant_id, person_id) DO UPDATE SET sealed = excluded.sealed, number_token = excluded.number_token",
    )
    .bind(tenant.as_uuid())
    .bind(person.as_uuid())
    .bind(sealed)
    .bind(number_token.map(|token| token.to_vec()))
    .execute(db)
    .await?;
    Ok(())
}

/// A person's photo, sealed, with the wrapped key that opens it.
pub async fn photo(
    db: &mut PgConnection,
    tenant: TenantId,
    person: PersonId,
) -> sqlx::Result<Option<(Vec<u8>, Vec<u8>)>> {
    sqlx::query_as(
        "SELECT photo.sealed, person_key.wrapped FROM vault.photos photo JOIN vault.person_keys person_key \
         ON person_key.tenant_id = photo.tenant_id AND person_key.person_id = photo.person_id \
         AND person_key.purpose = 'vault' WHERE photo.tenant_id = $1 AND photo.person_id = $2",
    )
    .bind(tenant.as_uuid())
    .bind(person.as_uuid())
    .fetch_optional(db)
    .await
}

/// Keeps a photo, in place of the one before.
pub async fn put_photo(db: &mut PgConnection, tenant: TenantId, person: PersonId, sealed: &[u8]) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO vault.photos (tenant_id, person_id, sealed) VALUES ($1, $2, $3) \
         ON CONFLICT (tenant_id, person_id) DO UPDATE SET sealed = excluded.sealed, stored_at = now()",
    )
    .bind(tenant.as_uuid())
    .bind(person.as_uuid())
    .bind(sealed)
    .execute(db)
    .await?;
    Ok(())
}

/// Removes a photo; says whether there was one.
pub async fn delete_photo(db: &mut PgConnection, tenant: TenantId, person: PersonId) -> sqlx::Result<bool> {
    let done = sqlx::query("DELETE FROM vault.photos WHERE tenant_id = $1 AND person_id = $2")
        .bind(tenant.as_uuid())
        .bind(person.as_uuid())
        .execute(db)
        .await?;
    Ok(done.rows_affected() > 0)
}

/// Keeps the UID of a card and its number, if it has one, sealed.
pub async fn put_card_uid(
    db: &mut PgConnection,
    tenant: TenantId,
    credential: CredentialId,
    person: PersonId,
    (sealed, sealed_number): (&[u8], Option<&[u8]>),
) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO vault.card_uids (tenant_id, credential_id, person_id, sealed, sealed_number) VALUES ($1, $2, $3, $4, $5)",
    )
    .bind(tenant.as_uuid())
    .bind(credential.as_uuid())
    .bind(person.as_uuid())
    .bind(sealed)
    .bind(sealed_number)
    .execute(db)
    .await?;
    Ok(())
}

/// A card's UID or number, sealed.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct SealedCardUid {
    /// Of which credential.
    pub credential_id: Uuid,
    /// Whose.
    pub person_id: Uuid,
    /// Sealed bytes.
    pub sealed: Vec<u8>,
    /// The key that opens it, wrapped.
    pub wrapped: Vec<u8>,
}

/// UIDs of these credentials. Those of people whose key was destroyed are left out.
pub async fn card_uids(
    db: &mut PgConnection,
    tenant: TenantId,
    credentials: &[Uuid],
) -> sqlx::Result<Vec<SealedCardUid>> {
    sqlx::query_as(
        "SELECT card.credential_id, card.person_id, card.sealed, person_key.wrapped FROM vault.card_uids card \
         JOIN vault.person_keys person_key ON person_key.tenant_id = card.tenant_id AND person_key.person_id = card.person_id \
         AND person_key.purpose = 'vault' WHERE card.tenant_id = $1 AND card.credential_id = ANY ($2)",
    )
    .bind(tenant.as_uuid())
    .bind(credentials)
    .fetch_all(db)
    .await
}

/// The number of a card, sealed; none if it has none.
pub async fn card_numbers(
    db: &mut PgConnection,
    tenant: TenantId,
    credential: Uuid,
) -> sqlx::Result<Option<SealedCardUid>> {
    sqlx::query_as(
        "SELECT card.credential_id, card.person_id, card.sealed_number AS sealed, person_key.wrapped FROM vault.card_uids card \
         JOIN vault.person_keys person_key ON person_key.tenant_id = card.tenant_id AND person_key.person_id = card.person_id \
         AND person_key.purpose = 'vault' \
         WHERE card.tenant_id = $1 AND card.credential_id = $2 AND card.sealed_number IS NOT NULL",
    )
    .bind(tenant.as_uuid())
    .bind(credential)
    .fetch_optional(db)
    .await
}

/// A card of which the making began, as it lies there.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct CardBegunRow {
    /// What the credential will be.
    pub credential_id: Uuid,
    /// Whose it will be.
    pub person_id: Uuid,
    /// Its number, sealed.
    pub sealed_number: Vec<u8>,
    /// Versions of keys that it may have.
    pub versions: Vec<i16>,
    /// Room for templates, in bytes.
    pub templates_bytes_max: i32,
    /// The key that opens it, wrapped; not written.
    pub wrapped: Vec<u8>,
}

/// What was begun with the card of this UID.
pub async fn card_begun(
    db: &mut PgConnection,
    tenant: TenantId,
    uid: &CardToken,
) -> sqlx::Result<Option<CardBegunRow>> {
    sqlx::query_as(
        "SELECT begun.credential_id, begun.person_id, begun.sealed_number, begun.versions, begun.templates_bytes_max, \
         person_key.wrapped FROM vault.cards_begun begun \
         JOIN vault.person_keys person_key ON person_key.tenant_id = begun.tenant_id AND person_key.person_id = begun.person_id \
         AND person_key.purpose = 'vault' WHERE begun.tenant_id = $1 AND begun.uid_hash = $2 FOR UPDATE OF begun",
    )
    .bind(tenant.as_uuid())
    .bind(uid.0.to_vec())
    .fetch_optional(db)
    .await
}

/// Keeps what is begun with the card of this UID.
pub async fn put_card_begun(
    db: &mut PgConnection,
    tenant: TenantId,
    uid: &CardToken,
    row: &CardBegunRow,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO vault.cards_begun (tenant_id, uid_hash, credential_id, person_id, sealed_number, versions, \
         templates_bytes_max, begun_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (tenant_id, uid_hash) DO UPDATE SET \
         credential_id = excluded.credential_id, person_id = excluded.person_id, sealed_number = excluded.sealed_number, \
         versions = excluded.versions, templates_bytes_max = excluded.templates_bytes_max, begun_at = excluded.begun_at",
    )
    .bind(tenant.as_uuid())
    .bind(uid.0.to_vec())
    .bind(row.credential_id)
    .bind(row.person_id)
    .bind(&row.sealed_number)
    .bind(&row.versions)
    .bind(row.templates_bytes_max)
    .bind(now)
    .execute(db)
    .await?;
    Ok(())
}

/// Nothing is begun any more with the card of this UID.
pub async fn end_card_begun(db: &mut PgConnection, tenant: TenantId, uid: &CardToken) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM vault.cards_begun WHERE tenant_id = $1 AND uid_hash = $2")
        .bind(tenant.as_uuid())
        .bind(uid.0.to_vec())
        .execute(db)
        .await?;
    Ok(())
}

/// Keys of these people, wrapped.
pub async fn person_keys(
    db: &mut PgConnection,
    tenant: TenantId,
    persons: &[Uuid],
    purpose: KeyPurpose,
) -> sqlx::Result<Vec<(Uuid, Vec<u8>)>> {
    use access_core::word::Word as _;
    sqlx::query_as(
        "SELECT person_id, wrapped FROM vault.person_keys WHERE tenant_id = $1 AND person_id = ANY ($2) AND purpose = $3 \
         ORDER BY person_id",
    )
    .bind(tenant.as_uuid())
    .bind(persons)
    .bind(purpose.as_str())
    .fetch_all(db)
    .await
}

/// Keeps a template, sealed under the person's template key.
pub async fn put_template(
    db: &mut PgConnection,
    tenant: TenantId,
    finger: FingerId,
    person: PersonId,
    sealed: &[u8],
) -> sqlx::Result<()> {
    sqlx::query("INSERT INTO vault.templates (tenant_id, finger_id, person_id, sealed) VALUES ($1, $2, $3, $4)")
        .bind(tenant.as_uuid())
        .bind(finger.as_uuid())
        .bind(person.as_uuid())
        .bind(sealed)
        .execute(db)
        .await?;
    Ok(())
}

/// A template as it lies there.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct SealedTemplateRow {
    /// Which finger.
    pub finger_id: Uuid,
    /// Whose.
    pub person_id: Uuid,
    /// Kind of sensor that can compare it.
    pub sensor_type: String,
    /// Whether the finger is shown as a sign of duress.
    pub is_duress: bool,
    /// Sealed bytes.
    pub sealed: Vec<u8>,
    /// The person's template key, wrapped.
    pub wrapped: Vec<u8>,
}

/// Keeps a hash of a PIN, sealed, in place of the one before.
pub async fn put_pin(
    db: &mut PgConnection,
    tenant: TenantId,
    person: PersonId,
    is_duress: bool,
    sealed: &[u8],
) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO vault.pins (tenant_id, person_id, is_duress, sealed) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (tenant_id, person_id, is_duress) DO UPDATE SET sealed = excluded.sealed",
    )
    .bind(tenant.as_uuid())
    .bind(person.as_uuid())
    .bind(is_duress)
    .bind(sealed)
    .execute(db)
    .await?;
    Ok(())
}

/// A hash of a PIN as it lies there.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct SealedPinRow {
    /// Whose.
    pub person_id: Uuid,
    /// Whether it is the sign of duress.
    pub is_duress: bool,
    /// Sealed bytes.
    pub sealed: Vec<u8>,
    /// The person's vault key, wrapped.
    pub wrapped: Vec<u8>,
}

/// Hashes of these people's PINs, each person's together, that for every day first. Those whose key was destroyed are left out.
pub async fn pins(db: &mut PgConnection, tenant: TenantId, persons: &[Uuid]) -> sqlx::Result<Vec<SealedPinRow>> {
    sqlx::query_as(
        "SELECT pin.person_id, pin.is_duress, pin.sealed, person_key.wrapped FROM vault.pins pin \
         JOIN vault.person_keys person_key ON person_key.tenant_id = pin.tenant_id \
         AND person_key.person_id = pin.person_id AND person_key.purpose = 'vault' \
         WHERE pin.tenant_id = $1 AND pin.person_id = ANY ($2) ORDER BY pin.person_id, pin.is_duress",
    )
    .bind(tenant.as_uuid())
    .bind(persons)
    .fetch_all(db)
    .await
}

/// Whether a person has a sign of duress beside the PIN.
pub async fn has_duress_pin(db: &mut PgConnection, tenant: TenantId, person: PersonId) -> sqlx::Result<bool> {
    sqlx::query_scalar("SELECT EXISTS (SELECT FROM vault.pins WHERE tenant_id = $1 AND person_id = $2 AND is_duress)")
        .bind(tenant.as_uuid())
        .bind(person.as_uuid())
        .fetch_one(db)
        .await
}

/// Removes a person's sign of duress, or it and the PIN for every day; says whether there was anything.
pub async fn delete_pins(
    db: &mut PgConnection,
    tenant: TenantId,
    person: PersonId,
    only_duress: bool,
) -> sqlx::Result<bool> {
    let done = sqlx::query("DELETE FROM vault.pins WHERE tenant_id = $1 AND person_id = $2 AND (is_duress OR NOT $3)")
        .bind(tenant.as_uuid())
        .bind(person.as_uuid())
        .bind(only_duress)
        .execute(db)
        .await?;
    Ok(done.rows_affected() > 0)
}

/// Fingers of these people that have a template.
pub async fn fingers_with_template(
    db: &mut PgConnection,
    tenant: TenantId,
    persons: &[Uuid],
) -> sqlx::Result<Vec<Uuid>> {
    sqlx::query_scalar("SELECT finger_id FROM vault.templates WHERE tenant_id = $1 AND person_id = ANY ($2)")
        .bind(tenant.as_uuid())
        .bind(persons)
        .fetch_all(db)
        .await
}

/// Fingers that lie here and that a sensor of this type can compare, with whose they are: those of `person` first, and of these not the
/// one at `position`, which another takes the place of. Those whose key was destroyed are left out, and those of people who did not
/// consent to one of the `texts`.
pub async fn comparable_fingers(
    db: &mut PgConnection,
    tenant: TenantId,
    sensor_type: &str,
    (person, position): (PersonId, &str),
    texts: &[&str],
) -> sqlx::Result<Vec<(Uuid, Uuid)>> {
    sqlx::query_as(
        "SELECT finger.id, finger.person_id FROM fingers finger \
         JOIN vault.templates template ON template.tenant_id = finger.tenant_id AND template.finger_id = finger.id \
         JOIN vault.person_keys person_key ON person_key.tenant_id = template.tenant_id \
         AND person_key.person_id = template.person_id AND person_key.purpose = 'template' \
         JOIN legal_bases basis ON basis.tenant_id = finger.tenant_id AND basis.person_id = finger.person_id \
         AND basis.withdrawn_at IS NULL AND basis.consent_text_version = ANY($5) \
         WHERE finger.tenant_id = $1 AND finger.sensor_type = $2 AND NOT (finger.person_id = $3 AND finger.position = $4) \
         ORDER BY finger.person_id <> $3, finger.id",
    )
    .bind(tenant.as_uuid())
    .bind(sensor_type)
    .bind(person.as_uuid())
    .bind(position)
    .bind(texts)
    .fetch_all(db)
    .await
}

/// Templates of these fingers, for an agent's bundle. Those whose key was destroyed are left out.
pub async fn templates(
    db: &mut PgConnection,
    tenant: TenantId,
    fingers: &[Uuid],
) -> sqlx::Result<Vec<SealedTemplateRow>> {
    sqlx::query_as(
        "SELECT template.finger_id, template.person_id, finger.sensor_type, finger.is_duress, template.sealed, person_key.wrapped \
         FROM vault.templates template \
         JOIN fingers finger ON finger.tenant_id = template.tenant_id AND finger.id = template.finger_id \
         JOIN vault.person_keys person_key ON person_key.tenant_id = template.tenant_id \
         AND person_key.person_id = template.person_id AND person_key.purpose = 'template' \
         WHERE template.tenant_id = $1 AND template.finger_id = ANY ($2)",
    )
    .bind(tenant.as_uuid())
    .bind(fingers)
    .fetch_all(db)
    .await
}
