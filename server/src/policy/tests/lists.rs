//! Who and where, held against one query over the tables; grants that nobody uses.

use std::collections::BTreeSet;

use access_core::event::{Event, Passage};
use access_core::policy::Side;
use chrono::{DateTime, TimeDelta, Utc};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use serde_json::{Value, json};
use sqlx::PgConnection;
use uuid::Uuid;

use super::world::{World, monday};
use crate::decisions::tests::{ANNA, BEN, Hall};
use crate::testing::TestServer;

/// Who may pass which door on which side at an instant: RULES.md's rules 5, 7, 8, 10, 13 and 14 as one query. Zones are UTC, doors
/// demand a card alone, and nothing has happened.
const ORACLE: &str = "
    WITH at AS (SELECT $2::timestamptz AS instant, ($2::timestamptz AT TIME ZONE 'UTC') AS wall),
    held AS (
        SELECT DISTINCT line.tenant_id, line.level_id, line.place, line.sides, line.schedule_id, door.id AS door_id
        FROM access_level_lines line JOIN access_level_line_places p USING (tenant_id, level_id, place)
        JOIN doors door ON door.tenant_id = line.tenant_id AND (p.kind = 'tenant' OR p.door_id = door.id
            OR p.area_id = door.area_inside_id OR p.site_id = door.site_id)),
    open AS (
        SELECT span.schedule_id FROM schedule_windows span, at WHERE span.tenant_id = $1 AND (
            (span.days & (1 << (extract(isodow FROM wall)::int - 1)) <> 0
                AND extract(hour FROM wall) * 60 + extract(minute FROM wall) >= span.from_minute
                AND (span.to_minute <= span.from_minute OR extract(hour FROM wall) * 60 + extract(minute FROM wall) < span.to_minute))
            OR (span.days & (1 << (extract(isodow FROM wall - interval '1 day')::int - 1)) <> 0
                AND span.to_minute <= span.from_minute
                AND extract(hour FROM wall) * 60 + extract(minute FROM wall) < span.to_minute))),
    granted AS (
        SELECT coalesce(g.person_id, member.person_id) AS person_id, g.level_id FROM at, grants g
        LEFT JOIN group_members member ON member.tenant_id = g.tenant_id AND member.group_id = g.group_id
        WHERE g.tenant_id = $1 AND g.revoked_at IS NULL AND g.valid_from <= instant AND coalesce(instant < g.valid_until, true))
    SELECT DISTINCT granted.person_id, held.door_id, side.word
    FROM at, granted JOIN persons person ON person.tenant_id = $1 AND person.id = granted.person_id AND person.state = 'active'
    JOIN held ON held.tenant_id = $1 AND held.level_id = granted.level_id
    JOIN (VALUES ('in'), ('out')) AS side (word) ON held.sides IN (side.word, 'both')
    JOIN doors door ON door.tenant_id = $1 AND door.id = held.door_id
    WHERE (held.schedule_id IS NULL OR held.schedule_id IN (SELECT schedule_id FROM open))
    AND EXISTS (SELECT FROM credentials card WHERE card.tenant_id = $1 AND card.person_id = person.id AND card.state = 'active'
        AND card.valid_from <= instant AND coalesce(instant < card.valid_until, true)
        AND NOT EXISTS (SELECT FROM blocks b WHERE b.tenant_id = $1 AND b.lifted_at IS NULL
            AND b.valid_from <= instant AND coalesce(instant < b.valid_until, true)
            AND (b.person_id = person.id OR b.credential_id = card.id OR b.group_id IN
                (SELECT group_id FROM group_members WHERE tenant_id = $1 AND person_id = person.id))
            AND (b.place_kind = 'tenant' OR b.site_id = door.site_id OR b.area_id = door.area_inside_id OR b.door_id = door.id)))";

