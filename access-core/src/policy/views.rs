//! Cards and their holders as a policy shows them.

use super::people::{Member, PersonRef};
use super::{CredentialState, Escort, Exemption, PersonRule};
use crate::ids::{CredentialId, GroupId, PersonId};
use crate::time::Period;

/// A card as the policy knows it.
#[derive(Debug, Clone, Copy)]
pub struct CardView<'a> {
    /// Which card.
    pub id: CredentialId,
    /// What became of it.
    pub state: CredentialState,
    /// When it may be used.
    pub valid: Period,
    /// Whether it can prove that it is itself.
    pub proves_itself: bool,
    /// Its holder; none for a lost or stolen card of somebody who is not in the cut.
    pub person: Option<PersonView<'a>>,
}

/// A card holder as the policy knows them.
#[derive(Debug, Clone, Copy)]
pub struct PersonView<'a> {
    /// The pseudonym.
    pub id: PersonId,
    /// Whether the person may use anything at all.
    pub is_active: bool,
    /// Whether a finger of theirs is enrolled, beside any that is a sign of duress.
    pub has_finger: bool,
    /// Whether a PIN of theirs is enrolled.
    pub has_pin: bool,
    /// Whether doors stay released and may stand open longer for them.
    pub needs_longer: bool,
    /// Why and while they show a PIN where a finger is demanded.
    pub exemption: Option<Exemption>,
    /// Who must let them in, for a visitor.
    pub escort: Option<Escort>,
    /// Groups they are in, ascending.
    pub groups: &'a [GroupId],
    /// Where the policy that showed them has them.
    pub(super) at: PersonRef,
}

impl<'a> PersonView<'a> {
    #[inline]
    pub(super) fn of(member: &Member<'a>) -> Self {
        let kind = member.kind();
        Self {
            id: member.id(),
            is_active: kind.is_active,
            has_finger: kind.has_finger,
            has_pin: kind.has_pin,
            needs_longer: kind.needs_longer,
            exemption: kind.exemption,
            escort: kind.escort,
            groups: &kind.groups,
            at: member.at(),
        }
    }

    /// The row.
    pub fn to_rule(&self) -> PersonRule {
        PersonRule {
            id: self.id,
            is_active: self.is_active,
            has_finger: self.has_finger,
            has_pin: self.has_pin,
            needs_longer: self.needs_longer,
            exemption: self.exemption,
            escort: self.escort,
            groups: self.groups.to_vec(),
        }
    }
}
