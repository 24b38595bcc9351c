//! Which blocks stop somebody: found by whom or what they stop.

use uuid::Uuid;

use super::index::Index;
use super::{Block, BlockSubject};

/// Places of blocks, by subject.
#[derive(Debug)]
pub(super) struct Stops {
    /// By the subject's id, then by the block's.
    by_subject: Box<[(BlockSubject, u32)]>,
    subjects: Index<Uuid>,
}

impl Stops {
    /// Of blocks by id.
    pub(super) fn of(blocks: &[Block]) -> Self {
        let mut by_subject: Box<[_]> = blocks.iter().map(|block| block.subject).zip(0u32..).collect();
        by_subject.sort_by_key(|(subject, _)| id(*subject));
        let subjects = Index::of(by_subject.iter().map(|(subject, _)| id(*subject)));
        Self { by_subject, subjects }
    }

    /// Places of the blocks of a subject, ascending.
    #[inline]
    pub(super) fn of_subject(&self, subject: BlockSubject) -> impl Iterator<Item = usize> + '_ {
        let first = if self.by_subject.is_empty() { None } else { self.subjects.place(id(subject)) };
        let same_id = first.map_or(&[][..], |first| &self.by_subject[first..]).iter();
        let same_id = same_id.take_while(move |(known, _)| id(*known) == id(subject));
        same_id.filter(move |(known, _)| *known == subject).map(|(_, place)| *place as usize)
    }
}

/// Ids of different kinds may be the same in samples; the kind is compared besides.
#[inline]
fn id(subject: BlockSubject) -> Uuid {
    match subject {
        BlockSubject::Person(person) => person.into(),
        BlockSubject::Credential(card) => card.into(),
        BlockSubject::Group(group) => group.into(),
    }
}