/// Some rules, drawn by lot: sites, doors, groups, levels for all kinds of places, cards and blocks in all states.
async fn draw(db: &mut PgConnection, tenant: Uuid, lot: &mut StdRng) -> (Vec<Uuid>, Vec<Uuid>) {
    let ids = |count: usize| (0..count).map(|_| Uuid::new_v4()).collect::<Vec<_>>();
    let (sites, groups, people) = (ids(2), ids(3), ids(14));
    let (mut areas, mut doors) = (Vec::new(), Vec::new());
    let mut run = async |sql: String| {
        sqlx::raw_sql(sqlx::AssertSqlSafe(sql.replace("TENANT", &format!("'{tenant}'"))))
            .execute(&mut *db)
            .await
            .unwrap();
    };
    for (place, site) in sites.iter().enumerate() {
        run(format!("INSERT INTO sites (tenant_id, id, name, time_zone) VALUES (TENANT, '{site}', 'S{place}', 'UTC')"))
            .await;
        let of_site = ids(3);
        for (number, area) in of_site.iter().enumerate() {
            run(format!(
                "INSERT INTO areas (tenant_id, id, site_id, name) VALUES (TENANT, '{area}', '{site}', 'A{number}')"
            ))
            .await;
        }
        for (number, door) in ids(3).into_iter().enumerate() {
            let (outside, inside) = (of_site[number], of_site[(number + 1) % 3]);
            run(format!(
                "INSERT INTO doors (tenant_id, id, site_id, name, area_outside_id, area_inside_id, factors_in) \
                 VALUES (TENANT, '{door}', '{site}', 'D{number}', '{outside}', '{inside}', 'card')"
            ))
            .await;
            doors.push(door);
        }
        areas.extend(of_site);
    }
    let schedules = ids(4);
    for (number, schedule) in schedules.iter().enumerate() {
        run(format!("INSERT INTO schedules (tenant_id, id, name) VALUES (TENANT, '{schedule}', 'T{number}')")).await;
        for place in 0..lot.random_range(0..3) {
            let (from, to) = (lot.random_range(0..24) * 60, lot.random_range(1..=24) * 60);
            if from != to {
                let days = lot.random_range(1..128);
                run(format!(
                    "INSERT INTO schedule_windows (tenant_id, schedule_id, place, days, from_minute, to_minute) \
                     VALUES (TENANT, '{schedule}', {place}, {days}, {from}, {to})"
                ))
                .await;
            }
        }
    }
    for (number, group) in groups.iter().enumerate() {
        run(format!("INSERT INTO groups (tenant_id, id, name) VALUES (TENANT, '{group}', 'G{number}')")).await;
    }
    for person in &people {
        let state = if lot.random_range(0..8) == 0 { "inactive" } else { "active" };
        run(format!("INSERT INTO persons (tenant_id, id, state) VALUES (TENANT, '{person}', '{state}')")).await;
        for group in &groups {
            if lot.random_range(0..3) == 0 {
                run(format!(
                    "INSERT INTO group_members (tenant_id, group_id, person_id) VALUES (TENANT, '{group}', '{person}')"
                ))
                .await;
            }
        }
    }
    let pick = |lot: &mut StdRng, from: &[Uuid]| from[lot.random_range(0..from.len())];
    let period = |lot: &mut StdRng| {
        let from = monday() - TimeDelta::days(3) + TimeDelta::days(lot.random_range(0..5));
        let until = from + TimeDelta::days(lot.random_range(1..9));
        let until = if lot.random() { format!("'{until}'") } else { "NULL".to_owned() };
        (format!("'{from}'"), until)
    };
    let mut cards = Vec::new();
    for person in people.iter().chain(&people[..6]) {
        let (card, (from, until)) = (Uuid::new_v4(), period(lot));
        let state = ["active", "active", "active", "lost", "suspended", "issued", "expired"][lot.random_range(0..7)];
        run(format!(
            "INSERT INTO credentials (tenant_id, id, person_id, token, label, state, valid_from, valid_until) VALUES (TENANT, '{card}', \
             '{person}', sha256('{card}'), 'card', '{state}', {from}, {until})"
        ))
        .await;
        cards.push(card);
    }
    let place = |lot: &mut StdRng| match lot.random_range(0..4) {
        0 => ("tenant", "NULL, NULL, NULL".to_owned()),
        1 => ("site", format!("'{}', NULL, NULL", pick(lot, &sites))),
        2 => ("area", format!("NULL, '{}', NULL", pick(lot, &areas))),
        _ => ("door", format!("NULL, NULL, '{}'", pick(lot, &doors))),
    };
    let levels = ids(6);
    for (number, level) in levels.iter().enumerate() {
        run(format!("INSERT INTO access_levels (tenant_id, id, name) VALUES (TENANT, '{level}', 'L{number}')")).await;
        for line in 0..lot.random_range(0..3) {
            let sides = ["in", "out", "both"][lot.random_range(0..3)];
            let schedule = if lot.random() { format!("'{}'", pick(lot, &schedules)) } else { "NULL".to_owned() };
            let (kind, columns) = place(lot);
            run(format!(
                "INSERT INTO access_level_lines (tenant_id, level_id, place, sides, schedule_id) \
                 VALUES (TENANT, '{level}', {line}, '{sides}', {schedule}); \
                 INSERT INTO access_level_line_places (tenant_id, level_id, place, kind, site_id, area_id, door_id) \
                 VALUES (TENANT, '{level}', {line}, '{kind}', {columns})"
            ))
            .await;
        }
    }
    for _ in 0..30 {
        let ((from, until), level) = (period(lot), pick(lot, &levels));
        let holder = match lot.random_range(0..4) {
            0 => format!("NULL, '{}'", pick(lot, &groups)),
            _ => format!("'{}', NULL", pick(lot, &people)),
        };
        let revoked = if lot.random_range(0..6) == 0 { "now()" } else { "NULL" };
        let why = if until == "NULL" { "'a test'" } else { "NULL" };
        run(format!(
            "INSERT INTO grants (tenant_id, id, person_id, group_id, level_id, valid_from, valid_until, no_end_reason, revoked_at) \
             VALUES (TENANT, gen_random_uuid(), {holder}, '{level}', {from}, {until}, {why}, {revoked})"
        ))
        .await;
    }
    for _ in 0..5 {
        let ((from, until), (kind, columns)) = (period(lot), place(lot));
        let subject = match lot.random_range(0..3) {
            0 => format!("'{}', NULL, NULL", pick(lot, &people)),
            1 => format!("NULL, '{}', NULL", pick(lot, &cards)),
            _ => format!("NULL, NULL, '{}'", pick(lot, &groups)),
        };
        let lifted = if lot.random_range(0..4) == 0 { "now()" } else { "NULL" };
        run(format!(
            "INSERT INTO blocks (tenant_id, id, person_id, credential_id, group_id, reason, valid_from, valid_until, lifted_at, \
             place_kind, site_id, area_id, door_id) \
             VALUES (TENANT, gen_random_uuid(), {subject}, 'a test', {from}, {until}, {lifted}, '{kind}', {columns})"
        ))
        .await;
    }
    (doors, people)
}

