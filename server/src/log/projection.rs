//! What is read off a record when it gets its position: columns to search by, whom it is about, alarms raised and cleared.

use access_core::event::{
    Act, ActKind, AlarmKind, Author, ChainFault, Event, EventKind, Record, StateChange, Subject, SubjectKind,
};
use access_core::ids::{AgentId, DoorId, PersonId};
use access_core::verdict::{Effect, Reason};
use access_core::word::Word as _;
use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::sequencer::Placed;
use super::{behind, devices, trials};
use crate::clock;
use crate::db::TenantTx;

/// An alarm that a record raises.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Alarm {
    /// What.
    pub kind: AlarmKind,
    /// Whose, if it is an agent's own.
    pub agent: Option<AgentId>,
    /// Where.
    pub door: Option<DoorId>,
    /// Who was involved.
    pub person: Option<PersonId>,
}

/// Priority of an alarm, 1 the highest: somebody may be where they must not be; a safeguard is gone; look at it.
pub fn priority(kind: AlarmKind) -> i16 {
    match kind {
        AlarmKind::DoorForced
        | AlarmKind::Tamper
        | AlarmKind::RecordsForked
        | AlarmKind::RecordsMissing
        | AlarmKind::RecordsForeign
        | AlarmKind::AgentCopied
        | AlarmKind::SensorTampered
        | AlarmKind::SensorChanged
        | AlarmKind::Duress
        | AlarmKind::Fire
        | AlarmKind::Zone => 1,
        AlarmKind::DoorHeld
        | AlarmKind::AgentLost
        | AlarmKind::JournalFault
        | AlarmKind::DoorIoFault
        | AlarmKind::LostCardPresented
        | AlarmKind::LeftAgainstRule
        | AlarmKind::WrongFingers
        | AlarmKind::RexStuck
        | AlarmKind::RulesWithdrawn
        | AlarmKind::RulesDatedAhead
        | AlarmKind::CloneSuspected
        | AlarmKind::ImpossibleTravel
        | AlarmKind::PassedBack
        | AlarmKind::RepeatedRefusals
        | AlarmKind::SensorNotEmpty
        | AlarmKind::InterlockContradiction
        | AlarmKind::ContactFault
        | AlarmKind::StrikeFault
        | AlarmKind::MainsLost
        | AlarmKind::BatteryLow
        | AlarmKind::WrongPins => 2,
        AlarmKind::ReaderFault | AlarmKind::SensorFault | AlarmKind::KeypadFault | AlarmKind::PolicyAging => 3,
    }
}

/// What is over when an agent has other keys, a chain that begins anew and rules of its own to come, or is revoked.
const OF_KEYS_BEFORE: [AlarmKind; 5] = [
    AlarmKind::AgentCopied,
    AlarmKind::RecordsForked,
    AlarmKind::RecordsForeign,
    AlarmKind::RecordsMissing,
    AlarmKind::RulesWithdrawn,
];

