//! Counts what must never be. It looks at the strikes, at what lay on the disk and was synced, and at what the server has
//! stored; of the agent's own word it believes nothing.

use std::collections::{BTreeMap, BTreeSet};

use access_core::attempt::{Assurance, FactorResult};
use access_core::chain::{Digest, SignedRecord};
use access_core::event::{CommandOutcome, Decided, Decision, Event};
use access_core::ids::{AttemptId, DoorId};
use access_core::policy::{CardToken, Exit, PolicyRows, PolicyScope, Side};
use access_core::verdict::Outcome;
use oracle::Oracle;

use super::cards::must_prove;
use super::server::{Built, Known, RELEASE_MS, Server};

/// A strike that is energised for so much longer than its release is a wrong open, in milliseconds.
const OVERDUE_MS: u64 = 2_000;
/// A grant may be carried out so long after it was recorded, in milliseconds.
const LATE_MS: u64 = 2_000;
/// A card opens no door later than this, in milliseconds: the finger's time and what the disk may take.
const CARD_MS: u64 = 16_000;
/// An answer is waited for so long, in milliseconds.
const ANSWER_MS: u64 = access_core::protocol::ANSWER_WAIT_MS;
/// A decision whose record was synced at an instant was made so much before it at most, if its door was released.
const DECIDED_MS: u64 = 2_500;
/// A door of which the agent knows no rules is released for so long, in milliseconds.
const UNRULED_RELEASE_MS: u64 = 5_000;
/// A contact that tells that the leaf is closed is believed after this at the latest, in milliseconds.
const BELIEVED_MS: u64 = 50;

/// What was counted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Findings {
    pub(super) wrong_opens: u64,
    pub(super) unrecorded: u64,
    pub(super) lost: u64,
    pub(super) twice: u64,
    /// Releases that were as they must be: by a card, a command, a mode, and for somebody who leaves.
    pub(super) opens: [u64; 4],
    /// What it was, in words.
    pub(super) told: Vec<String>,
}

impl Findings {
    pub(super) fn is_clean(&self) -> bool {
        (self.wrong_opens, self.unrecorded, self.lost, self.twice) == (0, 0, 0, 0)
    }

    pub(super) fn add(&mut self, other: &Self) {
        self.wrong_opens += other.wrong_opens;
        self.unrecorded += other.unrecorded;
        self.lost += other.lost;
        self.twice += other.twice;
        self.opens.iter_mut().zip(other.opens).for_each(|(mine, theirs)| *mine += theirs);
        self.told.extend(other.told.iter().cloned());
    }
}

/// Something on the disk that releases a door.
struct Ground {
    at_ms: u64,
    /// In which run of the program it was recorded: in no other is it carried out.
    life: u64,
    door: usize,
    event: Event,
    was_used: bool,
}

#[derive(Default)]
struct Watched {
    /// By a grant or a command, not for somebody who leaves: since when it is energised.
    energised: Option<Energised>,
    /// The lines were lost since it was energised last.
    was_lost: bool,
    /// The request to exit: pressed, and when it was let go last.
    rex: (bool, Option<u64>),
    /// What the agent was told of its leaf last, and when: open, or not.
    contact: (bool, u64),
    /// Cards that were held to its readers and told there who they are: by a proof, if they can give one.
    cards: Vec<(u64, Side, CardToken)>,
    /// When it was told to be locked that stood unlocked.
    free_until_ms: Option<u64>,
}

#[derive(Clone, Copy)]
struct Energised {
    is_for_entry: bool,
    /// So long at least for somebody who leaves, as it was when it was energised.
    leaves_ms: u64,
    is_told: bool,
}

#[derive(Clone, Copy)]
struct GivenUp {
    at_ms: u64,
    /// In which run of the program it was told; the next knows it once it lies on the disk.
    life: u64,
    is_on_disk: bool,
    /// Newest version of the rules at that moment.
    version: u64,
}

/// The judge of one agent.
pub(super) struct Judge {
    agent: usize,
    doors: Vec<Built>,
    watched: Vec<Watched>,
    grounds: Vec<Ground>,
    /// The agent was told that it is refused: the rules it had then let nobody in any more.
    given_up: Option<GivenUp>,
    /// Matches that the sensor told, by attempt: the card of whoever's finger it was.
    pub(super) matches: BTreeMap<AttemptId, CardToken>,
    /// Everything that must be with the server in the end: by number, its hash.
    due: BTreeMap<u64, Digest>,
    pub(super) findings: Findings,
}

