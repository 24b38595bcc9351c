//! Counts what must never be, from what the [`Model`](super::model) saw and what the server has stored.
//!
//! A strike that was energised must have a ground in the log: a decision that the oracle calls right by the rules in force at
//! that door, on a card that was there, with a finger that was there where the door wants one; or a release that staff
//! ordered; or, where people leave by this system only, a request to exit. It must end by what its ground says, and
//! 2 s. Whatever lay on an agent's disk when its program had ended must be stored, each record once, in an unbroken chain.

use std::collections::{BTreeMap, BTreeSet};

use access_core::attempt::FactorResult;
use access_core::chain::{Digest, Head, SignedRecord, follows};
use access_core::event::{Author, CommandOutcome, Decided, Decision, Event, Record};
use access_core::ids::{AgentId, CommandId, TenantId};
use access_core::policy::{FactorDemand, PolicyRows, PolicyScope};
use access_core::verdict::Outcome;
use anyhow::Context as _;
use oracle::Oracle;
use sqlx::PgConnection;

use super::model::{AtDoor, Door, Seen, Span};
use super::site::{PERSONS, RELEASE_MS, card};

/// A strike that is energised for so much longer than its release is a wrong open, in milliseconds.
const OVERDUE_MS: i64 = 2_000;
/// A grant may be carried out so long after it was recorded, in milliseconds.
const LATE_MS: i64 = 2_000;
/// The machine's clock was read twice for one instant, by two programs; in milliseconds.
const CLOCKS_MS: i64 = 500;
/// A card, or a finger, was there this long before the record at most, in milliseconds: a finger is waited for, a server too.
const SHOWN_MS: i64 = 14_000;
/// A saved change is in force at a server that runs after this, in milliseconds.
const IN_FORCE_MS: i64 = 2_000;

/// What was counted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Findings {
    /// Doors that were released against the rules, or for too long.
    pub wrong_opens: u64,
    /// Doors that were released without a record of why.
    pub unrecorded: u64,
    /// Records that lay on a disk, or stand between others, and are not stored.
    pub lost: u64,
    /// Records, or decisions of an attempt, that are stored more than once.
    pub twice: u64,
    /// Releases that were as they must be: by card, by command, for leaving.
    pub opens: [u64; 3],
    /// What it was, in words.
    pub told: Vec<String>,
}

impl Findings {
    /// Whether nothing was found.
    pub fn is_clean(&self) -> bool {
        (self.wrong_opens, self.unrecorded, self.lost, self.twice) == (0, 0, 0, 0)
    }

    /// Adds what was found elsewhere.
    pub fn add(&mut self, other: Self) {
        self.wrong_opens += other.wrong_opens;
        self.unrecorded += other.unrecorded;
        self.lost += other.lost;
        self.twice += other.twice;
        self.opens.iter_mut().zip(other.opens).for_each(|(mine, theirs)| *mine += theirs);
        self.told.extend(other.told);
    }
}

/// What the server has stored: of each agent its records, in the log's order.
pub type Stored = BTreeMap<AgentId, Vec<SignedRecord>>;

/// Reads what is stored of every agent, in the log and on the way to it.
pub async fn stored(db: &mut PgConnection, tenant: TenantId) -> anyhow::Result<Stored> {
    let rows: Vec<(Vec<u8>, Vec<u8>)> = sqlx::query_as(
        "SELECT record, signature FROM (
            SELECT 0 AS part, position AS place, record, signature FROM log_events WHERE tenant_id = $1
            UNION ALL
            SELECT 1, place, record, signature FROM log_outbox WHERE tenant_id = $1 AND record IS NOT NULL
         ) AS all_of_them ORDER BY part, place",
    )
    .bind(tenant.as_uuid())
    .fetch_all(db)
    .await?;
    let mut stored = Stored::new();
    for (bytes, signature) in rows {
        let signature = signature.as_slice().try_into().context("a signature's length")?;
        let signed = SignedRecord { bytes, signature };
        if let Author::Agent(agent) = signed.read()?.author {
            stored.entry(agent).or_default().push(signed);
        }
    }
    Ok(stored)
}

/// What releases a door, as it is recorded.
struct Ground<'a> {
    at: i64,
    release_ms: i64,
    /// In the agent's chain: the version that it had said to be in force before.
    in_force: u64,
    why: Why<'a>,
    was_used: bool,
}

enum Why<'a> {
    Decision(&'a Decision),
    Command(CommandId),
}

