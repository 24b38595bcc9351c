//! Schedules, levels, grants and blocks over HTTP: nothing of what rules know is lost on the way in and out.

use access_core::policy::{BlockSubject, ExemptionGround, FactorDemand, Holder, Place, PolicyRows, Span, Window};
use chrono::DateTime;
use serde_json::{Value, json};
use uuid::Uuid;

use super::GrantState;
use crate::contract::{door, person, site};
use crate::testing::TestServer;

/// The rules as decisions read them.
async fn rules(server: &TestServer) -> PolicyRows {
    let mut tx = server.state.db.read(server.own.tenant, None).await.unwrap();
    let now = access_core::UnixMs(crate::clock::now().timestamp_millis());
    crate::decisions::store::load(&mut tx, server.own.tenant, now).await.unwrap()
}

#[tokio::test]
async fn schedules_keep_day_types_and_exceptions() {
    let server = TestServer::start().await;
    let admin = &server.own.administrator;
    let hours = json!({
        "name": "Shop",
        "windows": [
            { "days": ["mon", "fri"], "day_types": [1], "from": "07:00", "to": "19:00" },
            { "days": [], "day_types": [0, 1], "from": "22:00", "to": "02:00" },
        ],
        "exceptions": [
            { "day": "2026-12-24", "windows": [{ "from": "07:00", "to": "12:00" }, { "from": "20:00", "to": "24:00" }] },
            { "day": "2026-12-31", "windows": [] },
        ],
    });
    let unnamed = server.call(admin, "POST", "/schedules", hours.clone()).await.problem(422, "invalid");
    assert!(unnamed.json["detail"].as_str().unwrap().contains("day type 0"), "{}", unnamed.json);
    for (number, name) in [(0, "Holiday"), (1, "Half day")] {
        server.call(admin, "PUT", &format!("/day-types/{number}"), json!({ "name": name })).await.is(200);
    }
    let made = server.call(admin, "POST", "/schedules", hours.clone()).await.is(201);
    let path = format!("/schedules/{}", made.id());
    let read = server.call(&server.own.guard, "GET", &path, Value::Null).await.is(200);
    assert_eq!((&read.json["windows"], &read.json["exceptions"]), (&hours["windows"], &hours["exceptions"]));
    let kept = rules(&server).await.schedules.remove(0);
    let span = |from, to| Span { from_minute: from, to_minute: to };
    assert_eq!(kept.windows[0], Window { days: 0b1_0001, day_types: 0b10, span: span(420, 1140) });
    assert_eq!(kept.windows[1], Window { days: 0, day_types: 0b11, span: span(1320, 120) });
    assert_eq!(kept.exceptions[0].spans, [span(420, 720), span(1200, 1440)]);
    assert_eq!(kept.exceptions[1].day - kept.exceptions[0].day, 7);
    let in_use = server.call(admin, "DELETE", "/day-types/1", Value::Null).await.problem(409, "in_use");
    assert!(in_use.json["detail"].as_str().unwrap().contains("schedule “Shop”"));

    let with = |field: &str, value: Value| {
        let mut wrong = hours.clone();
        wrong[field] = value;
        wrong
    };
    let window =
        |days: Value, types: Value| json!([{ "days": days, "day_types": types, "from": "07:00", "to": "19:00" }]);
    for (wrong, field) in [
        (with("windows", window(json!([]), json!([]))), "windows[0]"),
        (with("windows", window(json!(["mon"]), json!([8]))), "windows[0]"),
        (with("windows", window(json!(["mon"]), json!([2]))), "day_type"),
        (
            with("exceptions", json!([{ "day": "2026-12-24", "windows": [{ "from": "7", "to": "8" }] }])),
            "exceptions[0]",
        ),
        (with("exceptions", json!([{ "day": "1960-12-24", "windows": [] }])), "exceptions[0]"),
        (with("exceptions", json!([hours["exceptions"][0], hours["exceptions"][0]])), "exceptions"),
        (with("exceptions", json!([{ "day": "24.12.2026", "windows": [] }])), "body"),
        (with("colour", json!("red")), "body"),
    ] {
        let refused = server.change(admin, "PUT", &path, "\"1\"", wrong).await.problem(422, "invalid");
        assert_eq!(refused.json["errors"][0]["field"], field, "{}", refused.json);
    }
    let less = json!({ "name": "Shop", "windows": [{ "days": ["sat"], "from": "08:00", "to": "09:00" }] });
    let after = server.change(admin, "PUT", &path, "\"1\"", less).await.is(200);
    assert_eq!((&after.json["exceptions"], &after.json["windows"][0]["day_types"]), (&json!([]), &json!([])));
    server.change(admin, "DELETE", &path, "\"2\"", Value::Null).await.is(204);
}

