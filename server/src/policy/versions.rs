//! Versions of the rules: who moved them, when, from what to what, and why.

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use super::store::{RowChange, VersionRow};
use crate::http::words;
use chrono::{DateTime, Utc};

/// A version of the rules.
#[derive(Debug, Serialize, ToSchema)]
pub struct PolicyVersion {
    /// Which; they count up without a gap.
    pub version: i64,
    /// Since when.
    pub changed_at: DateTime<Utc>,
    /// By which operator; none means by nobody who was signed in.
    pub operator_id: Option<Uuid>,
    /// By what kind of act, where one is known.
    #[schema(value_type = Option<words::ActKind>)]
    pub act: Option<String>,
    /// To what kind of thing it was done.
    #[schema(value_type = Option<words::SubjectKind>)]
    pub subject_kind: Option<String>,
    /// To which.
    pub subject_id: Option<Uuid>,
    /// How many rows it changed.
    pub rows_count: i64,
    /// In which tables.
    pub tables: Vec<String>,
}

/// A version of the rules with what it changed.
#[derive(Debug, Serialize, ToSchema)]
pub struct PolicyVersionDetail {
    /// Which, when and by whom.
    #[serde(flatten)]
    pub version: PolicyVersion,
    /// Why, in the operator's words, where one was given and not erased; for administrators.
    pub reason: Option<String>,
    /// Rows that it changed; the first 200.
    pub rows: Vec<ChangedRow>,
}

/// A row that a version changed.
#[derive(Debug, Serialize, ToSchema)]
pub struct ChangedRow {
    /// In which table.
    pub table: String,
    /// Which row.
    #[schema(value_type = Object)]
    pub key: Value,
    /// How it was; none if it is new. Without free text.
    #[schema(value_type = Option<Object>)]
    pub before: Option<Value>,
    /// How it is; none if it is gone.
    #[schema(value_type = Option<Object>)]
    pub after: Option<Value>,
}

impl From<VersionRow> for PolicyVersion {
    fn from(row: VersionRow) -> Self {
        let VersionRow { version, changed_at, operator_id, act_kind, subject_kind, subject_id, rows_count, tables } =
            row;
        Self { version, changed_at, operator_id, act: act_kind, subject_kind, subject_id, rows_count, tables }
    }
}

impl From<RowChange> for ChangedRow {
    fn from((table, key, before, after): RowChange) -> Self {
        Self { table, key, before, after }
    }
}
