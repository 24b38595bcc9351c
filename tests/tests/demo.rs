//! The demo as a newcomer gets it: its rows, and a history that those rows decide.

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, TcpListener};

use access_core::event::{AlarmKind, Event};
use access_core::policy::Policy;
use anyhow::{Context as _, ensure};
use serde_json::Value;
use tests::daemon::{Daemon, program};
use tests::{demo, recorded, rules};
use tokio::process::Command;

/// One of every kind that the demo's people are of.
const PEOPLE: usize = 16;

#[tokio::test]
async fn the_history_is_what_the_rules_decide() -> anyhow::Result<()> {
    let plant = demo::temporary(PEOPLE).await?;
    let mut database = rules::database(&plant).await?;
    let tenant = rules::tenant(&mut database, "plant").await?;
    let mut rows = rules::read(&mut database, tenant).await?;
    let records = recorded::all(&mut database, tenant).await?;
    let decisions: Vec<_> = recorded::decisions(&records).collect();
    // Agents that come and go move the version too; what is decided by has not changed since.
    let version = decisions.first().map(|decision| decision.verdict.policy_version).context("no decisions")?;
    let changes: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM policy_history WHERE tenant_id = $1 AND version > $2 \
         AND table_name <> 'agent_doors'",
    )
    .bind(tenant.as_uuid())
    .bind(i64::try_from(version)?)
    .fetch_one(&mut database)
    .await?;
    ensure!(changes == 0 && version <= rows.version, "{changes} changes since version {version}");
    rows.version = version;
    let policy = Policy::compile(rows)?;
    for decision in &decisions {
        let differs = recorded::differs(&policy, decision);
        ensure!(differs.is_none(), "{differs:?}");
    }
    // The log's order is that of the day, as near as two agents come to it that deliver by turns of ten minutes.
    let mut newest_ms = 0;
    for decision in &decisions {
        let at = decision.attempt.at;
        ensure!(at.0 > newest_ms - 600_000, "{at} stands after {newest_ms} ms");
        newest_ms = newest_ms.max(at.0);
    }
    // Whatever day and hour it is: the night's technician works, others are turned away, strangers try.
    let reasons: BTreeSet<String> = decisions.iter().map(|decision| decision.verdict.reason.to_string()).collect();
    for reason in [
        "blocked",
        "credential_lost",
        "escort_required",
        "grant_expired",
        "no_grant",
        "second_person_required",
        "unknown_credential",
    ] {
        ensure!(reasons.contains(reason), "{reason} is not among {reasons:?}");
    }
    // The door that was forced: cleared, looked after and acknowledged, the alarm of the lost card not yet.
    // Twice, where the minute in which it is forced stands at both ends of the day that is told.
    let count = |wanted: fn(&Event) -> bool| records.iter().filter(|record| wanted(&record.event)).count();
    let raised = count(|event| matches!(event, Event::AlarmRaised { kind: AlarmKind::DoorForced, .. }));
    let cleared = count(|event| matches!(event, Event::AlarmCleared { kind: AlarmKind::DoorForced, .. }));
    ensure!((1..=2).contains(&raised) && cleared == raised, "forced {raised} times, closed {cleared} times");
    let alarms = plant.staff.get("/alarms?state=all").await?;
    let of = |kind: &str| alarms["items"].as_array().into_iter().flatten().find(|alarm| alarm["kind"] == kind).cloned();
    let door_forced = of("door_forced").unwrap_or_default();
    ensure!(door_forced["cleared_at"].is_string() && door_forced["acknowledged_at"].is_string(), "{door_forced}");
    let lost_card = of("lost_card_presented").unwrap_or_default();
    ensure!(lost_card.is_object() && lost_card["acknowledged_at"] == Value::Null, "{lost_card}");
    plant.stop().await
}

#[tokio::test]
async fn a_port_that_is_taken_is_named_before_anything_is_made() -> anyhow::Result<()> {
    let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let port = taken.local_addr()?.port();
    let folder = tempfile::tempdir()?;
    // As the staff's port, and as the agents', which is the next one.
    for wanted in [port, port - 1] {
        let mut demo = Command::new(program("pforte-demo")?);
        demo.arg("--folder").arg(folder.path()).args(["--port", &wanted.to_string()]);
        let ended = demo.output().await?;
        let said = String::from_utf8(ended.stderr)?;
        ensure!(!ended.status.success() && said.contains("make demo PORT="), "{said}");
        // The one before it may be somebody else's at this moment.
        let is_named = said.contains(&format!("port {port} ")) || said.contains(&format!("port {wanted} "));
        ensure!(is_named && !folder.path().join("server.toml").exists(), "{said}");
    }
    Ok(())
}

#[tokio::test]
async fn any_port_will_do_and_is_kept_until_another_is_named() -> anyhow::Result<()> {
    let folder = tempfile::Builder::new().prefix("pf").tempdir_in("/dev/shm")?;
    let start = |arguments: &[&str]| {
        Daemon::start("pforte-demo", &program("pforte-demo")?, folder.path(), |command| {
            command.arg("--folder").arg(folder.path()).args(["--people", "2"]).args(arguments);
        })
    };
    let mut first = start(&["--port", "0"])?;
    let ready = first.line("READY ").await?;
    let port = ready.rsplit(':').next().context("a port")?.to_owned();
    ensure!(port.parse::<u16>()? > 1024, "{ready}");
    ensure!(first.stop().await?.success(), "it ends in order");
    let mut again = start(&[])?;
    ensure!(again.line("READY ").await? == ready, "it is where it was");
    ensure!(again.stop().await?.success(), "it ends in order");
    // Its port is another program's now, and it goes elsewhere with its agents.
    let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, port.parse()?))?;
    let mut moved = start(&["--port", "0"])?;
    let ready_there = moved.line("READY ").await?;
    ensure!(ready_there != ready, "{ready_there}");
    ensure!(moved.stop().await?.success(), "it ends in order");
    drop(taken);
    let (_, agents_port) = demo::ports_of(folder.path())?.context("the demo")?;
    let gate = std::fs::read_to_string(folder.path().join("gate.toml"))?;
    ensure!(gate.contains(&format!("server = \"127.0.0.1:{agents_port}\"\n")), "{gate}");
    let mut again = start(&[])?;
    ensure!(again.line("READY ").await? == ready_there, "it stays where it went");
    ensure!(again.stop().await?.success(), "it ends in order");
    // One that was made with other doors is not half shown.
    let file = folder.path().join("plant.json");
    let mut made: Value = serde_json::from_slice(&std::fs::read(&file)?)?;
    made["doors"].as_object_mut().and_then(|doors| doors.remove("airlock")).context("the airlock")?;
    std::fs::write(&file, made.to_string())?;
    let mut earlier = Command::new(program("pforte-demo")?);
    let said = String::from_utf8(earlier.arg("--folder").arg(folder.path()).output().await?.stderr)?;
    ensure!(said.contains("make demo-clean"), "{said}");
    Ok(())
}