impl Judge {
    pub(super) fn new(agent: usize, doors: Vec<Built>) -> Self {
        let watched = doors.iter().map(|_| Watched::default()).collect();
        let (grounds, matches, due) = (Vec::new(), BTreeMap::new(), BTreeMap::new());
        Self { agent, doors, watched, grounds, given_up: None, matches, due, findings: Findings::default() }
    }

    fn tell(&mut self, at_ms: u64, what: &str) {
        let agent = self.agent;
        self.findings.told.push(format!("at {at_ms} ms, agent {agent}: {what}"));
    }

    /// Records were written and synced.
    pub(super) fn synced(&mut self, at_ms: u64, life: u64, records: &[SignedRecord]) {
        for signed in records {
            let Ok(record) = signed.read() else { continue };
            self.due.insert(record.seq, signed.hash());
            let is_ground = match &record.event {
                Event::Decision(decision) => decision.verdict.is_grant(),
                Event::CommandDone { outcome, .. } => *outcome == CommandOutcome::CarriedOut,
                Event::FreeBegan { .. } => true,
                _ => false,
            };
            let door = self.doors.iter().position(|door| Some(door.id) == record.event.door());
            if let Some(door) = door.filter(|_| is_ground) {
                self.grounds.push(Ground { at_ms, life, door, event: record.event, was_used: false });
            }
        }
        self.grounds.retain(|ground| matches!(ground.event, Event::FreeBegan { .. }) || ground.at_ms + 60_000 > at_ms);
    }

    pub(super) fn card(&mut self, at_ms: u64, door: usize, side: Side, token: CardToken) {
        let cards = &mut self.watched[door].cards;
        cards.retain(|(at, _, _)| at + CARD_MS > at_ms);
        cards.push((at_ms, side, token));
    }

    pub(super) fn rex(&mut self, at_ms: u64, door: usize, is_pressed: bool) {
        self.watched[door].rex = (is_pressed, Some(at_ms));
    }

    /// The agent is told how a leaf stands.
    pub(super) fn contact(&mut self, at_ms: u64, door: usize, is_open: bool) {
        let contact = &mut self.watched[door].contact;
        if contact.0 != is_open {
            *contact = (is_open, at_ms);
        }
    }

    /// The agent was told that the server refuses it, when this was the newest version of its rules.
    pub(super) fn refused(&mut self, at_ms: u64, life: u64, version: u64) {
        let is_on_disk = self.given_up.is_some_and(|before| before.is_on_disk && before.version == version);
        self.given_up = Some(GivenUp { at_ms, life, is_on_disk, version });
    }

    /// That the rules were given up lies on the disk.
    pub(super) fn gave_up(&mut self, life: u64) {
        if let Some(given_up) = self.given_up.as_mut().filter(|given_up| given_up.life == life) {
            given_up.is_on_disk = true;
        }
    }

    pub(super) fn lines_lost(&mut self, door: usize) {
        self.watched[door].was_lost = true;
        self.watched[door].energised = None;
    }

