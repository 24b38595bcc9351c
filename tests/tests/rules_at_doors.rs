//! The demo's site, rule by rule, as a visitor plays it: through real pcscd, serial lines, Postgres and the agents' programs. Whoever
//! waits does so for an event.

use anyhow::{Context as _, ensure};
use chrono::{DateTime, SecondsFormat};
use hardware::world::{Client as Twins, Order, Watch};
use serde_json::{Value, json};
use tests::daemon::{LINE_WAIT, program};
use tests::staff::{Feed, now_s};
use tests::{Plant, demo};
use tokio::process::Command;

/// One of every kind that the demo's people are of.
const PEOPLE: usize = 16;
/// How long a mode that the test sets may last, in seconds.
const MODE_S: i64 = 600;

/// A demo that is played.
struct Played {
    plant: Plant,
    /// Whose finger there is.
    fingers: Vec<String>,
    twins: Twins,
    watch: Watch,
    feed: Feed,
}

impl Played {
    async fn start() -> anyhow::Result<Self> {
        let mut plan = demo::plan((0, 0));
        // Doors stay open until they are closed: nothing hangs on how fast this machine is.
        plan.closes_ms = None;
        for door in plan.agents.iter_mut().flat_map(|agent| &mut agent.doors) {
            door.closes_ms = None;
        }
        let fingers = plan.fingers.iter().map(|(name, _)| name.clone()).collect();
        let plant = demo::of_plan(plan, PEOPLE).await?;
        let (twins, watch) = (plant.twins().await?, plant.twins().await?.watch().await?);
        let feed = plant.staff.feed(None).await?;
        Ok(Self { plant, fingers, twins, watch, feed })
    }

    /// Holds a card to a place, and the finger of the same name if there is one; takes them away when it is decided.
    async fn show(&mut self, place: &str, who: &str) -> anyhow::Result<Value> {
        let with_finger = !place.ends_with("-inside") && self.fingers.iter().any(|finger| finger == who);
        if with_finger {
            self.twins.finger(place, who).await?;
        }
        self.twins.tap(place, who).await?;
        let decided = self.feed.decision().await?;
        self.twins.remove(place).await?;
        if with_finger {
            self.twins.lift(place).await?;
        }
        Ok(decided)
    }

    async fn is(&mut self, place: &str, who: &str, outcome: &str, reason: &str) -> anyhow::Result<Value> {
        let decided = self.show(place, who).await.with_context(|| format!("{who} at {place}"))?;
        ensure!(decided["outcome"] == outcome && decided["reason"] == reason, "{who} at {place}: {decided}");
        Ok(decided)
    }

    /// Pushes a door that was released, and leaves it open; names who went through, sorted.
    async fn push(&mut self, door: &str) -> anyhow::Result<Vec<String>> {
        self.watch.until(|world| world.doors.iter().any(|of| of.name == door && of.view.is_energised)).await?;
        self.twins.push(door).await?;
        let entered = self.feed.kind("entered").await?;
        ensure!(entered["door_id"] == *self.plant.door(door)?, "another door was used: {entered}");
        let mut names = Vec::new();
        for person in entered["persons"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            let person = self.plant.staff.get(&format!("/people/{person}")).await?;
            names.push(person["name"]["given"].as_str().unwrap_or_default().to_owned());
        }
        names.sort();
        Ok(names)
    }

    async fn close(&mut self, door: &str) -> anyhow::Result<()> {
        self.twins.order(&Order::Close { door: door.to_owned() }).await?;
        let door = self.plant.door(door)?.to_owned();
        self.feed.until(|event| event["kind"] == "door_closed" && event["door_id"] == *door).await?;
        Ok(())
    }