/// Judges a run: `agents` are those of the model, in its order.
pub fn judge(doors: &[Door], seen: &Seen, agents: &[AgentId], stored: &Stored) -> anyhow::Result<Findings> {
    let mut findings = Findings::default();
    let none = Vec::new();
    let mut unsure = seen.commands_unsure;
    for (number, agent) in agents.iter().enumerate() {
        let of_agent = stored.get(agent).unwrap_or(&none);
        let records = of_agent.iter().map(SignedRecord::read).collect::<Result<Vec<Record>, _>>()?;
        findings.add(chain(of_agent, &records, &seen.on_disk[number], number));
        for (door, at) in doors.iter().zip(&seen.doors).filter(|(door, _)| door.agent == number) {
            findings.add(door_of(door, at, &records, seen, &mut unsure));
        }
    }
    Ok(findings)
}

/// Each once, none missing, and what lay on the disk among them.
fn chain(
    signed: &[SignedRecord],
    records: &[Record],
    on_disk: &BTreeSet<(u32, u64, Digest)>,
    number: usize,
) -> Findings {
    let mut findings = Findings::default();
    let mut tell = |count: &mut u64, what: String| {
        *count += 1;
        findings.told.push(format!("agent {number}: {what}"));
    };
    let (mut lost, mut twice) = (0, 0);
    let (mut seen, mut attempts) = (BTreeSet::new(), BTreeSet::new());
    let mut head: Option<Head> = None;
    for (signed, record) in signed.iter().zip(records) {
        if !seen.insert((record.epoch, record.seq)) {
            tell(&mut twice, format!("record {} is stored twice", record.seq));
            continue;
        }
        if let Event::Decision(decision) = &record.event
            && !attempts.insert(decision.attempt.id)
        {
            tell(&mut twice, format!("attempt {} is decided twice", decision.attempt.id));
        }
        let before = head.unwrap_or(Head::start_of(record.epoch));
        if let Err(error) = follows(&before, record) {
            tell(&mut lost, error.to_string());
        }
        head = Some(signed.head(record));
    }
    let stored: BTreeSet<_> =
        signed.iter().zip(records).map(|(signed, record)| (record.epoch, record.seq, signed.hash())).collect();
    for (_, seq, _) in on_disk.difference(&stored) {
        tell(&mut lost, format!("record {seq} lay on the disk and is not stored"));
    }
    (findings.lost, findings.twice) = (lost, twice);
    findings
}

/// What releases a door, in the order of its agent's records.
fn grounds<'a>(door: &Door, records: &'a [Record]) -> Vec<Ground<'a>> {
    let mut in_force = 0;
    let mut grounds = Vec::new();
    for record in records {
        let (why, release_ms) = match &record.event {
            Event::PolicyInForce { version } => {
                in_force = *version;
                continue;
            }
            Event::Decision(decision) if decision.attempt.door == door.id => match decision.release_ms() {
                Some(release_ms) => (Why::Decision(decision), release_ms),
                None => continue,
            },
            Event::CommandDone { command, door: of, outcome: CommandOutcome::CarriedOut, release_ms }
                if *of == door.id =>
            {
                (Why::Command(*command), *release_ms)
            }
            _ => continue,
        };
        grounds.push(Ground { at: record.at.0, release_ms: release_ms.into(), in_force, why, was_used: false });
    }
    grounds
}

/// Every release of a door, and what stands behind it.
fn door_of(door: &Door, at: &AtDoor, records: &[Record], seen: &Seen, unsure: &mut usize) -> Findings {
    let mut findings = Findings::default();
    let mut grounds = grounds(door, records);
    let began_by = begun_by(&mut grounds, at);
    for (release, began_by) in at.releases.iter().zip(began_by) {
        let (from, to) = (release.from, release.to.unwrap_or(i64::MAX));
        let told = |what: &str| format!("{}: released at {from} for {} ms: {what}", door.name, to.saturating_sub(from));
        let release_ms = i64::from(RELEASE_MS);
        // Until when it may be energised for somebody who leaves.
        let leaving = at.exits.iter().filter(|exit| door.is_left_by_system && exit.from <= to);
        let leaving =
            leaving.map(|exit| exit.to.unwrap_or(i64::MAX)).filter(|end| end + release_ms + CLOCKS_MS >= from);
        let leaving = leaving.max().map(|end| end.saturating_add(release_ms + OVERDUE_MS));
        let mut until = leaving;
        if let Some(ground) = began_by.map(|place| &grounds[place]) {
            match objection(ground, door, at, seen, unsure) {
                None => findings.opens[usize::from(matches!(ground.why, Why::Command(_)))] += 1,
                Some(why) => {
                    findings.wrong_opens += 1;
                    findings.told.push(told(&why));
                }
            }
            until = until.max(Some(from + ground.release_ms + OVERDUE_MS));
        } else if leaving.is_some() {
            findings.opens[2] += 1;
        } else if let Some(ground) = grounds.iter().find(|ground| again(ground, at, from)) {
            // It was energised before, and its lines were away in between.
            until = Some(ground.at + LATE_MS + ground.release_ms + OVERDUE_MS);
        } else {
            findings.unrecorded += 1;
            findings
                .told
                .push(told(&format!("nothing that is stored says why; {}", around(from, &grounds, at, seen, door))));
            continue;
        }
        // Whoever else was let in meanwhile prolongs it, but not beyond the end of the program that released the door.
        let ended = seen.ends[door.agent].iter().copied().find(|end| (from..to).contains(end)).unwrap_or(to);
        let others = grounds.iter_mut().filter(|ground| !ground.was_used && ground.at > from && ground.at <= ended);
        for ground in others {
            ground.was_used = true;
            until = until.max(Some(ground.at + LATE_MS + ground.release_ms + OVERDUE_MS));
        }
        if until.is_some_and(|until| to > until) {
            findings.wrong_opens += 1;
            findings.told.push(told("for too long"));
        }
    }
    findings
}

