//! Somebody who edits the rules at random, through the routes; by hand in the tables only where no route leads.

use std::collections::BTreeSet;

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, PgConnection};

use crate::testing::TestServer;

/// What can be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Edit {
    NewSite,
    Site,
    NewArea,
    Area,
    NoArea,
    NewDoor,
    Door,
    NewInterlock,
    Interlock,
    NoInterlock,
    NewTravelTime,
    TravelTime,
    NoTravelTime,
    NewThreatLevel,
    ThreatLevel,
    NoThreatLevel,
    TenantRules,
    CardRules,
    DayType,
    NewCalendar,
    Calendar,
    NoCalendar,
    NewSchedule,
    Schedule,
    NoSchedule,
    NewLevel,
    Level,
    NoLevel,
    NewGroup,
    Group,
    Members,
    NoGroup,
    NewPerson,
    PersonRules,
    PersonOut,
    PersonBack,
    LegalBasis,
    NewCard,
    CardState,
    CardPeriod,
    NewFinger,
    NoFinger,
    NewGrant,
    NewGroupGrant,
    Grant,
    NoGrant,
    NewBlock,
    NewGroupBlock,
    NewCardBlock,
    NoBlock,
    NewAgent,
    /// Several rows of several tables in one transaction, one of them made and gone again.
    AtOnce,
    /// A person with everything that is theirs.
    Erased,
}

use Edit::*;

/// All of them, what others need first.
pub(super) const EDITS: [Edit; 53] = [
    DayType,
    NewCalendar,
    NewSite,
    NewArea,
    NewArea,
    NewArea,
    NewSchedule,
    NewDoor,
    NewDoor,
    NewDoor,
    NewGroup,
    NewGroup,
    NewLevel,
    NewPerson,
    NewPerson,
    NewPerson,
    NewCard,
    NewCard,
    LegalBasis,
    NewFinger,
    NewGrant,
    NewGroupGrant,
    NewBlock,
    NewGroupBlock,
    NewCardBlock,
    NewInterlock,
    NewTravelTime,
    NewThreatLevel,
    NewAgent,
    AtOnce,
    Site,
    Area,
    Door,
    Interlock,
    TravelTime,
    ThreatLevel,
    TenantRules,
    CardRules,
    Calendar,
    Schedule,
    Level,
    Group,
    Members,
    PersonRules,
    PersonOut,
    PersonBack,
    CardState,
    CardPeriod,
    Grant,
    NoGrant,
    NoBlock,
    NoFinger,
    Erased,
];
/// Those that take away what others may need: mostly refused.
const GONE: [Edit; 7] = [NoArea, NoInterlock, NoTravelTime, NoThreatLevel, NoCalendar, NoSchedule, NoLevel];

/// An editor.
pub(super) struct Editor<'a> {
    server: &'a TestServer,
    /// Looks past row security at what there is.
    db: PgConnection,
    lot: StdRng,
    name: u32,
    seed: u64,
    /// Edits that were made, and not refused.
    pub(super) made: BTreeSet<Edit>,
}

impl<'a> Editor<'a> {
    pub(super) async fn new(server: &'a TestServer, seed: u64) -> Self {
        let lot = StdRng::seed_from_u64(seed);
        Self { server, db: server.superuser().await, lot, name: 0, seed, made: BTreeSet::new() }
    }

    /// Any edit.
    pub(super) fn any(&mut self) -> Edit {
        let all = EDITS.len() + GONE.len() + 1;
        match self.lot.random_range(0..all) {
            at if at < EDITS.len() => EDITS[at],
            at if at < EDITS.len() + GONE.len() => GONE[at - EDITS.len()],
            _ => NoGroup,
        }
    }

    /// A number below this one.
    pub(super) fn below(&mut self, end: usize) -> usize {
        self.lot.random_range(0..end)
    }

    fn coin(&mut self) -> bool {
        self.below(2) == 0
    }

    fn word(&mut self, words: &[&str]) -> String {
        words[self.below(words.len())].to_owned()
    }

    fn name(&mut self) -> String {
        self.name += 1;
        format!("{} of {}", self.name, self.seed)
    }