    /// A strike took a level.
    pub(super) fn strike(&mut self, at_ms: u64, life: u64, door: usize, is_energised: bool, server: &Server) {
        if !is_energised {
            self.watched[door].energised = None;
            return;
        }
        if self.watched[door].energised.is_some() {
            return;
        }
        let leaves_ms = self.leaves_until(at_ms, door, server);
        let leaves = leaves_ms > at_ms;
        // Rules that come meanwhile end no release that began without.
        let is_unruled = server.agents[self.agent].confirmed.is_empty();
        let release_ms = if is_unruled { UNRULED_RELEASE_MS } else { u64::from(RELEASE_MS) };
        let leaves_ms = if leaves { leaves_ms + release_ms + OVERDUE_MS } else { 0 };
        self.watched[door].energised = Some(Energised { is_for_entry: !leaves, leaves_ms, is_told: false });
        if leaves {
            self.findings.opens[3] += 1;
            return;
        }
        let may_repeat = std::mem::take(&mut self.watched[door].was_lost);
        let standing = |ground: &&mut Ground| {
            ground.door == door && ground.life == life && (!ground.was_used || may_repeat || is_free(&ground.event))
        };
        let known = &server.agents[self.agent];
        let (cards, matches) = (&self.watched[door].cards, &self.matches);
        let mut why = None;
        let mut found = false;
        let mut is_let_out = false;
        let mut spent = None;
        for ground in self.grounds.iter_mut().rev().filter(|ground| standing(ground)) {
            if at_ms > until(ground, server, known) {
                continue;
            }
            // One that is carried out again, because the lines were away, was in time the first time.
            let is_late = !may_repeat && is_late(at_ms, ground, known);
            let refused = refusal(at_ms, ground, self.doors[door], cards, matches, server, known);
            let is_given_up = self.given_up.is_some_and(|given_up| given_up.forbids(ground));
            let refused = refused.or(is_given_up.then(|| "the agent was refused, and went by what it had".to_owned()));
            match refused.or(is_late.then(|| "it was decided too long ago".to_owned())) {
                None => {
                    ground.was_used = true;
                    let kind = match &ground.event {
                        Event::Decision(_) => 0,
                        Event::CommandDone { .. } => 1,
                        _ => 2,
                    };
                    self.findings.opens[kind] += 1;
                    found = true;
                    if let Event::Decision(decision) = &ground.event {
                        spent = Some((ground.at_ms, decision.attempt.side, decision.attempt.card));
                    }
                    is_let_out =
                        matches!(&ground.event, Event::Decision(decision) if decision.attempt.side == Side::Out);
                    break;
                }
                Some(wrong) => why = Some(wrong),
            }
        }
        // By what was held there until then nothing is opened again: another card of the same name has nothing to hide behind.
        if let Some((until_ms, side, card)) = spent {
            self.watched[door].cards.retain(|(at, of, held)| (*of, *held) != (side, card) || *at > until_ms);
        }
        if !found {
            match why {
                Some(why) => {
                    self.findings.wrong_opens += 1;
                    self.tell(at_ms, &format!("door {door} was released wrongly: {why}"));
                }
                None => {
                    self.findings.unrecorded += 1;
                    self.tell(at_ms, &format!("door {door} was released and nothing on the disk says why"));
                }
            }
        }
        let others = self.watched.iter().enumerate().filter(|(other, _)| *other != door);
        let is_airlock = self.agent == 0 && self.doors.len() > 1;
        // Contacts that contradict the rule keep nobody from leaving by their card.
        let may_be_open = |watched: &&Watched| watched.contact.0 || watched.contact.1 + BELIEVED_MS > at_ms;
        let is_contradiction = self.watched.iter().filter(may_be_open).count() >= 2;
        if is_airlock
            && !(is_let_out && is_contradiction)
            && others.filter_map(|(_, other)| other.energised).any(|other| other.is_for_entry)
        {
            self.findings.wrong_opens += 1;
            self.tell(at_ms, &format!("door {door} was released while the airlock's other door was"));
        }
    }

    /// Time has passed: is any strike energised for too long?
    pub(super) fn look(&mut self, at_ms: u64, life: u64, server: &Server) {
        let known = &server.agents[self.agent];
        for door in 0..self.doors.len() {
            let is_free = self.is_free(door, server, known);
            let watched = &mut self.watched[door];
            match (is_free, watched.free_until_ms) {
                (true, _) => watched.free_until_ms = Some(u64::MAX),
                (false, Some(u64::MAX)) => watched.free_until_ms = Some(at_ms),
                _ => {}
            }
            let Some(energised) = watched.energised.filter(|energised| !energised.is_told) else { continue };
            let grounds = self.grounds.iter().filter(|ground| ground.door == door && ground.life == life);
            let by_record = grounds.map(|ground| until(ground, server, known)).max().unwrap_or(0);
            let free_ms = self.watched[door].free_until_ms.map_or(0, |at| at.saturating_add(OVERDUE_MS));
            let leaves_ms = self.leaves_until(at_ms, door, server).max(energised.leaves_ms);
            let until_ms = by_record.max(free_ms).max(leaves_ms);
            let is_told = at_ms > until_ms;
            self.watched[door].energised = Some(Energised { leaves_ms, is_told, ..energised });
            if is_told {
                self.findings.wrong_opens += 1;
                self.tell(at_ms, &format!("door {door} stayed released beyond {until_ms} ms"));
            }
        }
    }

    fn is_free(&self, door: usize, server: &Server, known: &Known) -> bool {
        self.grounds.iter().any(|ground| {
            ground.door == door
                && is_free(&ground.event)
                && may_be_free(self.doors[door].id, server, known.standing_by(u64::MAX))
        })
    }