/// Alarms that a record raises, and those whose cause it says is gone.
fn alarms(record: &Record) -> (Vec<Alarm>, Vec<Alarm>) {
    if !record.is_its_authors_to_say() {
        return (Vec::new(), Vec::new());
    }
    let author = match record.author {
        Author::Agent(agent) => Some(agent),
        Author::Server(_) => None,
    };
    let none = |kind| Alarm { kind, agent: author, door: None, person: None };
    match &record.event {
        Event::AlarmRaised { kind, door, person } => {
            (vec![Alarm { door: *door, person: *person, ..none(*kind) }], Vec::new())
        }
        Event::AlarmCleared { kind, door } => (Vec::new(), vec![Alarm { door: *door, ..none(*kind) }]),
        Event::Decision(decision) => {
            let (door, person) = (Some(decision.attempt.door), decision.verdict.person);
            let raise = |kind: &AlarmKind| Alarm { door, person, ..none(*kind) };
            (decision.verdict.alarms.iter().map(raise).collect(), Vec::new())
        }
        // Too many to be kept one by one: the alarm is raised all the same.
        Event::Folded { kind: EventKind::AlarmRaised | EventKind::Decision, door, alarm: Some(kind), .. } => {
            (vec![Alarm { door: *door, ..none(*kind) }], Vec::new())
        }
        // Whatever went on with the leaf while no agent looked: it is closed now.
        Event::DoorFound { door, is_open: false } => {
            let gone = |kind| Alarm { door: Some(*door), ..none(kind) };
            (Vec::new(), [AlarmKind::DoorForced, AlarmKind::DoorHeld].map(gone).to_vec())
        }
        Event::LinkChanged { is_up, agent: Some(agent) } if author.is_none() => {
            let lost = Alarm { agent: Some(*agent), ..none(AlarmKind::AgentLost) };
            if *is_up { (Vec::new(), vec![lost]) } else { (vec![lost], Vec::new()) }
        }
        Event::JournalChanged { agent, fault, .. } if author.is_none() => {
            let failed = Alarm { agent: Some(*agent), ..none(AlarmKind::JournalFault) };
            if fault.is_none() { (Vec::new(), vec![failed]) } else { (vec![failed], Vec::new()) }
        }
        Event::ChainBroken { agent, fault, .. } => {
            let kind = match fault {
                ChainFault::Hole => AlarmKind::RecordsMissing,
                ChainFault::Fork | ChainFault::Signature => AlarmKind::RecordsForked,
                ChainFault::ForeignKind | ChainFault::ForeignDoor => AlarmKind::RecordsForeign,
            };
            (vec![Alarm { agent: Some(*agent), ..none(kind) }], Vec::new())
        }
        Event::AgentCopied { agent, .. } if author.is_none() => {
            (vec![Alarm { agent: Some(*agent), ..none(AlarmKind::AgentCopied) }], Vec::new())
        }
        // Whoever joins anew has other keys and begins another chain: what was wrong with those before is over.
        Event::Act(Act { kind: ActKind::Joined, subject: Some(Subject { kind: SubjectKind::Agent, id }), .. })
            if author.is_none() =>
        {
            let gone = |kind| Alarm { agent: Some(AgentId::from_uuid(*id)), ..none(kind) };
            (Vec::new(), OF_KEYS_BEFORE.map(gone).to_vec())
        }
        // It is not to come back: that it stays away, or what its keys and disk were like, is nobody's worry any more.
        Event::Act(Act { kind: ActKind::Revoked, subject: Some(Subject { kind: SubjectKind::Agent, id }), .. })
            if author.is_none() =>
        {
            let gone = |kind| Alarm { agent: Some(AgentId::from_uuid(*id)), ..none(kind) };
            let of_agent =
                [AlarmKind::AgentLost, AlarmKind::JournalFault, AlarmKind::PolicyAging, AlarmKind::RulesDatedAhead];
            (Vec::new(), OF_KEYS_BEFORE.into_iter().chain(of_agent).map(gone).collect())
        }
        _ => (Vec::new(), Vec::new()),
    }
}

/// Whom a record is about.
fn persons(event: &Event) -> Vec<PersonId> {
    match event {
        Event::Decision(decision) => {
            let with = decision.verdict.effects.iter().filter_map(|effect| match effect {
                Effect::AdmitWith(passages) => Some(passages.iter().map(|passage| passage.person)),
                _ => None,
            });
            decision.verdict.person.into_iter().chain(with.flatten()).collect()
        }
        Event::StateSet(set) => match set.change {
            StateChange::Forgiven { person } => vec![person],
            _ => Vec::new(),
        },
        Event::Entered { persons, .. } => persons.iter().map(|passage| passage.person).collect(),
        Event::AlarmRaised { person, .. } => person.iter().copied().collect(),
        // Whose fingers were sent is told by these: each holder's history would be about others' enrolments else.
        Event::EnrolmentEnded { person, .. } | Event::FingersSent { person, .. } => vec![*person],
        Event::FingerInUse { person, holder, .. } => vec![*person, *holder],
        Event::Act(act) => act
            .subject
            .filter(|subject| subject.kind == SubjectKind::Person)
            .map(|subject| PersonId::from_uuid(subject.id))
            .into_iter()
            .collect(),
        _ => Vec::new(),
    }
}

fn outcome(event: &Event) -> (Option<&'static str>, Option<Reason>) {
    match event {
        Event::Decision(decision) => {
            (Some(if decision.verdict.is_grant() { "granted" } else { "refused" }), Some(decision.verdict.reason))
        }
        _ => (None, None),
    }
}