#[tokio::test]
async fn levels_hold_places_of_every_kind_and_factors() {
    let server = TestServer::start().await;
    let admin = &server.own.administrator;
    let site = site(&server).await;
    let door = door(&server, &site).await;
    let areas = server.call(admin, "GET", "/areas", Value::Null).await.is(200);
    let area = areas.json["items"][0]["id"].clone();
    let lines = json!([
        { "places": [{ "kind": "area", "id": area }, { "kind": "door", "id": door }, { "kind": "site", "id": site }],
          "side": "both", "schedule_id": null, "factors": null },
        { "places": [{ "kind": "tenant", "id": null }], "side": "out", "schedule_id": null, "factors": "card_pin" },
    ]);
    let level = server.call(admin, "POST", "/access-levels", json!({ "name": "All", "lines": lines })).await.is(201);
    let path = format!("/access-levels/{}", level.id());
    let mut read = server.call(&server.own.guard, "GET", &path, Value::Null).await.is(200).json;
    let kinds: Vec<_> =
        read["lines"][0]["places"].as_array().unwrap().iter().map(|place| place["kind"].clone()).collect();
    assert_eq!(kinds, ["area", "door", "site"]);
    assert_eq!(read["lines"], lines);
    let kept = rules(&server).await.levels.remove(0);
    let id = |text: &str| text.parse::<Uuid>().unwrap();
    assert!(kept.lines[0].places.contains(&Place::Site(id(&site).into())));
    assert!(kept.lines[0].places.contains(&Place::Door(id(&door).into())));
    assert_eq!((&kept.lines[1].places[..], kept.lines[1].factors), (&[Place::Tenant][..], Some(FactorDemand::CardPin)));
    // What was read can be sent back as it is.
    let again = json!({ "name": "All doors", "lines": read["lines"].take() });
    server.change(admin, "PUT", &path, "\"1\"", again).await.is(200);
    assert_eq!(rules(&server).await.levels.remove(0).lines, kept.lines);

    let nobody = Uuid::new_v4();
    let line = |place: Value| json!([{ "places": [place], "side": "in" }]);
    for (lines, field) in [
        (line(json!({ "kind": "site", "id": nobody })), "lines[0].places[0]"),
        (line(json!({ "kind": "area", "id": site })), "lines[0].places[0]"),
        (line(json!({ "kind": "door", "id": null })), "lines[0].places[0]"),
        (line(json!({ "kind": "tenant", "id": site })), "lines[0].places[0]"),
        (line(json!({ "kind": "street", "id": site })), "body"),
        (json!([{ "places": [], "side": "in" }]), "lines[0].places"),
        (json!([{ "places": [{ "kind": "tenant" }], "side": "in", "schedule_id": nobody }]), "lines[0].schedule_id"),
        (json!([{ "places": [{ "kind": "tenant" }], "side": "in", "factors": "finger" }]), "body"),
        (json!([{ "door_ids": [door], "side": "in" }]), "body"),
    ] {
        let wrong = json!({ "name": "Odd", "lines": lines });
        let refused = server.call(admin, "POST", "/access-levels", wrong).await.problem(422, "invalid");
        assert_eq!(refused.json["errors"][0]["field"], field, "{}", refused.json);
    }
}