type Triple = (Uuid, Uuid, String);

fn triples(answer: &Value) -> BTreeSet<Triple> {
    let id = |value: &Value| value.as_str().unwrap().parse::<Uuid>().unwrap();
    let items = answer["items"].as_array().unwrap().iter();
    items.map(|may| (id(&may["person_id"]), id(&may["door_id"]), may["side"].as_str().unwrap().to_owned())).collect()
}

#[tokio::test]
async fn who_and_where_are_what_one_query_over_the_tables_says() {
    let server = TestServer::start().await;
    let mut found = 0;
    for seed in 0..4 {
        let mut lot = StdRng::seed_from_u64(seed);
        // Each round in the tenant that the other rounds have emptied.
        let tenant = server.own.tenant;
        let mut tx = server.state.db.begin(tenant, None).await.unwrap();
        sqlx::raw_sql(
            "DELETE FROM blocks; DELETE FROM grants; DELETE FROM credentials; DELETE FROM group_members; DELETE FROM groups; \
             DELETE FROM persons; DELETE FROM access_levels; DELETE FROM schedules; DELETE FROM doors; DELETE FROM areas; DELETE FROM sites",
        )
        .execute(&mut *tx)
        .await
        .unwrap();
        let (doors, people) = draw(&mut tx, tenant.as_uuid(), &mut lot).await;
        tx.commit().await.unwrap();
        for _ in 0..12 {
            let at: DateTime<Utc> = monday() + TimeDelta::minutes(lot.random_range(0..7 * 24 * 4) * 15);
            let mut tx = server.state.db.read(tenant, None).await.unwrap();
            let expected: Vec<Triple> =
                sqlx::query_as(ORACLE).bind(tenant.as_uuid()).bind(at).fetch_all(&mut *tx).await.unwrap();
            drop(tx);
            let expected: BTreeSet<Triple> = expected.into_iter().collect();
            found += expected.len();
            let stamp = at.format("%FT%TZ");
            let mut told = BTreeSet::new();
            for door in &doors {
                let path = format!("/doors/{door}/who?at={stamp}&limit=200");
                told.extend(triples(&server.call(&server.own.guard, "GET", &path, Value::Null).await.is(200).json));
            }
            assert_eq!(told, expected, "who, seed {seed}, {at}");
            let mut told = BTreeSet::new();
            for person in &people {
                let path = format!("/people/{person}/where?at={stamp}&limit=200");
                told.extend(triples(&server.call(&server.own.guard, "GET", &path, Value::Null).await.is(200).json));
            }
            assert_eq!(told, expected, "where, seed {seed}, {at}");
            // Over a stretch the same, at each of its instants.
            let until = (at + TimeDelta::minutes(15)).format("%FT%TZ");
            let mut told = BTreeSet::new();
            for door in &doors {
                let path = format!("/doors/{door}/who?from={stamp}&until={until}&limit=200");
                told.extend(triples(&server.call(&server.own.guard, "GET", &path, Value::Null).await.is(200).json));
            }
            assert_eq!(told, expected, "a quarter of an hour, seed {seed}, {at}");
        }
    }
    assert!(found > 200, "only {found} were found at all");
}

