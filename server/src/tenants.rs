//! The directory of tenants: which there are, and which short name is whose. Read by the one role that may see them all.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use access_core::event::{ActKind, SubjectKind};
use access_core::ids::TenantId;
use anyhow::{Context as _, bail, ensure};
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::audit::Entry;
use crate::db::Db;
use crate::keys::Keys;

/// Number of the threat level that every tenant begins with: it locks all doors. Lower ones are left free for less grave ones.
const LOCKDOWN_LEVEL: i16 = 100;

/// A client whose people, doors and log are separate from every other's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Tenant {
    /// Which tenant.
    #[schema(value_type = Uuid)]
    pub id: TenantId,
    /// Short name, to sign in with.
    pub slug: String,
    /// Name.
    pub name: String,
}

/// All tenants, as far as known here. What is not known is looked up again.
#[derive(Debug, Clone)]
pub struct Tenants {
    db: Db,
    known: Arc<RwLock<HashMap<TenantId, Tenant>>>,
}

impl Tenants {
    /// An empty directory over this database.
    pub fn new(db: Db) -> Self {
        Self { db, known: Arc::default() }
    }

    /// Reads all tenants.
    pub async fn refresh(&self) -> sqlx::Result<Vec<Tenant>> {
        let rows: Vec<(Uuid, String, String)> =
            sqlx::query_as("SELECT id, slug, name FROM tenants ORDER BY slug").fetch_all(self.db.directory()).await?;
        let tenants: Vec<Tenant> =
            rows.into_iter().map(|(id, slug, name)| Tenant { id: id.into(), slug, name }).collect();
        let known = tenants.iter().map(|tenant| (tenant.id, tenant.clone())).collect();
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = known;
        Ok(tenants)
    }

    /// All that are known.
    pub fn all(&self) -> Vec<Tenant> {
        self.known.read().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }

    fn find(&self, wanted: impl Fn(&Tenant) -> bool) -> Option<Tenant> {
        self.known.read().unwrap_or_else(PoisonError::into_inner).values().find(|tenant| wanted(tenant)).cloned()
    }

    /// The tenant with this id.
    pub async fn get(&self, id: TenantId) -> sqlx::Result<Option<Tenant>> {
        if let Some(tenant) = self.find(|tenant| tenant.id == id) {
            return Ok(Some(tenant));
        }
        self.refresh().await?;
        Ok(self.find(|tenant| tenant.id == id))
    }

    /// The tenant with this short name.
    pub async fn by_slug(&self, slug: &str) -> sqlx::Result<Option<Tenant>> {
        if let Some(tenant) = self.find(|tenant| tenant.slug == slug) {
            return Ok(Some(tenant));
        }
        self.refresh().await?;
        Ok(self.find(|tenant| tenant.slug == slug))
    }
}

/// Makes a tenant; on the server's command line only.
pub async fn add(db: &Db, keys: &Keys, slug: &str, name: &str, now: DateTime<Utc>) -> anyhow::Result<Tenant> {
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let starts = slug.bytes().next().is_some_and(fits);
    ensure!(
        starts && slug.len() <= 39 && slug.bytes().all(|byte| fits(byte) || byte == b'-'),
        "the short name must have 1 to 39 lower-case letters, digits and dashes, not `{slug}`"
    );
    ensure!((1..=100).contains(&name.trim().chars().count()), "the name must have 1 to 100 characters");
    let tenant = Tenant { id: Uuid::now_v7().into(), slug: slug.to_owned(), name: name.trim().to_owned() };
    let mut tx = db.begin(tenant.id, None).await?;
    let made = sqlx::query("INSERT INTO tenants (id, slug, name) VALUES ($1, $2, $3)")
        .bind(tenant.id.as_uuid())
        .bind(&tenant.slug)
        .bind(&tenant.name)
        .execute(&mut *tx)
        .await;
    match made {
        Err(error)
            if error.as_database_error().and_then(|error| error.constraint()) == Some("tenants_slug_is_unique") =>
        {
            bail!("there is a tenant `{slug}` already")
        }
        made => made.context("can't make the tenant")?,
    };
    // A guard must be able to lock every door before anybody described how: the rules of it can be edited later.
    sqlx::query("INSERT INTO threat_levels (tenant_id, level, name, locks) VALUES ($1, $2, 'Lockdown', true)")
        .bind(tenant.id.as_uuid())
        .bind(LOCKDOWN_LEVEL)
        .execute(&mut *tx)
        .await?;
    Entry::by_command_line(keys, ActKind::Created, SubjectKind::Tenant, tenant.id.as_uuid(), now)
        .after(&tenant)
        .append(&mut tx)
        .await?;
    tx.commit().await?;
    Ok(tenant)
}
