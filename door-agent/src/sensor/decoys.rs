//! Decoys among the templates of one comparison, and what the scores then mean. Pure; chance comes from the caller.

use hardware::finger::Template;

use crate::door::FingerOutcome;
use crate::policy_store::Finger;

/// One comparison in so many has a decoy.
const ONE_IN: u32 = 4;

/// What a template in a comparison is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    Real { is_duress: bool },
    Decoy,
}

/// The templates of one comparison, in the order in which they are compared.
#[derive(Debug)]
pub(super) struct Lineup {
    pub(super) templates: Vec<Template>,
    roles: Vec<Role>,
}

/// What came of a comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    Outcome(FingerOutcome),
    /// The sensor said that the finger is like a decoy.
    Caught,
}

impl Lineup {
    /// The person's templates, and now and then a decoy in a place among them that nobody can foresee. `dice(n)` answers a number
    /// below n.
    pub(super) fn new(fingers: Vec<Finger>, decoys: &[Template], dice: impl Fn(u32) -> u32) -> Self {
        let of_person = fingers.into_iter().map(|Finger { template, is_duress }| (template, Role::Real { is_duress }));
        let mut compared: Vec<(Template, Role)> = of_person.collect();
        // A person has a handful of fingers and a sensor a few decoys.
        let below = |most: usize| dice(u32::try_from(most).unwrap_or(u32::MAX)) as usize;
        if !decoys.is_empty() && dice(ONE_IN) == 0 {
            let decoy = decoys[below(decoys.len()).min(decoys.len() - 1)].clone();
            let place = below(compared.len() + 1).min(compared.len());
            compared.insert(place, (decoy, Role::Decoy));
        }
        let (templates, roles) = compared.into_iter().unzip();
        Self { templates, roles }
    }

    /// What the scores of the templates mean. If the finger is like several, one of them a sign of duress, it is that sign:
    /// whoever gives it must not be overlooked. One that is like a decoy too proves nothing but that the sensor lies.
    pub(super) fn meaning(&self, scores: &[Option<u16>]) -> Meaning {
        let alike = |wanted: fn(Role) -> bool| {
            scores.iter().zip(&self.roles).any(|(score, role)| score.is_some() && wanted(*role))
        };
        if alike(|role| role == Role::Decoy) {
            Meaning::Caught
        } else if alike(|role| role == Role::Real { is_duress: true }) {
            Meaning::Outcome(FingerOutcome::MatchedDuress)
        } else if alike(|_| true) {
            Meaning::Outcome(FingerOutcome::Matched)
        } else {
            Meaning::Outcome(FingerOutcome::NotMatched)
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::collections::BTreeSet;

    use super::*;

    fn template(number: u8) -> Template {
        Template::new(vec![number]).unwrap()
    }

    fn fingers() -> Vec<Finger> {
        [(1, false), (2, true), (3, false)]
            .map(|(number, is_duress)| Finger { template: template(number), is_duress })
            .to_vec()
    }

    #[test]
    fn a_sign_of_duress_is_never_overlooked_and_a_liar_never_believed() {
        use FingerOutcome::{Matched, MatchedDuress, NotMatched};
        let plain = Lineup::new(fingers(), &[template(9)], |_| 1);
        assert_eq!(plain.templates.len(), 3);
        for (scores, expected) in [
            ([Some(90), None, None], Matched),
            ([None, Some(10), None], MatchedDuress),
            ([None, None, Some(90)], Matched),
            ([Some(90), Some(10), None], MatchedDuress),
            ([None, None, None], NotMatched),
        ] {
            assert_eq!(plain.meaning(&scores), Meaning::Outcome(expected), "{scores:?}");
        }
        let with_decoy = Lineup::new(fingers(), &[template(9)], |_| 0);
        for (scores, expected) in [
            ([None, Some(90), None, None], Meaning::Outcome(Matched)),
            ([None, None, Some(90), None], Meaning::Outcome(MatchedDuress)),
            ([None, None, None, None], Meaning::Outcome(NotMatched)),
            ([Some(1), None, None, None], Meaning::Caught),
            ([Some(90), Some(90), Some(90), Some(90)], Meaning::Caught),
        ] {
            assert_eq!(with_decoy.meaning(&scores), expected, "{scores:?}");
        }
    }

    #[test]
    fn a_decoy_stands_in_any_place_and_is_any_of_them_and_seldom_there() {
        let decoys = [template(8), template(9)];
        let (mut places, mut which) = (BTreeSet::new(), BTreeSet::new());
        let count = Cell::new(0_u32);
        let mut with_decoy = 0;
        for _ in 0..400 {
            // Counts through all that dice can show.
            let dice = |most: u32| {
                count.set(count.get().wrapping_mul(1_664_525).wrapping_add(1_013_904_223));
                (count.get() >> 8) % most
            };
            let lineup = Lineup::new(fingers(), &decoys, dice);
            let real: Vec<_> = lineup.templates.iter().filter(|template| !decoys.contains(template)).collect();
            assert_eq!(real, fingers().iter().map(|finger| &finger.template).collect::<Vec<_>>(), "in their order");
            if let Some(place) = lineup.roles.iter().position(|role| *role == Role::Decoy) {
                with_decoy += 1;
                places.insert(place);
                which.insert(lineup.templates[place].as_bytes().to_vec());
            }
        }
        assert!((60..140).contains(&with_decoy), "{with_decoy} of 400");
        assert_eq!(places, BTreeSet::from([0, 1, 2, 3]));
        assert_eq!(which.len(), 2);
        assert_eq!(Lineup::new(fingers(), &[], |_| 0).templates.len(), 3, "a sensor without decoys");
    }
}
