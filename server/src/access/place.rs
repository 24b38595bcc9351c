//! Places as the API writes them: the tenant, a site, an area or a door, for levels' lines and blocks.

use access_core::ids::TenantId;
use access_core::policy;
use access_core::word::Word as _;
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::http::{ApiError, ApiResult};

access_core::words! {
    /// What a level's line, a block or a threat level holds: one door, or all doors of something.
    pub enum PlaceKind {
        /// Every door of the tenant.
        Tenant = "tenant",
        /// Every door of a site.
        Site = "site",
        /// Every door that leads into an area.
        Area = "area",
        /// One door.
        Door = "door",
    }
}

crate::describe_words!(PlaceKind);

/// A door, or all doors of something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Place {
    /// `tenant`, `site`, `area` or `door`.
    pub kind: PlaceKind,
    /// Which site, area or door; none for the tenant.
    pub id: Option<Uuid>,
}

impl Default for Place {
    /// Everywhere.
    fn default() -> Self {
        Self { kind: PlaceKind::Tenant, id: None }
    }
}

impl From<policy::Place> for Place {
    fn from(place: policy::Place) -> Self {
        match place {
            policy::Place::Tenant => Self::default(),
            policy::Place::Site(site) => Self { kind: PlaceKind::Site, id: Some(site.into()) },
            policy::Place::Area(area) => Self { kind: PlaceKind::Area, id: Some(area.into()) },
            policy::Place::Door(door) => Self { kind: PlaceKind::Door, id: Some(door.into()) },
        }
    }
}

impl Place {
    /// As rules hold it; none if it names too much or too little.
    pub fn to_rule(self) -> Option<policy::Place> {
        match (self.kind, self.id) {
            (PlaceKind::Tenant, None) => Some(policy::Place::Tenant),
            (PlaceKind::Site, Some(site)) => Some(policy::Place::Site(site.into())),
            (PlaceKind::Area, Some(area)) => Some(policy::Place::Area(area.into())),
            (PlaceKind::Door, Some(door)) => Some(policy::Place::Door(door.into())),
            _ => None,
        }
    }

    /// Its id, if it is of this kind: what a table's column for the kind holds.
    pub fn id_of(self, kind: PlaceKind) -> Option<Uuid> {
        self.id.filter(|_| self.kind == kind)
    }

    /// Refuses a place that names too much or too little; `field` is where it stands in the body.
    pub fn check(self, field: &str) -> ApiResult<()> {
        match (self.to_rule(), self.kind) {
            (Some(_), _) => Ok(()),
            (None, PlaceKind::Tenant) => Err(ApiError::field(field, "the tenant as a place has no id")),
            (None, kind) => Err(ApiError::field(field, format!("a place of kind {kind} names its id"))),
        }
    }
}

/// Refuses the first of `places` that the tenant does not have; `field` says where the one of that number stands in the body.
pub async fn require(
    db: &mut PgConnection,
    tenant: TenantId,
    places: &[Place],
    field: impl Fn(usize) -> String,
) -> ApiResult<()> {
    let missing: Option<i64> = sqlx::query_scalar(
        "SELECT given.number - 1 FROM unnest($2::text[], $3::uuid[]) WITH ORDINALITY AS given (kind, id, number) WHERE \
         (given.kind = 'site' AND NOT EXISTS (SELECT FROM sites held WHERE held.tenant_id = $1 AND held.id = given.id)) OR \
         (given.kind = 'area' AND NOT EXISTS (SELECT FROM areas held WHERE held.tenant_id = $1 AND held.id = given.id)) OR \
         (given.kind = 'door' AND NOT EXISTS (SELECT FROM doors held WHERE held.tenant_id = $1 AND held.id = given.id)) \
         ORDER BY given.number LIMIT 1",
    )
    .bind(tenant.as_uuid())
    .bind(places.iter().map(|place| place.kind.as_str()).collect::<Vec<_>>())
    .bind(places.iter().map(|place| place.id).collect::<Vec<_>>())
    .fetch_optional(db)
    .await?;
    let missing = missing.and_then(|number| usize::try_from(number).ok());
    match missing.and_then(|number| Some((number, places.get(number)?))) {
        Some((number, Place { kind, id })) => {
            let id = id.unwrap_or_default();
            Err(ApiError::field(&field(number), format!("there is no {kind} {id}")))
        }
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_names_what_its_kind_needs() {
        for kind in PlaceKind::ALL.iter().copied() {
            let id = Some(Uuid::from_u128(1));
            let (named, unnamed) = (Place { kind, id }, Place { kind, id: None });
            assert_eq!(named.check("place").is_ok(), kind != PlaceKind::Tenant, "{kind}");
            assert_eq!(unnamed.check("place").is_ok(), kind == PlaceKind::Tenant, "{kind}");
            for column in [PlaceKind::Site, PlaceKind::Area, PlaceKind::Door] {
                assert_eq!(named.id_of(column), id.filter(|_| column == kind), "{kind} in {column}");
            }
        }
    }
}