#[tokio::test]
async fn grants_last_no_longer_than_the_tenant_lets_them() {
    let server = TestServer::start().await;
    let (admin, tenant) = (&server.own.administrator, server.own.tenant);
    let level = json!({ "name": "All", "lines": [{ "places": [{ "kind": "tenant" }], "side": "both" }] });
    let level = server.call(admin, "POST", "/access-levels", level).await.is(201).id();
    let (anna, group) = (person(&server, "1").await, json!({ "name": "Staff" }));
    let group = server.call(admin, "POST", "/groups", group).await.is(201).id();
    server
        .execute(&format!(
            "SET app.tenant = '{tenant}'; INSERT INTO tenant_rules (tenant_id, grant_days_max) VALUES ('{tenant}', 90)"
        ))
        .await;
    for path in [format!("/people/{anna}/grants"), format!("/groups/{group}/grants")] {
        let ends =
            |until: &str| json!({ "level_id": level, "valid_from": "2998-01-01T00:00:00Z", "valid_until": until });
        let longer = server.call(admin, "POST", &path, ends("2998-04-02T00:00:00Z")).await.problem(422, "invalid");
        assert_eq!(longer.json["errors"][0]["field"], "valid_until");
        assert!(longer.json["detail"].as_str().unwrap().contains("90 days"), "{}", longer.json);
        let endless = json!({ "level_id": level, "valid_from": "2026-01-01T00:00:00Z", "no_end_reason": "staff" });
        server.call(admin, "POST", &path, endless).await.problem(422, "invalid");
        server.call(&server.own.guard, "POST", &path, ends("2998-04-01T00:00:00Z")).await.problem(403, "forbidden");
        let stranger = &server.other.administrator;
        server.call(stranger, "POST", &path, ends("2998-04-01T00:00:00Z")).await.problem(404, "not_found");
        server.call(admin, "POST", &path, ends("2998-04-01T00:00:00Z")).await.is(201);
    }
    let mut holders: Vec<_> = rules(&server).await.grants.iter().map(|grant| grant.holder).collect();
    holders.sort();
    let id = |text: &str| text.parse::<Uuid>().unwrap();
    assert_eq!(holders, [Holder::Person(id(&anna).into()), Holder::Group(id(&group).into())]);
}

#[tokio::test]
async fn blocks_stop_people_groups_and_cards_at_places() {
    let server = TestServer::start().await;
    let (admin, tenant) = (&server.own.administrator, server.own.tenant);
    let (site, anna, card) = (site(&server).await, person(&server, "1").await, Uuid::now_v7());
    let door = door(&server, &site).await;
    let group = server.call(admin, "POST", "/groups", json!({ "name": "Staff" })).await.is(201).id();
    server
        .execute(&format!(
            "SET app.tenant = '{tenant}'; INSERT INTO credentials (tenant_id, id, person_id, token, label, valid_from) \
             VALUES ('{tenant}', '{card}', '{anna}', decode(repeat('01', 32), 'hex'), '…', '2020-01-01')"
        ))
        .await;
    let subjects = [
        (format!("/people/{anna}/blocks"), BlockSubject::Person(anna.parse::<Uuid>().unwrap().into())),
        (format!("/groups/{group}/blocks"), BlockSubject::Group(group.parse::<Uuid>().unwrap().into())),
        (format!("/credentials/{card}/blocks"), BlockSubject::Credential(card.into())),
    ];
    for (path, subject) in subjects {
        let here = json!({ "reason": "tested", "place": { "kind": "door", "id": door }, "valid_until": "2999-01-01T00:00:00Z" });
        server.call(&server.own.guard, "POST", &path, here.clone()).await.problem(403, "forbidden");
        server.call(&server.other.administrator, "POST", &path, here.clone()).await.problem(404, "not_found");
        let block = server.call(admin, "POST", &path, here).await.is(201);
        let kept = rules(&server).await.blocks.pop().unwrap();
        assert_eq!((kept.subject, kept.place), (subject, Place::Door(door.parse::<Uuid>().unwrap().into())));
        for (body, field) in [
            (json!({ "reason": " " }), "reason"),
            (json!({ "reason": "x", "place": { "kind": "area", "id": door } }), "place"),
            (json!({ "reason": "x", "place": { "kind": "site" } }), "place"),
            (json!({ "reason": "x", "valid_until": "2020-01-01T00:00:00Z" }), "valid_until"),
            (
                json!({ "reason": "x", "valid_from": "2010-01-01T00:00:00Z", "valid_until": "2020-01-01T00:00:00Z" }),
                "valid_until",
            ),
        ] {
            let refused = server.call(admin, "POST", &path, body).await.problem(422, "invalid");
            assert_eq!(refused.json["errors"][0]["field"], field, "{}", refused.json);
        }
        server.call(admin, "POST", &path, json!({ "reason": "everywhere" })).await.is(201);
        let lift = format!("/blocks/{}/lift", block.id());
        server.call(admin, "POST", &lift, json!({ "reason": "over" })).await.is(200);
    }
    let detail = server.call(admin, "GET", &format!("/people/{anna}"), Value::Null).await.is(200);
    assert_eq!(detail.json["blocks"].as_array().unwrap().len(), 4, "those of the card as well");
}