    /// A row that some statement names, in words.
    async fn row(&mut self, sql: &str) -> Option<Vec<String>> {
        let rows: Vec<String> = sqlx::query_scalar(AssertSqlSafe(sql)).fetch_all(&mut self.db).await.unwrap();
        let at = if rows.is_empty() { return None } else { self.below(rows.len()) };
        Some(rows[at].split(' ').map(str::to_owned).collect())
    }

    /// An id of a table, and its version.
    async fn of(&mut self, table: &str) -> Option<(String, String)> {
        let row = self.row(&format!("SELECT id || ' ' || row_version FROM {table} ORDER BY id")).await?;
        Some((row[0].clone(), format!("\"{}\"", row[1])))
    }

    async fn id(&mut self, table: &str) -> Option<String> {
        Some(self.row(&format!("SELECT id::text FROM {table} ORDER BY id")).await?.remove(0))
    }

    async fn ids(&mut self, table: &str, most: usize) -> Vec<String> {
        let mut ids = Vec::new();
        for _ in 0..self.below(most + 1) {
            ids.extend(self.id(table).await);
        }
        ids.sort();
        ids.dedup();
        ids
    }

    /// Doors that an airlock may take: few enough to leave some.
    async fn free_doors(&mut self) -> Vec<String> {
        let free = "doors WHERE id NOT IN (SELECT door_id FROM interlock_doors) AND id NOT IN (SELECT door_id FROM agent_doors)";
        [self.id(free).await, self.id(free).await, self.id(free).await].into_iter().flatten().collect()
    }

    async fn place(&mut self) -> Value {
        let kind = self.word(&["tenant", "site", "area", "door"]);
        let id = match kind.as_str() {
            "tenant" => None,
            kind => self.id(&format!("{kind}s")).await,
        };
        if id.is_none() { json!({ "kind": "tenant" }) } else { json!({ "kind": kind, "id": id }) }
    }

    async fn post(&mut self, path: &str, body: Value) -> Option<bool> {
        let answer = self.server.call(&self.server.own.administrator, "POST", path, body).await;
        Some(self.was(answer.status.as_u16(), &answer.json))
    }

    async fn change(&mut self, method: &str, path: &str, etag: &str, body: Value) -> Option<bool> {
        let answer = self.server.change(&self.server.own.administrator, method, path, etag, body).await;
        Some(self.was(answer.status.as_u16(), &answer.json))
    }

    /// Refused is what the rules forbid, and what another has changed meanwhile; never what is malformed.
    fn was(&self, status: u16, said: &Value) -> bool {
        assert!(matches!(status, 200..=204 | 404 | 409 | 412 | 422), "seed {}: {status} {said}", self.seed);
        status < 300
    }

    /// Does something, if there is anything to do it with.
    pub(super) async fn edit(&mut self, edit: Edit) {
        if Box::pin(self.try_to(edit)).await == Some(true) {
            self.made.insert(edit);
        }
    }