/// By release: the ground that it began by, the nearest that began no other. What is left over can but prolong; a grant that
/// is recorded in a release's last moments, as far as two clocks tell them, may begin the next one.
fn begun_by(grounds: &mut [Ground<'_>], at: &AtDoor) -> Vec<Option<usize>> {
    let of_release = |release: &Span| {
        let prolongs = |ground: &Ground<'_>| {
            let is_within =
                |earlier: &Span| earlier.from < ground.at && earlier.to.is_none_or(|end| ground.at < end - CLOCKS_MS);
            at.releases.iter().filter(|earlier| earlier.from < release.from).any(is_within)
        };
        let near = |ground: &Ground<'_>| ground.at - CLOCKS_MS..=ground.at + LATE_MS + CLOCKS_MS;
        let free = grounds.iter_mut().enumerate().filter(|(_, ground)| !ground.was_used);
        let at_hand = free.filter(|(_, ground)| near(ground).contains(&release.from) && !prolongs(ground));
        let (place, ground) = at_hand.min_by_key(|(_, ground)| ground.at.abs_diff(release.from))?;
        ground.was_used = true;
        Some(place)
    };
    at.releases.iter().map(of_release).collect()
}

/// What lay near a release that nothing explains, in milliseconds from its begin.
fn around(from: i64, grounds: &[Ground<'_>], at: &AtDoor, seen: &Seen, door: &Door) -> String {
    let is_near = |instant: i64| (from - SHOWN_MS..=from + LATE_MS).contains(&instant);
    let since = |instants: &mut dyn Iterator<Item = i64>| -> Vec<i64> {
        instants.filter(|instant| is_near(*instant)).map(|instant| instant - from).collect()
    };
    format!(
        "grounds at {:?}, releases at {:?} until {:?}, lines cut at {:?}, exits at {:?}, program ended at {:?}",
        since(&mut grounds.iter().map(|ground| ground.at)),
        since(&mut at.releases.iter().map(|release| release.from)),
        since(&mut at.releases.iter().filter_map(|release| release.to)),
        since(&mut at.cuts.iter().copied()),
        since(&mut at.exits.iter().map(|exit| exit.from)),
        since(&mut seen.ends[door.agent].iter().copied()),
    )
}

/// Whether a release that was carried out is carried out again, because its lines were cut meanwhile.
fn again(ground: &Ground<'_>, at: &AtDoor, from: i64) -> bool {
    let until = ground.at + LATE_MS + ground.release_ms;
    (ground.at..=until).contains(&from) && at.cuts.iter().any(|cut| (ground.at - CLOCKS_MS..=from).contains(cut))
}

/// Why a door may not be released on this ground.
fn objection(ground: &Ground<'_>, door: &Door, at: &AtDoor, seen: &Seen, unsure: &mut usize) -> Option<String> {
    let decision = match &ground.why {
        Why::Decision(decision) => decision,
        Why::Command(command) if seen.commands.contains(command) => return None,
        Why::Command(_) if *unsure > 0 => {
            *unsure -= 1;
            return None;
        }
        Why::Command(command) => return Some(format!("nobody gave command {command}")),
    };
    let version = decision.verdict.policy_version;
    let Some((_, rows)) = seen.rules.get(&version) else {
        return Some(format!("version {version} of the rules was never saved"));
    };
    let least = match decision.decided {
        Decided::Offline => ground.in_force,
        Decided::Online => {
            let saved = seen.rules.iter().filter(|(_, (saved, _))| saved + IN_FORCE_MS < decision.attempt.at.0);
            saved.map(|(version, _)| *version).max().unwrap_or(0)
        }
    };
    if version < least {
        return Some(format!("decided {} by version {version}, and {least} was in force", decision.decided));
    }
    let shown = |spans: &[Span], what: &str| {
        let from = ground.at - SHOWN_MS;
        spans.iter().any(|span| span.what == what && span.meets(from, ground.at + CLOCKS_MS))
    };
    let Some(number) = holder(decision, rows, door, seen) else { return Some("nobody's card".to_owned()) };
    if !shown(&at.cards, &card(door.name, number)) {
        return Some(format!("card {number} was not there"));
    }
    let wants_finger = rows.doors.iter().any(|rule| rule.id == door.id && rule.factors_in == FactorDemand::CardFinger);
    let is_matched = decision.attempt.finger == Some(FactorResult::Matched);
    if wants_finger && !(is_matched && shown(&at.fingers, &card(door.name, number))) {
        return Some(format!("finger {number} was not there"));
    }
    let rows = PolicyRows { scope: PolicyScope::Whole, ..rows.clone() };
    let answer = Oracle { rows: &rows, usable_until: None }.judge(&decision.circumstances, &decision.attempt);
    let is_granted = matches!(answer.outcome, Outcome::Grant { .. });
    let differences = answer.differences(&decision.verdict);
    (!is_granted || !differences.is_empty()).then(|| format!("the oracle says {answer:?}"))
}

/// Which of the door's persons the decision let in.
fn holder(decision: &Decision, rows: &PolicyRows, door: &Door, seen: &Seen) -> Option<usize> {
    let credential = rows.credentials.iter().find(|credential| credential.token == decision.attempt.card)?;
    (0..PERSONS).find(|number| seen.persons.get(&(door.id, *number)) == Some(&credential.person))
}

#[cfg(test)]
mod tests {
    use access_core::attempt::ClockTrust;
    use access_core::ids::DoorId;
    use access_core::time::UnixMs;
    use uuid::Uuid;

    use super::*;

    fn id(at: i64) -> CommandId {
        CommandId::from_uuid(Uuid::from_u128(at.unsigned_abs().into()))
    }

    fn span(from: i64, to: i64) -> Span {
        Span { what: "strike".to_owned(), from, to: Some(to) }
    }

    fn commands(instants: &[i64]) -> (Door, Vec<Record>) {
        let door =
            Door { name: "store", id: DoorId::from_uuid(Uuid::from_u128(1)), agent: 0, is_left_by_system: false };
        let done = |at| Event::CommandDone {
            command: id(at),
            door: door.id,
            outcome: CommandOutcome::CarriedOut,
            release_ms: RELEASE_MS,
        };
        let record = |at: &i64| Record {
            author: Author::Agent(AgentId::from_uuid(Uuid::from_u128(1))),
            epoch: 1,
            seq: 1,
            previous: Digest::ZERO,
            at: UnixMs(*at),
            clock: ClockTrust::Trusted,
            event: done(*at),
        };
        let records = instants.iter().map(record).collect();
        (door, records)
    }

    fn judged(releases: &[(i64, i64)], instants: &[i64]) -> Findings {
        let (door, records) = commands(instants);
        let at = AtDoor { releases: releases.iter().map(|(from, to)| span(*from, *to)).collect(), ..AtDoor::default() };
        let mut seen = Seen { ends: vec![Vec::new()], ..Seen::default() };
        seen.commands = instants.iter().map(|at| id(*at)).collect();
        door_of(&door, &at, &records, &seen, &mut 0)
    }

    #[test]
    fn a_grant_of_the_last_moment_begins_the_next_release() {
        let found = judged(&[(10_000, 11_000), (11_004, 12_004)], &[9_999, 10_999]);
        assert!(found.is_clean() && found.opens == [0, 2, 0], "{found:?}");
    }

    #[test]
    fn what_prolongs_a_release_begins_none_and_a_release_without_a_ground_is_told() {
        let found = judged(&[(10_000, 11_500)], &[9_999, 10_500]);
        assert!(found.is_clean() && found.opens == [0, 1, 0], "{found:?}");
        let found = judged(&[(10_000, 11_000), (14_004, 15_004)], &[9_999]);
        assert_eq!((found.unrecorded, found.wrong_opens), (1, 0), "{found:?}");
        let found = judged(&[(10_000, 11_000), (11_004, 12_004)], &[9_999]);
        assert_eq!((found.unrecorded, found.wrong_opens), (1, 0), "{found:?}");
        let found = judged(&[(10_000, 11_500), (12_000, 12_900)], &[9_999, 10_500]);
        assert_eq!(
            (found.unrecorded, found.wrong_opens),
            (1, 0),
            "what prolonged the first begins no second: {found:?}"
        );
        let found = judged(&[(10_000, 13_500)], &[9_999]);
        assert_eq!((found.unrecorded, found.wrong_opens), (0, 1), "{found:?}");
    }
}