#[tokio::test]
async fn a_person_is_exempt_escorted_and_slow_as_said() {
    let server = TestServer::start().await;
    let admin = &server.own.administrator;
    let (anna, ben) = (person(&server, "1").await, person(&server, "2").await);
    let path = format!("/people/{anna}/rules");
    let exempt =
        json!({ "ground": "temporary", "valid_from": "2026-01-01T00:00:00Z", "valid_until": "2999-01-01T00:00:00Z" });
    let all = json!({ "exemption": exempt, "escort": { "person_id": ben, "within_s": 20 }, "needs_longer": true });
    server.change(&server.own.guard, "PUT", &path, "\"1\"", all.clone()).await.problem(403, "forbidden");
    server.change(&server.other.administrator, "PUT", &path, "\"1\"", all.clone()).await.problem(404, "not_found");
    let set = server.change(admin, "PUT", &path, "\"1\"", all.clone()).await.is(200);
    assert_eq!((&set.json["exemption"], &set.json["needs_longer"]), (&exempt, &json!(true)));
    server.change(admin, "PUT", &path, "\"1\"", all.clone()).await.problem(412, "changed_meanwhile");
    let rows = rules(&server).await;
    let kept = rows.persons.iter().find(|row| row.id.to_string() == anna).unwrap();
    assert!(kept.needs_longer && kept.exemption.is_some_and(|held| held.ground == ExemptionGround::Temporary));
    assert_eq!(kept.escort.map(|escort| escort.within_s), Some(20));
    let detail = server.call(admin, "GET", &format!("/people/{anna}"), Value::Null).await.is(200);
    assert_eq!(detail.json["rules"], set.json);
    assert_eq!((detail.etag, detail.json["missing"].to_string().contains("finger")), (set.etag.clone(), false));

    let etag = set.etag.unwrap();
    let nobody = Uuid::new_v4();
    for (body, field) in [
        (json!({ "escort": { "person_id": nobody, "within_s": 20 }, "reason": "x" }), "escort.person_id"),
        (json!({ "escort": { "group_id": nobody, "within_s": 20 }, "reason": "x" }), "escort.group_id"),
        (json!({ "escort": { "person_id": anna, "within_s": 20 }, "reason": "x" }), "escort.person_id"),
        (json!({ "exemption": exempt }), "reason"),
        (json!({ "exemption": { "ground": "ill", "valid_from": "2026-01-01T00:00:00Z" } }), "body"),
    ] {
        let refused = server.change(admin, "PUT", &path, &etag, body).await.problem(422, "invalid");
        assert_eq!(refused.json["errors"][0]["field"], field, "{}", refused.json);
    }
    let free = server.change(admin, "PUT", &path, &etag, json!({ "reason": "employed now" })).await.is(200);
    assert_eq!((&free.json["exemption"], &free.json["escort"]), (&Value::Null, &Value::Null));
    assert!(server.acts().await.last().unwrap().reason.is_some());
}

#[test]
fn a_grant_has_one_state_at_a_time() {
    let at = |seconds| DateTime::from_timestamp(seconds, 0).unwrap();
    let cases = [
        (false, 9, GrantState::Future),
        (false, 10, GrantState::Current),
        (false, 19, GrantState::Current),
        (false, 20, GrantState::Ended),
        (true, 15, GrantState::Revoked),
    ];
    for (was_revoked, now, expected) in cases {
        assert_eq!(GrantState::of(at(10), Some(at(20)), was_revoked, at(now)), expected, "{now}");
    }
    assert_eq!(GrantState::of(at(10), None, false, at(1_000)), GrantState::Current);
}
