//! Signed records on their way into the log, beside Postgres's own `COPY` of the same rows.
//!
//! The records are made before. Measured is from the first byte on the link until the last record is acknowledged, and on
//! until all stand in the log's one order. `COPY` then writes the very rows, in binary, in one transaction, into a table
//! with the same columns, checks and indexes (foreign keys are not copied), in the same cluster.

use std::time::Instant;

use access_core::RULES_VERSION;
use access_core::attempt::{Assurance, Attempt, ClockTrust};
use access_core::chain::SignedRecord;
use access_core::circumstances::Circumstances;
use access_core::event::{Decided, Decision, Event, Passage, ReleaseCause};
use access_core::ids::AttemptId;
use access_core::policy::Side;
use access_core::time::UnixMs;
use access_core::verdict::{Outcome, Reason, Verdict};
use anyhow::ensure;
use futures_util::TryStreamExt as _;
use sqlx::{Connection as _, PgConnection};
use uuid::Uuid;

use super::link::Caller;
use super::{Figure, Samples};
use crate::plant::Plant;
use crate::rules;
use crate::staff::now_s;

/// Each is delivered, then copied.
const ROUNDS: usize = 3;
const RECORDS_PER_ROUND: usize = 8_000;

/// An entry, as four records: decided, opened, entered, closed.
pub fn entry(caller: &mut Caller, at: UnixMs) -> [SignedRecord; 4] {
    let attempt = AttemptId::from_uuid(Uuid::new_v4());
    let (door, person) = (caller.door, caller.person);
    let asked = Attempt {
        id: attempt,
        door,
        side: Side::In,
        at,
        clock: ClockTrust::Trusted,
        card: caller.card,
        assurance: Assurance::Authenticated,
        finger: None,
        pin: None,
    };
    let outcome = Outcome::Grant { release_ms: 5_000, held_ms: 30_000 };
    let decision = Event::Decision(Box::new(Decision {
        attempt: asked,
        circumstances: Circumstances::default(),
        verdict: Verdict { outcome, person: Some(person), ..Verdict::refused(Reason::Granted, 1) },
        rules_version: RULES_VERSION,
        decided: Decided::Online,
    }));
    let persons = vec![Passage { person, attempt }];
    [
        (at, decision),
        (at.plus_ms(1_400), Event::DoorOpened { door, cause: Some(ReleaseCause::Attempt(attempt)) }),
        (at.plus_ms(1_401), Event::Entered { door, side: Side::In, persons }),
        (at.plus_ms(4_200), Event::DoorClosed { door, open_ms: 2_800 }),
    ]
    .map(|(at, event)| caller.recorder.record(at, event))
}

async fn in_log(db: &mut PgConnection, agent: Uuid) -> anyhow::Result<i64> {
    let newest = sqlx::query_scalar(
        "SELECT seq FROM log_events WHERE tenant_id = (SELECT tenant_id FROM agents WHERE id = $1) AND agent_id = $1 \
         AND epoch = (SELECT epoch FROM agents WHERE id = $1) ORDER BY seq DESC LIMIT 1",
    );
    Ok(newest.bind(agent).fetch_optional(db).await?.unwrap_or(0))
}

/// Copies what `rows` selects into an equal table; answers rows a second.
async fn copied(db: &mut PgConnection, out: &str, into: &str, empty: &'static str) -> anyhow::Result<f64> {
    let rows: Vec<bytes::Bytes> = db.copy_out_raw(out).await?.try_collect().await?;
    sqlx::raw_sql(empty).execute(&mut *db).await?;
    let began = Instant::now();
    let mut copy = db.copy_in_raw(into).await?;
    for piece in &rows {
        copy.send(piece.as_ref()).await?;
    }
    let count = copy.finish().await?;
    let took = began.elapsed();
    ensure!(count == RECORDS_PER_ROUND as u64, "{count} rows were copied");
    Ok(count as f64 / took.as_secs_f64())
}

/// Delivers and copies.
pub async fn run(plant: &Plant, caller: &mut Caller) -> anyhow::Result<Vec<Figure>> {
    let mut db = rules::database(plant).await?;
    sqlx::raw_sql(
        "CREATE TABLE bench_log (LIKE log_events INCLUDING ALL); \
         CREATE TABLE bench_outbox (LIKE log_outbox INCLUDING ALL)",
    )
    .execute(&mut db)
    .await?;
    let agent = caller.recorder.agent().as_uuid();
    let (mut acknowledged, mut logged) = (Samples::default(), Samples::default());
    let (mut log_copy, mut outbox_copy) = (Samples::default(), Samples::default());
    for _ in 0..ROUNDS {
        let before = in_log(&mut db, agent).await?;
        let now = UnixMs(i64::try_from(now_s())? * 1_000);
        let records: Vec<SignedRecord> = (0..RECORDS_PER_ROUND / 4).flat_map(|_| entry(caller, now)).collect();
        caller.connect_anew().await?;
        let began = Instant::now();
        caller.link.deliver(&records).await?;
        acknowledged.push(records.len() as f64 / began.elapsed().as_secs_f64());
        let last = before + i64::try_from(records.len())?;
        while in_log(&mut db, agent).await? < last {
            tokio::task::yield_now().await;
        }
        logged.push(records.len() as f64 / began.elapsed().as_secs_f64());

        let rows = format!("FROM log_events WHERE agent_id = '{agent}' AND seq > {before} ORDER BY position");
        let out = format!("COPY (SELECT * {rows}) TO STDOUT (FORMAT binary)");
        let empty = "TRUNCATE bench_log; CHECKPOINT";
        log_copy.push(copied(&mut db, &out, "COPY bench_log FROM STDIN (FORMAT binary)", empty).await?);
        let out = format!("COPY (SELECT tenant_id, at, record, signature {rows}) TO STDOUT (FORMAT binary)");
        let into = "COPY bench_outbox (tenant_id, at, record, signature) FROM STDIN (FORMAT binary)";
        outbox_copy.push(copied(&mut db, &out, into, "TRUNCATE bench_outbox; CHECKPOINT").await?);
    }
    db.close().await?;
    Ok(vec![
        Figure::against("ingest.vs_copy", logged.median()?, "records/s", log_copy.median()?),
        Figure::against("ingest.acknowledged_vs_copy", acknowledged.median()?, "records/s", outbox_copy.median()?),
    ])
}