    /// Waits until every door goes by what operators set.
    async fn confirmed(&self) -> anyhow::Result<()> {
        let all = async {
            loop {
                let doors = self.plant.staff.get("/state/doors").await?;
                if doors["items"].as_array().is_some_and(|of| of.iter().all(|door| door["confirmation"] == "confirmed"))
                {
                    return anyhow::Ok(());
                }
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(LINE_WAIT, all).await.context("doors did not confirm in time")?
    }

    async fn threat_level(&self, level: u8) -> anyhow::Result<()> {
        let set = json!({ "place": { "kind": "tenant" }, "level": level, "reason": "a drill" });
        self.plant.staff.post("/state/threat-level", set).await?;
        self.confirmed().await
    }

    /// What an explanation of a decision in the log says of the rule that it ended by.
    async fn why(&self, decided: &Value) -> anyhow::Result<Value> {
        let explained = self.plant.staff.post("/explain", json!({ "position": decided["position"] })).await?;
        let rule = explained["rules"].as_array().into_iter().flatten().find(|rule| rule["rule"] == decided["rule"]);
        rule.cloned().with_context(|| format!("{} is not explained: {explained}", decided["rule"]))
    }
}

#[tokio::test]
async fn every_rule_of_the_demo_can_be_tried() -> anyhow::Result<()> {
    let mut played = Played::start().await?;
    visitor(&mut played).await?;
    office(&mut played).await?;
    airlock(&mut played).await?;
    vault(&mut played).await?;
    cards(&mut played).await?;
    threat(&mut played).await?;
    // All of it, and the history before it, decided again.
    let mut replay = Command::new(program("pforte-server")?);
    replay.args(["replay", "--tenant", "plant", "--from", "2020-01-01T00:00:00Z", "--to", "2100-01-01T00:00:00Z"]);
    replay.arg("--config").arg(played.plant.folder().join("server.toml"));
    let replayed = replay.output().await?;
    let said = String::from_utf8(replayed.stdout)?;
    ensure!(replayed.status.success() && said.contains(" decisions: 0 different, 0 ended by agents"), "{said}");
    played.plant.stop().await
}

/// A visitor is refused alone, and admitted with the host who comes within the time.
async fn visitor(played: &mut Played) -> anyhow::Result<()> {
    played.is("main", "emil", "refused", "escort_required").await?;
    played.is("main", "bruno", "granted", "granted").await?;
    ensure!(played.push("main").await? == ["Bruno", "Emil"]);
    played.close("main").await?;
    // Bruno hands his card out to somebody.
    played.is("main", "bruno", "refused", "passed_back").await?;
    // A door has the keys of those who may use it: another's card can't prove itself there, and nobody is told whose it is.
    played.is("airlock", "emil", "refused", "unknown_credential").await?;
    Ok(())
}

/// Locked before anybody came; free after the first.
async fn office(played: &mut Played) -> anyhow::Result<()> {
    let office = played.plant.door("office")?.to_owned();
    let doors = played.plant.staff.get("/state/doors").await?;
    let now = doors["items"].as_array().into_iter().flatten().find(|door| door["door_id"] == *office);
    let now = now.context("how the office stands")?;
    if now["mode"] != "first_person" {
        // By night an operator lets it be as it is by day.
        let until = DateTime::from_timestamp(i64::try_from(now_s())? + MODE_S, 0).context("the clock")?;
        let mode = json!({ "mode": "first_person", "until": until.to_rfc3339_opts(SecondsFormat::Secs, true),
            "reason": "as by day" });
        played.plant.staff.put(&format!("/doors/{office}/mode"), mode).await?;
        played.confirmed().await?;
    }
    ensure!(now["is_free"] == false, "nobody has been there yet: {now}");
    ensure!(played.twins.push("office").await.is_err(), "the office is locked until somebody comes");
    played.is("office", "bruno", "granted", "granted").await?;
    ensure!(played.push("office").await? == ["Bruno"]);
    let begins = played.feed.kind("free_began").await?;
    ensure!(begins["door_id"] == *office && begins["mode"] == "first_person", "{begins}");
    played.close("office").await?;
    // Without any card; and whoever shows one is told so.
    played.twins.push("office").await?;
    played.feed.kind("door_opened").await?;
    played.close("office").await?;
    played.is("office", "gita", "granted", "door_free").await?;
    Ok(())
}

/// The second door stays shut while the first is open, and says which; one person at a time.
async fn airlock(played: &mut Played) -> anyhow::Result<()> {
    played.is("airlock", "amira", "granted", "granted").await?;
    ensure!(played.push("airlock").await? == ["Amira"]);
    let refused = played.is("hall", "amira", "refused", "interlock").await?;
    let why = played.why(&refused).await?;
    ensure!(why["records"][0]["kind"] == "door" && why["records"][0]["name"] == "Airlock", "{why}");
    played.close("airlock").await?;
    played.is("airlock", "dora", "refused", "area_full").await?;
    played.is("hall", "amira", "granted", "granted").await?;
    ensure!(played.push("hall").await? == ["Amira"]);
    played.is("airlock", "dora", "refused", "interlock").await?;
    played.close("hall").await?;
    played.is("airlock", "dora", "granted", "granted").await?;
    ensure!(played.push("airlock").await? == ["Dora"]);
    played.close("airlock").await?;
    played.is("hall", "dora", "granted", "granted").await?;
    ensure!(played.push("hall").await? == ["Dora"]);
    played.close("hall").await?;
    // In once more without having left: soft anti-passback.
    let again = played.is("hall", "dora", "granted", "granted").await?;
    ensure!(again["alarms"] == json!(["passed_back"]), "{again}");
    ensure!(played.push("hall").await? == ["Dora"]);
    played.close("hall").await
}

/// The first waits, the second admits both; they leave as they came.
async fn vault(played: &mut Played) -> anyhow::Result<()> {
    for place in ["vault", "vault-inside"] {
        played.is(place, "amira", "refused", "second_person_required").await?;
        played.is(place, "dora", "granted", "granted").await?;
        ensure!(played.push("vault").await? == ["Amira", "Dora"]);
        played.close("vault").await?;
    }
    Ok(())
}

/// What is the matter with a card, or with who holds it.
async fn cards(played: &mut Played) -> anyhow::Result<()> {
    let refused =
        [("vault", "bruno-spare", "blocked"), ("vault", "dora-lost", "credential_lost"), ("main", "carla", "blocked")];
    for (door, card, reason) in refused {
        played.twins.tap(door, card).await?;
        let decided = played.feed.decision().await?;
        ensure!(decided["reason"] == reason, "{card}: {decided}");
        played.twins.remove(door).await?;
    }
    // Exempt from the finger: asked for a PIN.
    played.twins.tap("main", "gita").await?;
    let asked = |world: &hardware::world::State| world.door("main").is_some_and(|door| door.view.line == "PIN, please");
    played.watch.until(asked).await?;
    played.twins.type_keys("main", "246819#").await?;
    let decided = played.feed.decision().await?;
    ensure!(decided["reason"] == "wrong_pin" && decided["pin"] == "not_matched", "{decided}");
    played.twins.remove("main").await?;
    Ok(())
}

/// Fingers where there were none, but for responders.
async fn threat(played: &mut Played) -> anyhow::Result<()> {
    // She was in the server hall a moment ago: the guard forgives her, so that she may begin anew.
    let amira = played.is("airlock", "amira", "refused", "passed_back").await?["person_id"].clone();
    let amira = amira.as_str().context("whose card it is")?;
    played
        .plant
        .staff
        .post(&format!("/people/{amira}/forgive"), json!({ "reason": "walked out by the handle" }))
        .await?;
    played.threat_level(20).await?;
    let amira = played.is("airlock", "amira", "granted", "granted").await?;
    ensure!(amira["finger"] == "matched", "{amira}");
    played.push("airlock").await?;
    played.close("airlock").await?;
    played.threat_level(60).await?;
    played.is("hall", "amira", "refused", "lockdown").await?;
    played.is("hall", "dora", "granted", "granted").await?;
    played.threat_level(0).await
}
