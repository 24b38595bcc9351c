//! A change by staff and its act in the log, as one thing: a route that writes can't forget the act, since nothing else
//! commits what it wrote. Begun by `AppState::change`; never used where nobody is signed in.

use std::ops::{Deref, DerefMut};

use access_core::event::{ActKind, Commitment, Event, StateChange, StateSet, SubjectKind};
use serde::Serialize;
use uuid::Uuid;

use super::{Entry, append_event, commit};
use crate::auth::Actor;
use crate::db::TenantTx;
use crate::keys::Keys;

/// A transaction that an operator changes something in. It has no commit of its own: [`act`](Change::act) says what was
/// done, and what that gives is committed. Dropped before, it leaves nothing.
#[derive(Debug)]
#[must_use]
pub struct Change<'a> {
    keys: &'a Keys,
    actor: &'a Actor,
    tx: TenantTx,
}

impl<'a> Change<'a> {
    /// What `actor` changes in this transaction, which is of the actor's tenant.
    pub fn new(keys: &'a Keys, actor: &'a Actor, tx: TenantTx) -> Self {
        Self { keys, actor, tx }
    }

    /// `kind` was done to a thing.
    pub fn act(self, kind: ActKind, subject: SubjectKind, id: Uuid) -> Done<'a> {
        Done { entry: Entry::new(self.keys, self.actor, kind, subject, id), tx: self.tx }
    }

    /// The state that rules read is set, for a reason: the record that rules take note of is the act. Commits it.
    pub async fn set_state(mut self, change: StateChange, reason: &str) -> anyhow::Result<()> {
        let reason = Some(commit(self.keys, &mut self.tx, None, reason.as_bytes()).await?);
        let set = StateSet { operator: Some(self.actor.operator), change, reason };
        append_event(&mut self.tx, &Event::StateSet(set), self.actor.now).await?;
        Ok(self.tx.commit().await?)
    }

    /// `kind` was done to many things at once, listed in what is given as after.
    pub fn act_on_many(self, kind: ActKind) -> Done<'a> {
        Done { entry: Entry::many(self.keys, self.actor, kind), tx: self.tx }
    }
}

impl Deref for Change<'_> {
    type Target = TenantTx;

    fn deref(&self) -> &TenantTx {
        &self.tx
    }
}

impl DerefMut for Change<'_> {
    fn deref_mut(&mut self) -> &mut TenantTx {
        &mut self.tx
    }
}

/// A change with its act, ready to be committed.
#[derive(Debug)]
#[must_use = "nothing lasts unless it is committed"]
pub struct Done<'a> {
    entry: Entry<'a>,
    tx: TenantTx,
}

impl Done<'_> {
    /// How it was.
    pub fn before(self, value: &impl Serialize) -> Self {
        Self { entry: self.entry.before(value), ..self }
    }

    /// How it is.
    pub fn after(self, value: &impl Serialize) -> Self {
        Self { entry: self.entry.after(value), ..self }
    }

    /// Why.
    pub fn reason(self, reason: &str) -> Self {
        Self { entry: self.entry.reason(reason), ..self }
    }

    /// Why, if it was said.
    pub fn reason_if(self, reason: Option<&str>) -> Self {
        match reason {
            Some(reason) => self.reason(reason),
            None => self,
        }
    }

    /// Why, where the reason is kept already, for more than the act.
    pub fn reason_kept(self, reason: Commitment) -> Self {
        Self { entry: self.entry.reason_kept(reason), ..self }
    }

    /// Makes the change and its act last, both or neither.
    pub async fn commit(mut self) -> anyhow::Result<()> {
        self.entry.append(&mut self.tx).await?;
        Ok(self.tx.commit().await?)
    }
}