/// Writes records with their positions, and what is read off them.
pub(super) async fn write(tx: &mut TenantTx, placed: &[Placed]) -> anyhow::Result<()> {
    let tenant = tx.tenant().as_uuid();
    let at = |record: &Record| clock::from_unix_ms(record.at);
    let column = |of: &dyn Fn(&Placed) -> Option<Uuid>| placed.iter().map(of).collect::<Vec<_>>();
    let agents = column(&|row| match row.record.author {
        Author::Agent(agent) => Some(agent.as_uuid()),
        Author::Server(_) => None,
    });
    let doors = column(&|row| row.record.event.door().map(DoorId::as_uuid));
    let outcomes: Vec<_> = placed.iter().map(|row| outcome(&row.record.event)).collect();
    let behind = behind::of(tx, placed).await?;
    sqlx::query(
        "INSERT INTO log_events (tenant_id, position, agent_id, epoch, seq, at, received_at, kind, door_id, outcome, \
         reason, record, signature, hash, act_kind, operator_id, command_id) SELECT $1, * FROM unnest($2::bigint[], $3::uuid[], $4::integer[], $5::bigint[], \
         $6::timestamptz[], $7::timestamptz[], $8::text[], $9::uuid[], $10::text[], $11::text[], $12::bytea[], $13::bytea[], \
         $14::bytea[], $15::text[], $16::uuid[], $17::uuid[])",
    )
    .bind(tenant)
    .bind(placed.iter().map(|row| row.position).collect::<Vec<_>>())
    .bind(agents)
    .bind(placed.iter().map(|row| i32::try_from(row.record.epoch)).collect::<Result<Vec<_>, _>>()?)
    .bind(placed.iter().map(|row| i64::try_from(row.record.seq)).collect::<Result<Vec<_>, _>>()?)
    .bind(placed.iter().map(|row| at(&row.record)).collect::<Vec<_>>())
    .bind(placed.iter().map(|row| row.received_at).collect::<Vec<_>>())
    .bind(placed.iter().map(|row| row.record.event.kind().as_str()).collect::<Vec<_>>())
    .bind(doors)
    .bind(outcomes.iter().map(|(outcome, _)| *outcome).collect::<Vec<_>>())
    .bind(outcomes.iter().map(|(_, reason)| reason.map(|reason| reason.as_str())).collect::<Vec<_>>())
    .bind(placed.iter().map(|row| row.signed.bytes.clone()).collect::<Vec<_>>())
    .bind(placed.iter().map(|row| row.signed.signature.to_vec()).collect::<Vec<_>>())
    .bind(placed.iter().map(|row| row.signed.hash().0.to_vec()).collect::<Vec<_>>())
    .bind(behind.iter().map(|behind| behind.act_kind).collect::<Vec<_>>())
    .bind(behind.iter().map(|behind| behind.operator).collect::<Vec<_>>())
    .bind(behind.iter().map(|behind| behind.command).collect::<Vec<_>>())
    .execute(&mut **tx)
    .await?;
    write_persons(tx, placed).await?;
    for row in placed {
        devices::take(tx, row).await?;
        trials::take(tx, row).await?;
        let (raised, cleared) = alarms(&row.record);
        for alarm in raised {
            raise(tx, row, &alarm, at(&row.record)).await?;
        }
        for alarm in cleared {
            clear(tx, &alarm, at(&row.record)).await?;
        }
        if let (Author::Agent(agent), Event::AgentStarted { .. }) = (row.record.author, &row.record.event) {
            clear_sensed(tx, agent, at(&row.record)).await?;
        }
    }
    Ok(())
}

async fn write_persons(tx: &mut TenantTx, placed: &[Placed]) -> anyhow::Result<()> {
    let (mut who, mut positions) = (Vec::new(), Vec::new());
    for row in placed {
        for person in persons(&row.record.event) {
            who.push(person.as_uuid());
            positions.push(row.position);
        }
    }
    if who.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "INSERT INTO log_event_persons (tenant_id, person_id, position) \
         SELECT $1, * FROM unnest($2::uuid[], $3::bigint[]) ON CONFLICT DO NOTHING",
    )
    .bind(tx.tenant().as_uuid())
    .bind(who)
    .bind(positions)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Raises an alarm. While nobody acknowledged the same one, of the same place and person, it is raised again instead: whatever