    /// Until when the strike may be energised for somebody who leaves.
    fn leaves_until(&self, at_ms: u64, door: usize, server: &Server) -> u64 {
        let known = &server.agents[self.agent];
        // A door of which the agent knows no rules lets people out.
        if self.doors[door].exit != Exit::BySystem && !known.confirmed.is_empty() {
            return 0;
        }
        let release_ms = u64::from(RELEASE_MS).max(UNRULED_RELEASE_MS);
        let watched = &self.watched[door];
        let by_request = match watched.rex {
            (true, _) => at_ms + 1,
            (false, let_go) => let_go.map_or(0, |let_go| let_go + release_ms + OVERDUE_MS),
        };
        let out = watched.cards.iter().filter(|(_, side, _)| *side == Side::Out);
        let by_card = out.map(|(at, _, _)| at + LATE_MS + release_ms + OVERDUE_MS).max().unwrap_or(0);
        by_request.max(by_card)
    }

    /// Number of the newest record that must be with the server in the end.
    pub(super) fn newest_due(&self) -> u64 {
        self.due.last_key_value().map_or(0, |(seq, _)| *seq)
    }

    /// Everything has healed and come to rest: what of it is in the server's log? How it came there is not asked.
    pub(super) fn end(&mut self, at_ms: u64, log: &[SignedRecord]) {
        let (mut places, mut held) = (BTreeSet::new(), BTreeSet::new());
        for signed in log {
            let Ok(record) = signed.read() else { continue };
            held.insert((record.seq, signed.hash()));
            if !places.insert((record.epoch, record.seq)) {
                self.findings.twice += 1;
                self.tell(at_ms, &format!("record {} is stored twice", record.seq));
            }
        }
        let lost: Vec<u64> =
            self.due.iter().filter(|(seq, hash)| !held.contains(&(**seq, **hash))).map(|(seq, _)| *seq).collect();
        if let (Some(first), Some(last)) = (lost.first(), lost.last()) {
            self.findings.lost += lost.len() as u64;
            self.tell(at_ms, &format!("{} records between {first} and {last} never arrived", lost.len()));
        }
    }

    /// The server says that what came contradicts what it has.
    pub(super) fn contradicted(&mut self, at_ms: u64, why: &str) {
        self.findings.lost += 1;
        self.tell(at_ms, &format!("the server refused a record: {why}"));
    }
}

impl GivenUp {
    /// Whether it is a grant to enter by rules that were given up, and the program knew that.
    fn forbids(&self, ground: &Ground) -> bool {
        let Event::Decision(decision) = &ground.event else { return false };
        decision.decided == Decided::Offline
            && decision.attempt.side == Side::In
            && decision.verdict.policy_version <= self.version
            && ground.at_ms > self.at_ms + DECIDED_MS
            && (ground.life == self.life || self.is_on_disk)
    }
}

fn is_free(event: &Event) -> bool {
    matches!(event, Event::FreeBegan { .. })
}

/// Whether it is too long ago that the ground was recorded, or the server decided it.
fn is_late(at_ms: u64, ground: &Ground, known: &Known) -> bool {
    let decided_ms = match &ground.event {
        Event::Decision(decision) if decision.decided == Decided::Online => {
            let answers = known.answers.get(&decision.attempt.id).into_iter().flatten();
            answers.filter(|(_, given)| given.verdict == decision.verdict).map(|(at, _)| at + ANSWER_MS).max()
        }
        Event::FreeBegan { .. } => return false,
        _ => None,
    };
    at_ms > ground.at_ms.min(decided_ms.unwrap_or(u64::MAX)) + LATE_MS
}

/// Whether anything that operators set says so of what the agent may go by: what it had confirmed, or anything newer.
fn may_be_free(door: DoorId, server: &Server, confirmed: u64) -> bool {
    let is_locked = server.locked_since.is_some_and(|since| confirmed >= since);
    let until = |until: Option<u64>| until.is_none_or(|until| until > confirmed);
    !is_locked && server.freed.iter().any(|(of, _, ended)| *of == door && until(*ended))
}

/// Until when a strike may be energised on that ground.
fn until(ground: &Ground, server: &Server, known: &Known) -> u64 {
    let for_ms = |release_ms: u32| ground.at_ms + LATE_MS + u64::from(release_ms) + OVERDUE_MS;
    match &ground.event {
        Event::Decision(decision) => for_ms(decision.release_ms().unwrap_or(0)),
        Event::CommandDone { release_ms, .. } => for_ms(*release_ms),
        Event::FreeBegan { door, .. } if may_be_free(*door, server, known.standing_by(u64::MAX)) => u64::MAX,
        _ => 0,
    }
}

