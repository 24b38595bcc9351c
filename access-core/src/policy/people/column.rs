//! A column of ids that can be looked through fast: the last four bytes of each lie side by side, the others apart from them.

use uuid::Uuid;

/// Ids by place.
#[derive(Debug)]
pub(super) struct IdColumn {
    tails: Box<[u32]>,
    heads: Box<[[u8; 12]]>,
}

impl IdColumn {
    pub(super) fn of(ids: impl Iterator<Item = Uuid> + Clone) -> Self {
        let head = |id: Uuid| {
            let mut head = [0; 12];
            head.copy_from_slice(&id.as_bytes()[..12]);
            head
        };
        Self { tails: ids.clone().map(tail).collect(), heads: ids.map(head).collect() }
    }

    #[inline]
    pub(super) fn get(&self, place: usize) -> Uuid {
        let mut id = [0; 16];
        id[..12].copy_from_slice(&self.heads[place]);
        id[12..].copy_from_slice(&self.tails[place].to_be_bytes());
        Uuid::from_bytes(id)
    }

    /// Where an id stands.
    pub(super) fn place(&self, id: Uuid) -> Option<usize> {
        let wanted = tail(id);
        // Pieces without an early end are compared many at once.
        let pieces = self.tails.chunks(64).enumerate();
        let likely = pieces.filter(|(_, piece)| piece.iter().fold(false, |found, tail| found | (*tail == wanted)));
        let mut places = likely.flat_map(|(number, piece)| (number * 64..).take(piece.len()));
        places.find(|place| self.get(*place) == id)
    }
}

fn tail(id: Uuid) -> u32 {
    id.as_u128() as u32
}