    async fn try_to(&mut self, edit: Edit) -> Option<bool> {
        let name = self.name();
        let why = json!({ "reason": "drawn by lot" });
        match edit {
            NewSite => {
                let zone = self.word(&["UTC", "Europe/Berlin", "America/Lima"]);
                let calendar = self.id("calendars").await;
                self.post("/sites", json!({ "name": name, "time_zone": zone, "calendar_id": calendar })).await
            }
            Site => {
                let (id, etag) = self.of("sites").await?;
                let zone = self.word(&["UTC", "Europe/Berlin", "America/New_York"]);
                let calendar = self.ids("calendars", 1).await.pop();
                let body = json!({ "time_zone": zone, "calendar_id": calendar });
                self.change("PATCH", &format!("/sites/{id}"), &etag, body).await
            }
            NewArea => {
                let site = self.id("sites").await?;
                self.post("/areas", json!({ "site_id": site, "name": name })).await
            }
            Area => {
                let (id, etag) = self.of("areas").await?;
                let seconds = self.coin().then_some(60);
                let kind = if seconds.is_some() { "timed".to_owned() } else { self.word(&["off", "soft", "hard"]) };
                let groups = self.ids("groups", 2).await;
                let pair = groups.first().zip(groups.get(1));
                let body = json!({
                    "anti_passback": kind, "anti_passback_s": seconds, "persons_max": self.coin().then_some(3),
                    "two_person_s": pair.map(|_| 20), "two_person_group_id": pair.map(|pair| pair.0),
                    "two_person_other_group_id": pair.map(|pair| pair.1), "reason": "drawn by lot",
                });
                self.change("PATCH", &format!("/areas/{id}"), &etag, body).await
            }
            NewDoor => {
                let two = "SELECT one.site_id || ' ' || one.id || ' ' || other.id FROM areas one \
                           JOIN areas other ON other.site_id = one.site_id AND other.id > one.id ORDER BY one.id, other.id";
                let two = self.row(two).await?;
                let body =
                    json!({ "name": name, "site_id": two[0], "area_outside_id": two[1], "area_inside_id": two[2] });
                self.post("/doors", body).await
            }
            Door => {
                let (id, etag) = self.of("doors").await?;
                let schedules = self.ids("schedules", 2).await;
                let factors = self.word(&["card", "card_pin", "card_finger"]);
                let mode = self.word(&["normal", "locked", "first_person", "toggle"]);
                let lines = |line: &dyn Fn(&String) -> Value| schedules.iter().map(line).collect::<Vec<_>>();
                let body = json!({
                    "factors_in": factors, "release_ms": 1_000 + self.below(5) * 500,
                    "release_longer_ms": self.coin().then_some(20_000),
                    "factor_lines": lines(&|id| json!({ "side": "in", "schedule_id": id, "factors": factors })),
                    "mode_lines": lines(&|id| json!({ "schedule_id": id, "mode": mode })), "reason": "drawn by lot",
                });
                self.change("PATCH", &format!("/doors/{id}"), &etag, body).await
            }
            NewInterlock => {
                let doors = self.free_doors().await;
                self.post("/interlocks", json!({ "name": name, "door_ids": doors })).await
            }
            Interlock => {
                let (id, etag) = self.of("interlocks").await?;
                let doors = self.free_doors().await;
                let body = json!({ "name": name, "door_ids": doors, "reason": "drawn by lot" });
                self.change("PUT", &format!("/interlocks/{id}"), &etag, body).await
            }
            NewTravelTime => {
                let table = self.word(&["door", "site"]);
                let (one, other) = (self.id(&format!("{table}s")).await?, self.id(&format!("{table}s")).await?);
                let (id, other_id) = (format!("{table}_id"), format!("other_{table}_id"));
                self.post("/travel-times", json!({ id: one, other_id: other, "least_s": 30 })).await
            }
            TravelTime => {
                let (id, etag) = self.of("travel_times").await?;
                let body = json!({ "least_s": 1 + self.below(90), "reason": "drawn by lot" });
                self.change("PATCH", &format!("/travel-times/{id}"), &etag, body).await
            }
            NewThreatLevel | ThreatLevel => {
                let places = [self.place().await, self.place().await];
                let places = &places[..self.below(2) + usize::from(places[0] != places[1])];
                let groups = self.ids("groups", 2).await;
                let mut body = json!({ "name": name, "locks": self.coin(), "places": places, "factors": "card_pin",
                    "exempt_group_ids": groups });
                if edit == NewThreatLevel {
                    body["level"] = json!(1 + self.below(9));
                    return self.post("/threat-levels", body).await;
                }
                let row = self.row("SELECT level || ' ' || row_version FROM threat_levels ORDER BY level").await?;
                body["reason"] = json!("drawn by lot");
                self.change("PUT", &format!("/threat-levels/{}", row[0]), &format!("\"{}\"", row[1]), body).await
            }
            NoThreatLevel => {
                let row = self.row("SELECT level || ' ' || row_version FROM threat_levels ORDER BY level").await?;
                let etag = format!("\"{}\"", row[1]);
                self.change("DELETE", &format!("/threat-levels/{}", row[0]), &etag, why).await
            }
            TenantRules => {
                let version = self.row("SELECT row_version::text FROM tenant_rules").await.unwrap_or(vec!["0".into()]);
                let waived = if self.coin() { json!(["two_person", "schedule"]) } else { json!([]) };
                let body = json!({
                    "refusals": 2 + self.below(9), "refusals_within_s": 120, "reader_lock_s": 15, "alone_travel": "as_known",
                    "alone_anti_passback": "deny", "alone_occupancy": "deny", "alone_two_person": "deny",
                    "waived_for_duress": waived, "alone_hours": 1 + self.below(72), "grant_days_max": null, "reason": "drawn by lot",
                });
                self.change("PUT", "/tenant-rules", &format!("\"{}\"", version[0]), body).await
            }
            CardRules => {
                let version = self.row("SELECT row_version::text FROM card_rules").await.unwrap_or(vec!["0".into()]);
                let body = json!({
                    "templates_on": "card", "takes_ev1": self.coin(), "leaves_factory_key": self.coin(),
                    "reason": "drawn by lot",
                });
                self.change("PUT", "/card-rules", &format!("\"{}\"", version[0]), body).await
            }
            DayType => {
                let path = format!("/day-types/{}", self.below(2));
                let answer =
                    self.server.call(&self.server.own.administrator, "PUT", &path, json!({ "name": name })).await;
                Some(self.was(answer.status.as_u16(), &answer.json))
            }
            NewCalendar | Calendar => {
                let types: Vec<i16> =
                    sqlx::query_scalar("SELECT day_type FROM day_types").fetch_all(&mut self.db).await.unwrap();
                let day =
                    |number: usize| json!({ "day": format!("2027-01-{:02}", number + 1), "day_type": types.first() });
                let days: Vec<_> = (0..self.below(20)).map(day).collect();
                let body = json!({ "name": name, "days": if types.is_empty() { Vec::new() } else { days } });
                if edit == NewCalendar {
                    return self.post("/calendars", body).await;
                }
                let (id, etag) = self.of("calendars").await?;
                self.change("PUT", &format!("/calendars/{id}"), &etag, body).await
            }
            NewSchedule | Schedule => {
                let hours = |from: usize| json!({ "from": format!("{from:02}:00"), "to": "23:30" });
                let window =
                    |from: usize| json!({ "days": ["mon", "sun"], "from": format!("{from:02}:00"), "to": "23:30" });
                let windows: Vec<_> = (0..self.below(3)).map(window).collect();
                let exception =
                    |day: usize| json!({ "day": format!("2027-03-{:02}", day + 1), "windows": [hours(day)] });
                let exceptions: Vec<_> = (0..self.below(3)).map(exception).collect();
                let body = json!({ "name": name, "windows": windows, "exceptions": exceptions });
                if edit == NewSchedule {
                    return self.post("/schedules", body).await;
                }
                let (id, etag) = self.of("schedules").await?;
                self.change("PUT", &format!("/schedules/{id}"), &etag, body).await
            }
            NewLevel | Level => {
                let mut lines = Vec::new();
                for _ in 0..self.below(3) {
                    let schedule = self.ids("schedules", 1).await.pop();
                    lines.push(json!({ "places": [self.place().await], "side": self.word(&["in", "out", "both"]),
                        "schedule_id": schedule }));
                }
                let body = json!({ "name": name, "lines": lines });
                if edit == NewLevel {
                    return self.post("/access-levels", body).await;
                }
                let (id, etag) = self.of("access_levels").await?;
                self.change("PUT", &format!("/access-levels/{id}"), &etag, body).await
            }
            NoArea => self.remove("areas", "areas", Value::Null).await,
            NoInterlock => self.remove("interlocks", "interlocks", why).await,
            NoTravelTime => self.remove("travel_times", "travel-times", why).await,
            NoCalendar => self.remove("calendars", "calendars", Value::Null).await,
            NoSchedule => self.remove("schedules", "schedules", Value::Null).await,
            NoLevel => self.remove("access_levels", "access-levels", Value::Null).await,
            NoGroup => self.remove("groups", "groups", Value::Null).await,
            NewGroup => {
                let reason = self.coin().then_some("drawn by lot");
                let body = json!({ "name": name, "is_responder": reason.is_some(), "reason": reason });
                self.post("/groups", body).await
            }
            Group => {
                let (id, etag) = self.of("groups").await?;
                let reason = self.coin().then_some("drawn by lot");
                let body = json!({ "is_responder": reason.is_some(), "reason": reason });
                self.change("PATCH", &format!("/groups/{id}"), &etag, body).await
            }
            Members => {
                let group = self.id("groups").await?;
                let (add, remove) = (self.ids("persons", 3).await, self.ids("persons", 1).await);
                let remove: Vec<_> = remove.into_iter().filter(|id| !add.contains(id)).collect();
                let body = json!({ "add": add, "remove": remove, "reason": "drawn by lot" });
                self.post(&format!("/groups/{group}/members"), body).await
            }
            NewPerson => {
                let body = json!({ "name": { "given": "Anna", "family": "Groß" }, "number": name,
                    "document": { "kind": "passport", "seen_at": "2026-01-02T03:04:05Z" } });
                self.post("/people", body).await
            }
            PersonRules => {
                let (id, etag) = self.of("persons").await?;
                let exemption = json!({ "ground": "temporary", "valid_from": "2026-01-01T00:00:00Z",
                    "valid_until": "2999-01-01T00:00:00Z" });
                let escort = match self.below(3) {
                    0 => json!({ "person_id": self.id("persons").await?, "within_s": 20 }),
                    1 => json!({ "group_id": self.id("groups").await?, "within_s": 20 }),
                    _ => Value::Null,
                };
                let exemption = if self.coin() { exemption } else { Value::Null };
                let body = json!({ "exemption": exemption, "escort": escort, "needs_longer": self.coin(),
                    "reason": "drawn by lot" });
                self.change("PUT", &format!("/people/{id}/rules"), &etag, body).await
            }
            PersonOut | PersonBack => {
                let id = self.id("persons").await?;
                let word = if edit == PersonOut { "deactivate" } else { "activate" };
                self.post(&format!("/people/{id}/{word}"), why).await
            }
            LegalBasis => {
                let id = self.id("persons").await?;
                crate::contract::consent(self.server, &id).await;
                Some(true)
            }
            CardState => {
                let id = self.id("credentials").await?;
                let state = self.word(&["active", "suspended", "lost", "stolen", "returned"]);
                let body = json!({ "state": state, "reason": "drawn by lot" });
                self.post(&format!("/credentials/{id}/state"), body).await
            }
            CardPeriod => {
                let (id, etag) = self.of("credentials").await?;
                let body = json!({ "valid_from": "2026-01-01T00:00:00Z", "valid_until": "2999-01-01T00:00:00Z",
                    "reason": "drawn by lot" });
                self.change("PATCH", &format!("/credentials/{id}"), &etag, body).await
            }
            NoFinger => {
                let id = self.id("fingers").await?;
                let path = format!("/fingers/{id}");
                let answer = self.server.call(&self.server.own.administrator, "DELETE", &path, why).await;
                Some(self.was(answer.status.as_u16(), &answer.json))
            }
            NewGrant | NewGroupGrant => {
                let (table, path) = if edit == NewGrant { ("persons", "people") } else { ("groups", "groups") };
                let (id, level) = (self.id(table).await?, self.id("access_levels").await?);
                let body = json!({ "level_id": level, "valid_from": "2026-01-01T00:00:00Z",
                    "valid_until": "2999-01-01T00:00:00Z" });
                self.post(&format!("/{path}/{id}/grants"), body).await
            }
            Grant => {
                let (id, etag) = self.of("grants").await?;
                let until = format!("29{:02}-01-01T00:00:00Z", self.below(90) + 10);
                let body = json!({ "valid_from": "2026-01-01T00:00:00Z", "valid_until": until });
                self.change("PATCH", &format!("/grants/{id}"), &etag, body).await
            }
            NoGrant => {
                let id = self.id("grants").await?;
                self.post(&format!("/grants/{id}/revoke"), why).await
            }
            NewBlock | NewGroupBlock | NewCardBlock => {
                let (table, path) = match edit {
                    NewBlock => ("persons", "people"),
                    NewGroupBlock => ("groups", "groups"),
                    _ => ("credentials", "credentials"),
                };
                let id = self.id(table).await?;
                let body = json!({ "place": self.place().await, "reason": "drawn by lot" });
                self.post(&format!("/{path}/{id}/blocks"), body).await
            }
            NoBlock => {
                let id = self.id("blocks").await?;
                self.post(&format!("/blocks/{id}/lift"), why).await
            }
            NewAgent => {
                let doors = self.ids("doors", 2).await;
                self.post("/agents", json!({ "name": name, "kind": "door_controller", "door_ids": doors })).await
            }
            NewCard => {
                let token = hex::encode(self.lot.random::<[u8; 32]>());
                let person = self.id("persons").await?;
                self.by_hand(&card("{tenant}", &person, &token)).await
            }
            NewFinger => {
                let person = self.id("persons").await?;
                let position = self.word(&["right_thumb", "right_index", "left_thumb"]);
                let is_duress = self.coin();
                self.by_hand(&format!(
                    "INSERT INTO fingers (tenant_id, id, person_id, position, quality, sensor_type, enrolled_at, is_duress) \
                     VALUES ('{{tenant}}', gen_random_uuid(), '{person}', '{position}', 80, 'zfm20', now(), {is_duress})"
                ))
                .await
            }
            AtOnce => {
                let token = hex::encode(self.lot.random::<[u8; 32]>());
                let (level, group) = (self.id("access_levels").await?, self.id("groups").await?);
                let person = uuid::Uuid::new_v4();
                self.by_hand(&format!(
                    "INSERT INTO persons (tenant_id, id) VALUES ('{{tenant}}', '{person}'); {}; \
                     INSERT INTO group_members (tenant_id, group_id, person_id) VALUES ('{{tenant}}', '{group}', '{person}'); \
                     INSERT INTO grants (tenant_id, id, person_id, level_id, valid_from, valid_until) \
                     SELECT '{{tenant}}', gen_random_uuid(), '{person}', '{level}', '2026-01-01', '2999-01-01' FROM generate_series(1, 3); \
                     DELETE FROM grants WHERE id = (SELECT id FROM grants WHERE person_id = '{person}' LIMIT 1); \
                     UPDATE grants SET revoked_at = now() WHERE id = (SELECT id FROM grants WHERE person_id = '{person}' LIMIT 1); \
                     UPDATE doors SET held_ms = held_ms + 1 WHERE id = (SELECT id FROM doors ORDER BY id LIMIT 1)",
                    card("{tenant}", &person.to_string(), &token)
                ))
                .await
            }
            Erased => {
                // Whoever came through a route has keys in the vault, which no route takes from them.
                let id = self.id("persons WHERE id NOT IN (SELECT person_id FROM vault.person_keys)").await?;
                let held = "(SELECT id FROM credentials WHERE person_id = '{id}')";
                let sql = format!(
                    "DELETE FROM blocks WHERE person_id = '{{id}}' OR credential_id IN {held}; \
                     DELETE FROM grants WHERE person_id = '{{id}}'; DELETE FROM group_members WHERE person_id = '{{id}}'; \
                     DELETE FROM fingers WHERE person_id = '{{id}}'; DELETE FROM legal_bases WHERE person_id = '{{id}}'; \
                     DELETE FROM credentials WHERE person_id = '{{id}}'; DELETE FROM persons WHERE id = '{{id}}'"
                );
                self.by_hand(&sql.replace("{id}", &id)).await
            }
        }
    }

    async fn remove(&mut self, table: &str, path: &str, body: Value) -> Option<bool> {
        let (id, etag) = self.of(table).await?;
        self.change("DELETE", &format!("/{path}/{id}"), &etag, body).await
    }

    /// Statements in one transaction of the tenant's; undone if one of them is refused.
    async fn by_hand(&mut self, sql: &str) -> Option<bool> {
        let tenant = self.server.own.tenant;
        let mut tx = self.server.state.db.begin_change(tenant, None).await.unwrap();
        let sql = sql.replace("{tenant}", &tenant.to_string());
        match sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut *tx).await {
            Ok(_) => tx.commit().await.unwrap(),
            Err(sqlx::Error::Database(error)) if error.constraint().is_some() => return Some(false),
            Err(error) => panic!("seed {}: {error}", self.seed),
        }
        Some(true)
    }
}

fn card(tenant: &str, person: &str, token: &str) -> String {
    format!(
        "INSERT INTO credentials (tenant_id, id, person_id, token, label, valid_from) \
         VALUES ('{tenant}', gen_random_uuid(), '{person}', '\\x{token}', 'card', '2020-01-01')"
    )
}