/// Why a door may not be released on that ground.
fn refusal(
    at_ms: u64,
    ground: &Ground,
    door: Built,
    cards: &[(u64, Side, CardToken)],
    matches: &BTreeMap<AttemptId, CardToken>,
    server: &Server,
    known: &Known,
) -> Option<String> {
    let is_locked = server.locked_since.is_some_and(|since| known.standing_by(u64::MAX) >= since);
    match &ground.event {
        Event::Decision(decision) => {
            let attempt = &decision.attempt;
            let is_held = |(at, side, card): &(u64, Side, CardToken)| {
                (*side, *card) == (attempt.side, attempt.card) && at + CARD_MS > at_ms
            };
            if !ground.was_used && !cards.iter().any(is_held) {
                return Some("nobody held that card to that reader".to_owned());
            }
            let is_match = matches!(attempt.finger, Some(FactorResult::Matched | FactorResult::MatchedDuress));
            if must_prove(attempt.card) && attempt.assurance != Assurance::Authenticated {
                return Some("that card did not prove itself".to_owned());
            }
            if is_match && matches.get(&attempt.id) != Some(&attempt.card) {
                return Some("no finger of its holder was matched for it".to_owned());
            }
            // It stands unlocked for a decision, not for the release that follows: a mode may end between them.
            let decided_ms = ground.at_ms.saturating_sub(DECIDED_MS);
            let is_unlocked = may_be_free(door.id, server, known.standing_by(decided_ms));
            if door.wants_finger && attempt.side == Side::In && !is_match && !is_unlocked {
                return Some("no finger was shown".to_owned());
            }
            if is_locked && attempt.side == Side::In {
                return Some("the door was locked down, and the agent had confirmed it".to_owned());
            }
            disagreement(ground.at_ms, decision, known)
        }
        Event::CommandDone { command, .. } => {
            (!known.commands.contains(command)).then(|| "nobody gave that command".to_owned())
        }
        _ => None,
    }
}

/// What is wrong with a grant by the rules that were in force at the door.
fn disagreement(at_ms: u64, decision: &Decision, known: &Known) -> Option<String> {
    let version = decision.verdict.policy_version;
    let Some((rows, usable_until)) = known.rules.get(&version) else {
        return Some(format!("version {version} of the rules is not the server's"));
    };
    let rows = match decision.decided {
        Decided::Online => {
            let mut given = known.answers.get(&decision.attempt.id).into_iter().flatten();
            if !given.any(|(_, given)| given.verdict == decision.verdict && given.attempt == decision.attempt) {
                return Some("the server never answered so".to_owned());
            }
            PolicyRows { scope: PolicyScope::Whole, ..rows.clone() }
        }
        Decided::Offline => {
            let by_then = known.confirmed.iter().filter(|(heard_ms, _)| heard_ms + DECIDED_MS < at_ms);
            let least = by_then.map(|(_, version)| *version).max().unwrap_or(0);
            if version < least {
                return Some(format!("it was decided by version {version}, and the agent had confirmed {least}"));
            }
            rows.clone()
        }
    };
    let usable_until = (decision.decided == Decided::Offline).then_some(*usable_until);
    let answer = Oracle { rows: &rows, usable_until }.judge(&decision.circumstances, &decision.attempt);
    let is_granted = matches!(answer.outcome, Outcome::Grant { .. });
    (!is_granted || !answer.differences(&decision.verdict).is_empty()).then(|| format!("the oracle says {answer:?}"))
}

#[test]
fn what_stands_twice_in_the_log_is_counted_and_what_is_missing() {
    use access_core::UnixMs;
    use access_core::attempt::ClockTrust;
    use access_core::chain::{Chaining, Head};
    use access_core::event::Author;
    let mut chaining = Chaining::after(Head::start_of(1));
    let (author, clock) = (Author::Agent(super::server::id(7)), ClockTrust::Trusted);
    (0..3).for_each(|at| chaining.push(author, UnixMs(at), clock, Event::AgentStopped));
    let records = chaining.signed(vec![[0; 64]; 3]).into_records();
    let counted = |log: &[usize]| {
        let mut judge = Judge::new(0, Vec::new());
        judge.synced(0, 1, &records);
        judge.end(1, &log.iter().map(|place| records[*place].clone()).collect::<Vec<_>>());
        (judge.findings.lost, judge.findings.twice)
    };
    assert_eq!(counted(&[0, 1, 2]), (0, 0));
    assert_eq!(counted(&[0, 1, 0, 2, 0]), (0, 2));
    assert_eq!(counted(&[0, 2]), (1, 0));
}
