//! Steps from rules to newer ones: the same as reading all, whatever was edited, by how many at once, and in which order it is read.

use std::collections::BTreeSet;
use std::sync::Arc;

use access_core::canonical;
use access_core::ids::DoorId;
use access_core::policy::{Policy, PolicyChange, PolicyRowId};

use super::edits::{EDITS, Edit, Editor};
use crate::clock;
use crate::contract::person;
use crate::decisions::Policies;
use crate::decisions::store::{self, Newer};
use crate::testing::{PATIENCE, TestServer};

/// Rules that follow from these; none if they are the newest.
async fn newer(server: &TestServer, known: Option<&Policy>) -> Option<Newer> {
    let mut tx = server.state.db.snapshot(server.own.tenant).await.unwrap();
    store::newer(&mut tx, server.own.tenant, known, clock::unix_ms(clock::now())).await.unwrap()
}

async fn whole(server: &TestServer) -> Policy {
    newer(server, None).await.unwrap().compile().unwrap()
}

/// What follows from these rules, by a step.
async fn step(server: &TestServer, known: &Policy) -> Policy {
    match newer(server, Some(known)).await {
        Some(Newer::Step(step)) => step.take().expect("a step that makes sense"),
        Some(Newer::Whole(_)) => panic!("everything was read after version {}", known.version()),
        None => known.clone(),
    }
}

/// The same rows, the same bytes, the same parts for agents.
fn assert_same(one: &Policy, other: &Policy, seed: u64) {
    assert_eq!(one, other, "seed {seed}");
    assert!(canonical::encode(&one.to_rows()) == canonical::encode(&other.to_rows()), "seed {seed}");
    let doors: Vec<DoorId> = one.doors().iter().map(|door| door.id).collect();
    for size in [0, 1, doors.len()] {
        let doors: BTreeSet<DoorId> = doors.iter().copied().take(size).collect();
        assert_eq!(one.for_doors(&doors), other.for_doors(&doors), "seed {seed}");
    }
}

#[tokio::test]
async fn steps_lead_where_reading_all_leads() {
    let (mut never, mut changed) = (BTreeSet::from(EDITS), BTreeSet::<String>::new());
    for seed in 1..=4 {
        let server = TestServer::start().await;
        let mut editor = Editor::new(&server, seed).await;
        let mut known = vec![whole(&server).await];
        let all = EDITS.into_iter().chain(EDITS).map(Some).chain([None; 60]);
        for edit in all {
            let edit = edit.unwrap_or_else(|| editor.any());
            editor.edit(edit).await;
            if editor.below(3) > 0 {
                continue;
            }
            // From the newest that is known, and from an older one over several versions.
            let expected = whole(&server).await;
            for from in [known.len() - 1, editor.below(known.len())] {
                if expected.version() - known[from].version() < 60 {
                    assert_same(&step(&server, &known[from]).await, &expected, seed);
                }
            }
            known.push(step(&server, known.last().unwrap()).await);
        }
        changed.extend(server.query("SELECT DISTINCT table_name FROM policy_history").await);
        never.retain(|edit| !editor.made.contains(edit));
    }
    assert!(never.is_empty(), "always refused: {never:?}");
    let untouched: Vec<_> = store::tables().filter(|table| !changed.contains(*table)).collect();
    assert!(untouched.is_empty(), "no edit reaches {untouched:?}");
}

#[tokio::test]
async fn several_who_edit_and_several_who_read_agree_in_the_end() {
    let server = TestServer::serving().await;
    let tenant = server.own.tenant;
    let mut first = Editor::new(&server, 11).await;
    for edit in EDITS {
        first.edit(edit).await;
    }
    let policies = &server.state.policies;
    policies.refresh(&server.state.db, tenant).await.unwrap();
    let mut watched = policies.subscribe(tenant);
    let begin = watched.borrow_and_update().as_ref().unwrap().version();
    let watching = tokio::spawn(async move {
        let mut versions = vec![begin];
        while watched.changed().await.is_ok() {
            let version = watched.borrow_and_update().as_ref().unwrap().version();
            versions.push(version);
            if version == u64::MAX {
                break;
            }
        }
        versions
    });
    let edits = async |seed| {
        let mut editor = Editor::new(&server, seed).await;
        for _ in 0..120 {
            let edit = editor.any();
            editor.edit(edit).await;
        }
    };
    let reads = async |seed: u64| {
        let mut own: Option<Arc<Policy>> = None;
        for _ in 0..100 {
            let read = server.state.rules_in_force(tenant).await.unwrap();
            assert!(own.is_none_or(|own| own.version() <= read.version()), "backwards, seed {seed}");
            own = Some(read);
            tokio::task::yield_now().await;
        }
    };
    tokio::join!(edits(12), edits(13), edits(14), reads(1), reads(2));

    policies.refresh(&server.state.db, tenant).await.unwrap();
    assert_same(&policies.current(tenant).unwrap(), &whole(&server).await, 11);
    policies.of(tenant).in_force.send_replace(Some(Arc::new(whole(&server).await.at_version(u64::MAX))));
    let versions = tokio::time::timeout(PATIENCE, watching).await.unwrap().unwrap();
    assert!(versions.is_sorted_by(|one, next| one < next), "{versions:?}");
    assert!(versions.len() > 10, "{versions:?}");
}

