//! Of many persons at one door those who are alike are judged once: as if nothing had happened, the answer follows from what a person,
//! a card and the grants for the door are, and not from whose they are.

use std::collections::HashMap;

use super::{Asked, By, MayOpen};
use crate::policy::{CardToken, CardView, Holders, Holding, Likeness};

/// Answers that were found.
pub(super) struct Alike<'a> {
    asked: &'a Asked<'a>,
    holders: &'a Holders<'a>,
    /// What lets them pass, with the number of the grant among those for the door.
    known: HashMap<Likeness, Option<(By, usize)>>,
}

impl<'a> Alike<'a> {
    pub(super) fn new(asked: &'a Asked<'a>, holders: &'a Holders<'a>) -> Self {
        Self { asked, holders, known: HashMap::new() }
    }

    /// Whether a person may open the door, and how.
    pub(super) fn may_open(&mut self, holding: &Holding<'a>) -> Option<MayOpen> {
        let person = holding.person();
        // What happened to one did not happen to the other.
        if self.asked.state.is_some() || !person.is_active {
            return self.asked.may_open(&person);
        }
        for (number, (token, card)) in holding.cards().enumerate() {
            let Some(likeness) = self.holders.likeness(holding, number, self.asked.at) else {
                return self.asked.may_open(&person);
            };
            if let Some((by, number)) = self.pass(likeness, holding, token, card)
                && let Some(grant) = self.holders.grant(holding, number)
            {
                return Some(self.asked.told(person.id, card.id, &grant, by));
            }
        }
        None
    }

    fn pass(
        &mut self,
        likeness: Likeness,
        holding: &Holding<'a>,
        token: CardToken,
        card: CardView<'_>,
    ) -> Option<(By, usize)> {
        let found = || {
            let by = self.asked.pass(token, card)?;
            let number = (0..).map_while(|number| self.holders.grant(holding, number));
            Some((by, number.take_while(|grant| grant.id != by.grant).count()))
        };
        *self.known.entry(likeness).or_insert_with(found)
    }
}