#[tokio::test]
async fn lists_come_in_pieces_and_refuse_what_they_do_not_know() {
    let server = TestServer::start().await;
    let world = World::make(&server).await;
    let guard = &server.own.guard;
    let get = async |path: String| server.call(guard, "GET", &path, Value::Null).await;
    let (from, until) = (monday().format("%FT%TZ"), (monday() + TimeDelta::days(7)).format("%FT%TZ"));
    let week = format!("from={from}&until={until}");
    let first = get(format!("/doors/{}/who?{week}&limit=1", world.door)).await.is(200).json;
    assert_eq!((&first["count"], &first["next"]), (&json!(2), &json!("1")), "in and out");
    assert_eq!(first["items"][0]["times"].as_array().unwrap().len(), 5, "five days a week");
    let second = get(format!("/doors/{}/who?{week}&limit=1&cursor=1", world.door)).await.is(200).json;
    assert_eq!((&second["items"][0]["side"], &second["next"]), (&json!("out"), &Value::Null));
    let inwards = get(format!("/people/{}/where?{week}&side=in", world.anna)).await.is(200).json;
    assert_eq!((&inwards["count"], &inwards["items"][0]["door_id"]), (&json!(1), &json!(world.door)));
    assert_eq!(get(format!("/people/{}/where", world.berta)).await.is(200).json["count"], 0);

    let nobody = Uuid::new_v4();
    get(format!("/doors/{nobody}/who")).await.problem(404, "not_found");
    get(format!("/people/{nobody}/where")).await.problem(404, "not_found");
    get(format!("/doors/{}/who?at={from}&until={until}", world.door)).await.problem(422, "invalid");
    get(format!("/doors/{}/who?limit=0", world.door)).await.problem(422, "invalid");
    // Further ahead than the hours of a zone are known, and than there are instants.
    for far in ["at=2999-01-01T00:00:00Z", "from=2999-01-01T00:00:00Z", "from=%2B262142-12-31T00:00:00Z"] {
        let refused = get(format!("/doors/{}/who?{far}", world.door)).await.problem(422, "invalid");
        assert_eq!(refused.json["errors"][0]["field"], far.split('=').next().unwrap());
    }
    get(format!("/doors/{}/who?cursor=x", world.door)).await.problem(400, "malformed");
    get(format!("/doors/{}/who?when=now", world.door)).await.problem(400, "malformed");
    get(format!("/doors/{}/who?from={until}&until={from}", world.door)).await.problem(422, "invalid");
    server.call("", "GET", &format!("/doors/{}/who", world.door), Value::Null).await.problem(401, "unauthenticated");
    let path = format!("/people/{}/where", world.anna);
    // Their tenant has no rules at all, and so no person.
    server.call(&server.other.guard, "GET", &path, Value::Null).await.problem(404, "not_found");
    get("/grants/unused?days=0".to_owned()).await.problem(422, "invalid");
}

#[tokio::test]
async fn a_grant_that_nobody_uses_is_listed_until_it_is_used() {
    let mut hall = Box::pin(Hall::new("persons_max = 9")).await;
    let unused = async |hall: &Hall, days: i64| {
        let path = format!("/grants/unused?days={days}");
        hall.server.call(&hall.server.own.guard, "GET", &path, Value::Null).await.is(200).json
    };
    let before = unused(&hall, 30).await;
    assert_eq!(before["count"], 2, "{before}");
    let asked = hall.ask(0, Side::In, ANNA).await;
    let passage = Passage { person: hall.people[ANNA].0, attempt: asked.attempt.id };
    let entered = Event::Entered { door: hall.doors[0], side: Side::In, persons: vec![passage] };
    hall.tell(0, vec![asked.decision(), entered]).await;
    let after = unused(&hall, 30).await;
    assert_eq!((&after["count"], &after["items"][0]["person_id"]), (&json!(1), &json!(hall.people[BEN].0.as_uuid())));
    // Younger grants are not unused yet.
    let tenant = hall.server.own.tenant;
    hall.server
        .execute(&format!("SET app.tenant = '{tenant}'; UPDATE grants SET valid_from = now() - interval '10 days'"))
        .await;
    assert_eq!(unused(&hall, 30).await["count"], 0);
    assert_eq!(unused(&hall, 5).await["count"], 1);
}