/// comes and goes must not push other alarms off the list.
async fn raise(tx: &mut TenantTx, row: &Placed, alarm: &Alarm, at: DateTime<Utc>) -> anyhow::Result<()> {
    let again = sqlx::query(
        "UPDATE alarms SET times = times + 1, raised_again_at = greatest($6, raised_at, raised_again_at), cleared_at = NULL \
         WHERE tenant_id = $1 AND acknowledged_at IS NULL AND id = (SELECT id FROM alarms WHERE tenant_id = $1 AND kind = $2 \
         AND acknowledged_at IS NULL AND agent_id IS NOT DISTINCT FROM $3 AND door_id IS NOT DISTINCT FROM $4 \
         AND person_id IS NOT DISTINCT FROM $5 ORDER BY position DESC, id DESC LIMIT 1)",
    )
    .bind(tx.tenant().as_uuid())
    .bind(alarm.kind.as_str())
    .bind(alarm.agent.map(AgentId::as_uuid))
    .bind(alarm.door.map(DoorId::as_uuid))
    .bind(alarm.person.map(PersonId::as_uuid))
    .bind(at)
    .execute(&mut **tx)
    .await?;
    if again.rows_affected() > 0 {
        return Ok(());
    }
    sqlx::query(
        "INSERT INTO alarms (tenant_id, id, kind, priority, agent_id, door_id, person_id, raised_at, position) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    )
    .bind(tx.tenant().as_uuid())
    .bind(Uuid::now_v7())
    .bind(alarm.kind.as_str())
    .bind(priority(alarm.kind))
    .bind(alarm.agent.map(AgentId::as_uuid))
    .bind(alarm.door.map(DoorId::as_uuid))
    .bind(alarm.person.map(PersonId::as_uuid))
    .bind(at)
    .bind(row.position)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// What an agent senses as long as it lasts. One that starts senses anew, and raises again what still is so: that its rules
/// are old as soon as it knows the time.
const SENSED: [AlarmKind; 16] = [
    AlarmKind::Tamper,
    AlarmKind::Fire,
    AlarmKind::MainsLost,
    AlarmKind::BatteryLow,
    AlarmKind::Zone,
    AlarmKind::ContactFault,
    AlarmKind::StrikeFault,
    AlarmKind::RexStuck,
    AlarmKind::ReaderFault,
    AlarmKind::SensorFault,
    AlarmKind::KeypadFault,
    AlarmKind::DoorIoFault,
    AlarmKind::PolicyAging,
    AlarmKind::SensorTampered,
    AlarmKind::SensorChanged,
    AlarmKind::SensorNotEmpty,
];

/// An agent started: what it sensed before is over, or raised again.
async fn clear_sensed(tx: &mut TenantTx, agent: AgentId, at: DateTime<Utc>) -> anyhow::Result<()> {
    sqlx::query(
        "UPDATE alarms SET cleared_at = greatest($4, raised_at, raised_again_at) WHERE tenant_id = $1 AND agent_id = $2 \
         AND kind = ANY($3) AND cleared_at IS NULL",
    )
    .bind(tx.tenant().as_uuid())
    .bind(agent.as_uuid())
    .bind(SENSED.iter().map(|kind| kind.as_str()).collect::<Vec<_>>())
    .bind(at)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

async fn clear(tx: &mut TenantTx, alarm: &Alarm, at: DateTime<Utc>) -> anyhow::Result<()> {
    sqlx::query(
        "UPDATE alarms SET cleared_at = greatest($5, raised_at, raised_again_at) WHERE tenant_id = $1 AND kind = $2 AND cleared_at IS NULL \
         AND agent_id IS NOT DISTINCT FROM $3 AND door_id IS NOT DISTINCT FROM $4",
    )
    .bind(tx.tenant().as_uuid())
    .bind(alarm.kind.as_str())
    .bind(alarm.agent.map(AgentId::as_uuid))
    .bind(alarm.door.map(DoorId::as_uuid))
    .bind(at)
    .execute(&mut **tx)
    .await?;
    Ok(())
}