#[tokio::test]
async fn everything_is_read_where_history_does_not_tell_enough() {
    let server = TestServer::start().await;
    let tenant = server.own.tenant;
    person(&server, "1").await;
    let known = whole(&server).await;
    let own = format!("SET app.tenant = '{tenant}'");
    let some_persons = async |count: u32| {
        let rows = format!(
            "{own}; INSERT INTO persons (tenant_id, id) SELECT '{tenant}', gen_random_uuid() FROM generate_series(1, {count})"
        );
        server.execute(&rows).await;
    };
    let is_whole = async |known: &Policy| matches!(newer(&server, Some(known)).await.unwrap(), Newer::Whole(_));

    some_persons(256).await;
    assert!(!is_whole(&known).await, "as many as a step takes");
    assert_same(&step(&server, &known).await, &whole(&server).await, 0);
    some_persons(1).await;
    assert!(is_whole(&known).await, "one more than a step takes");

    let known = whole(&server).await;
    person(&server, "2").await;
    assert!(!is_whole(&known).await);
    // A table that a newer release will have.
    let unknown = format!(
        "{own}; INSERT INTO policy_history (tenant_id, version, table_name, row_key, changed_at, after) \
         SELECT '{tenant}', version, 'lifts', '{{}}', now(), '{{}}' FROM policy_versions WHERE tenant_id = '{tenant}'"
    );
    server.execute(&unknown).await;
    assert!(is_whole(&known).await);

    let known = whole(&server).await;
    person(&server, "3").await;
    person(&server, "4").await;
    let lost = format!("{own}; DELETE FROM policy_history WHERE version = {}", known.version() + 1);
    server.execute(&lost).await;
    assert!(is_whole(&known).await);
}

#[tokio::test]
async fn every_table_whose_history_is_kept_is_known() {
    let server = TestServer::start().await;
    let kept =
        "SELECT c.relname::text FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid WHERE t.tgname = 'history'";
    let kept: BTreeSet<String> = server.query(kept).await.into_iter().collect();
    let known: BTreeSet<String> = store::tables().map(str::to_owned).collect();
    assert_eq!(kept, known, "rules are read whole whenever a table changes that is not known");
}

#[tokio::test]
async fn what_is_wrong_in_memory_is_read_anew_and_never_kept_silently() {
    let server = TestServer::start().await;
    let (tenant, db) = (server.own.tenant, &server.state.db);
    let mut editor = Editor::new(&server, 21).await;
    for edit in [Edit::NewPerson, Edit::NewLevel, Edit::NewCard] {
        editor.edit(edit).await;
    }
    let policies = Policies::default();
    policies.refresh(db, tenant).await.unwrap();
    let before = policies.current(tenant).unwrap();
    // Rules that lack a person: what changes next can't follow from them.
    let holder = before.persons().next().unwrap().id;
    let card = before.cards_of(holder).next().unwrap().id;
    let lacking = [PolicyRowId::Credential(card), PolicyRowId::Person(holder)].map(PolicyChange::Remove);
    policies.of(tenant).in_force.send_replace(Some(Arc::new(before.with(&lacking).unwrap())));
    editor.edit(Edit::NewGrant).await;
    let lame = policies.current(tenant).unwrap();
    let Some(Newer::Step(step)) = newer(&server, Some(&lame)).await else { panic!("no step") };
    step.take().unwrap_err();
    policies.refresh(db, tenant).await.unwrap();
    assert_same(&policies.current(tenant).unwrap(), &whole(&server).await, 21);

    // Older rules in the database than in memory: told each time, and nothing goes back.
    let newest = policies.current(tenant).unwrap();
    let newer = Policy::clone(&newest).at_version(newest.version() + 7);
    policies.of(tenant).in_force.send_replace(Some(Arc::new(newer)));
    let told = policies.refresh(db, tenant).await.unwrap_err();
    assert!(told.to_string().contains("is at"), "{told:#}");
    assert_eq!(policies.current(tenant).unwrap().version(), newest.version() + 7);

    // Rules that make no sense in the database: told, and those before stay.
    policies.of(tenant).in_force.send_replace(Some(Arc::clone(&newest)));
    let wrong = format!(
        "ALTER TABLE tenant_rules DROP CONSTRAINT tenant_rules_refusals_check; SET app.tenant = '{tenant}'; \
         INSERT INTO tenant_rules (tenant_id, refusals) VALUES ('{tenant}', 99)"
    );
    server.execute(&wrong).await;
    let told = format!("{:#}", policies.refresh(db, tenant).await.unwrap_err());
    assert!(told.contains("suspicious refusals"), "{told}");
    assert_eq!(policies.current(tenant).unwrap(), newest);
    server.execute(&format!("SET app.tenant = '{tenant}'; UPDATE tenant_rules SET refusals = 3")).await;
    policies.refresh(db, tenant).await.unwrap();
    assert_same(&policies.current(tenant).unwrap(), &whole(&server).await, 21);
}
