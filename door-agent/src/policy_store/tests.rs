use access_core::attempt::Assurance;
use access_core::policy::{
    AccessLevel, AntiPassback, AreaRule, CredentialRule, CredentialState, Exit, FactorDemand, Grant, GroupRule, Holder,
    InterlockRule, LevelLine, PersonRule, Place, PolicyRows, PolicyScope, Sides, SiteRule,
};
use access_core::protocol::{BundleIndex, InstallationMode};
use access_core::time::{Period, Zone};
use access_core::verdict::Outcome;
use ed25519_dalek::SigningKey;
use hpke::{Kem as _, OpModeS, Serializable as _};
use uuid::Uuid;

use super::*;
use crate::identity::tests::sample;

type X25519 = hpke::kem::X25519HkdfSha256;

const UID: [u8; 4] = [1, 2, 3, 4];
const SIGNED_AT: UnixMs = UnixMs(1_000_000);
/// When bundles are taken as a rule.
const TOLD: Now = told(0);

/// A trusted clock, so long after the bundles' date.
const fn told(after_ms: i64) -> Now {
    Now { mono_ms: 0, unix: UnixMs(SIGNED_AT.0 + after_ms), clock: ClockTrust::Trusted }
}

fn id<T: From<Uuid>>(number: u128) -> T {
    Uuid::from_u128(number).into()
}

fn policy_key() -> SigningKey {
    SigningKey::from_bytes(&[3; 32])
}

fn rows() -> PolicyRows {
    PolicyRows {
        version: 5,
        scope: PolicyScope::Cut,
        sites: vec![SiteRule { id: id(1), zone: Zone::utc(), accepts_uid_only: true, calendar: None }],
        areas: [1, 2].map(area).to_vec(),
        doors: vec![DoorRule {
            id: id(1),
            site: id(1),
            leads_from: id(1),
            leads_to: id(2),
            factors_in: FactorDemand::Card,
            factors_out: FactorDemand::Card,
            factor_lines: Vec::new(),
            modes: Vec::new(),
            release_ms: 1_000,
            held_ms: 1_000,
            release_longer_ms: 2_000,
            held_longer_ms: 2_000,
            exit: Exit::Mechanical,
            has_contact: true,
        }],
        persons: vec![PersonRule {
            id: id(1),
            is_active: true,
            has_finger: true,
            has_pin: false,
            needs_longer: false,
            exemption: None,
            escort: None,
            groups: Vec::new(),
        }],
        credentials: vec![CredentialRule {
            id: id(1),
            person: id(1),
            token: cards::token(&SecretBytes(vec![8; 32]), &UID),
            state: CredentialState::Active,
            valid: Period { from: UnixMs(0), until: None },
            proves_itself: false,
        }],
        ..PolicyRows::empty(id(1))
    }
}

fn area(number: u128) -> AreaRule {
    let anti_passback = AntiPassback::Off;
    AreaRule { id: id(number), site: id(1), anti_passback, persons_max: None, two_person: None }
}

fn template_for(identity: &Identity, person: PersonId) -> SealedTemplate {
    let content = TemplateContent { is_duress: false, template: SecretBytes(b"ridges".to_vec()) };
    sealed_for(identity, person, &canonical::encode(&content))
}

fn sealed_for(identity: &Identity, person: PersonId, content: &[u8]) -> SealedTemplate {
    let private = <X25519 as hpke::Kem>::PrivateKey::from_bytes(&*identity.sealing_key).unwrap();
    let public = X25519::sk_to_pk(&private);
    let (key, sealed) = hpke::single_shot_seal::<hpke::aead::ChaCha20Poly1305, hpke::kdf::HkdfSha256, X25519>(
        &OpModeS::Base,
        &public,
        SEALED_INFO,
        content,
        &template_binding(identity.agent, person, id(9)),
    )
    .unwrap();
    let sealed = [key.to_bytes().as_slice(), &sealed].concat();
    SealedTemplate { finger: id(9), person, sensor_type: "zfm".to_owned(), sealed }
}

fn bundle(sequence: u64) -> Bundle {
    Bundle {
        installation: id(1),
        mode: InstallationMode::Test,
        agent: id(1),
        sequence,
        signed_at: SIGNED_AT,
        age_max_s: 100,
        card_key: SecretBytes(vec![8; 32]),
        policy: rows(),
        templates: vec![template_for(&sample(), id(1))],
        cards: access_core::protocol::CardSecrets::default(),
        pins: access_core::protocol::SealedPins::default(),
    }
}

fn signed(bundle: &Bundle) -> SignedBundle {
    SignedBundle::sign(bundle, &policy_key())
}

fn store(folder: &Path) -> PolicyStore {
    PolicyStore::new(sample(), folder)
}

fn alone() -> State {
    State::of_own_doors()
}

fn attempt(store: &PolicyStore, after_ms: i64) -> Attempt {
    Attempt { card: store.card_token(&UID).unwrap(), ..attempt_of(&UID, after_ms) }
}

fn attempt_of(uid: &[u8], after_ms: i64) -> Attempt {
    Attempt {
        id: id(1),
        door: id(1),
        side: Side::In,
        at: SIGNED_AT.plus_ms(after_ms),
        clock: ClockTrust::Trusted,
        card: cards::token(&SecretBytes(vec![8; 32]), uid),
        assurance: Assurance::WeakUid,
        finger: None,
        pin: None,
    }
}

#[test]
fn a_bundle_outlives_the_program_and_decides() {
    let folder = tempfile::tempdir().unwrap();
    let mut first = store(folder.path());
    assert_eq!(first.card_token(&UID), None);
    let signed = signed(&bundle(2));
    assert!(first.take(&signed, TOLD).unwrap());
    assert!(!first.take(&signed, TOLD).unwrap(), "the same once more");
    let (path, content, _) = first.sealed(&signed).unwrap();
    assert!(!content.windows(6).any(|window| window == [8; 6]), "the card key lies there in clear");
    durable::replace(&path, &content).unwrap();

    let mut second = store(folder.path());
    second.load(SIGNED_AT).unwrap();
    assert_eq!((second.sequence(), second.version()), (2, 5));
    assert_eq!(second.decide(&alone(), attempt(&second, 0)).verdict.reason, Reason::NoGrant);
    let ridges = Finger { template: Template::new(b"ridges".to_vec()).unwrap(), is_duress: false };
    assert_eq!(second.fingers(id(1)), [ridges]);
    assert!(second.fingers(id(2)).is_empty());
}

#[test]
fn a_bundle_ages() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = store(folder.path());
    store.take(&signed(&bundle(1)), TOLD).unwrap();
    assert_eq!(store.decide(&alone(), attempt(&store, 100_000)).verdict.reason, Reason::NoGrant);
    let late = store.decide(&alone(), attempt(&store, 100_001)).verdict;
    assert_eq!((late.outcome, late.reason), (Outcome::Deny, Reason::PolicyTooOld));
    assert!(!store.is_aging(SIGNED_AT.plus_ms(50_000)));
    assert!(store.is_aging(SIGNED_AT.plus_ms(50_001)));
}

#[test]
fn a_bundle_that_is_dated_ahead_is_refused_however_it_comes() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = store(folder.path());
    let ahead = signed(&bundle(2));
    let just = LEAP_MAX_MS + 1;
    let error = store.take(&ahead, told(-just)).unwrap_err();
    assert!(matches!(error, BundleRefused::Ahead { sequence: 2, ahead_ms } if ahead_ms == just), "{error}");
    assert_eq!(store.decide(&alone(), attempt_of(&UID, 0)).verdict.reason, Reason::NoPolicy);

    let before = signed(&Bundle { signed_at: SIGNED_AT.plus_ms(-just), ..bundle(1) });
    assert!(store.take(&before, told(-just)).unwrap());
    let rebuilt = store.rebuilt(&delta(&before, &ahead)).unwrap().unwrap();
    assert!(matches!(store.take(&rebuilt, told(-just)), Err(BundleRefused::Ahead { .. })), "of a delta");
    assert_eq!((store.sequence(), store.taken_at()), (1, Some(SIGNED_AT.plus_ms(-just))), "the one in force stays");
    assert!(store.take(&ahead, told(-LEAP_MAX_MS)).unwrap(), "so much may clocks be apart");
    // A server that is ahead by so much makes no bundle last longer.
    assert!(store.is_aging(SIGNED_AT.plus_ms(50_001 - LEAP_MAX_MS)));
    assert_eq!(store.decide(&alone(), attempt(&store, 100_001 - LEAP_MAX_MS)).verdict.reason, Reason::PolicyTooOld);
    assert_eq!(store.decide(&alone(), attempt(&store, 100_000 - LEAP_MAX_MS)).verdict.reason, Reason::NoGrant);
}

#[test]
fn a_stored_bundle_that_nothing_explains_is_refused_at_start() {
    let folder = tempfile::tempdir().unwrap();
    let lies_there = |now: Now| {
        let mut first = store(folder.path());
        let signed = signed(&bundle(2));
        first.take(&signed, now).unwrap();
        let (path, content, _) = first.sealed(&signed).unwrap();
        durable::replace(&path, &content).unwrap();
    };
    let long_ago = SIGNED_AT.plus_ms(-LEAP_MAX_MS - 1);
    // Taken while nobody had told the time: its date is explained by what else is known to have passed, or not at all.
    lies_there(Now { clock: ClockTrust::Untrusted, ..told(-1_000_000) });
    let mut again = store(folder.path());
    let error = again.load(long_ago).unwrap_err();
    assert!(matches!(error, StoreError::Refused { source: BundleRefused::Ahead { sequence: 2, .. }, .. }), "{error}");
    assert_eq!((again.sequence(), again.taken_at()), (0, None));
    assert!(again.card_token(&UID).is_none() && again.fingers(id(1)).is_empty());
    again.load(SIGNED_AT).unwrap();
    assert_eq!((again.sequence(), again.taken_at()), (2, None), "its own date is nobody's evidence of the time");

    // Taken by a clock that was trusted: if the notes of it are lost, or were put back, the time beside it stands.
    lies_there(told(-1_000));
    let mut again = store(folder.path());
    again.load(UnixMs(0)).unwrap();
    assert_eq!((again.sequence(), again.taken_at()), (2, Some(SIGNED_AT.plus_ms(-1_000))));
    assert!(again.is_aging(SIGNED_AT.plus_ms(49_001)), "its age counts on from there");
}

#[test]
fn no_bundle_is_decided_by_for_more_than_three_days_and_responders_and_leavers_go_on() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = store(folder.path());
    let mut rules = bundle(1);
    rules.age_max_s = u32::MAX;
    let (responders, level) = (id(7), id(8));
    rules.policy.doors[0].exit = Exit::BySystem;
    rules.policy.groups = vec![GroupRule { id: responders, is_responder: true }];
    let lines = vec![LevelLine { places: vec![Place::Tenant], sides: Sides::Both, schedule: None, factors: None }];
    rules.policy.levels = vec![AccessLevel { id: level, lines }];
    let valid = Period { from: UnixMs(0), until: None };
    rules.policy.grants = vec![Grant { id: id(9), holder: Holder::Person(id(1)), level, valid }];
    store.take(&signed(&rules), TOLD).unwrap();
    let days = 3 * 24 * 60 * 60 * 1_000;
    let outcome = |store: &PolicyStore, attempt| store.decide(&alone(), attempt).verdict;
    assert!(matches!(outcome(&store, attempt(&store, days)).outcome, Outcome::Grant { .. }));
    assert_eq!(outcome(&store, attempt(&store, days + 1)).reason, Reason::PolicyTooOld);
    assert!(!store.is_aging(SIGNED_AT.plus_ms(days / 2)) && store.is_aging(SIGNED_AT.plus_ms(days / 2 + 1)));
    let leaving = Attempt { side: Side::Out, ..attempt(&store, 100 * days) };
    assert!(matches!(outcome(&store, leaving).outcome, Outcome::Grant { .. }));

    rules.sequence = 2;
    rules.policy.persons[0].groups = vec![responders];
    store.take(&signed(&rules), TOLD).unwrap();
    assert!(matches!(outcome(&store, attempt(&store, 100 * days)).outcome, Outcome::Grant { .. }), "a responder");
}

#[test]
fn without_a_bundle_nothing_is_granted() {
    let folder = tempfile::tempdir().unwrap();
    let mut empty = store(folder.path());
    empty.load(SIGNED_AT).unwrap();
    let mut other = store(folder.path());
    other.take(&signed(&bundle(1)), TOLD).unwrap();
    assert_eq!(empty.decide(&alone(), attempt(&other, 0)).verdict.reason, Reason::NoPolicy);
}

#[test]
fn a_bundle_that_was_given_up_lets_people_out_and_nobody_in_also_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let mut first = store(folder.path());
    assert!(first.withdraw().is_none(), "there is nothing to give up");
    let mut by_system = bundle(2);
    by_system.policy.doors.push(DoorRule { id: id(2), exit: Exit::BySystem, ..by_system.policy.doors[0].clone() });
    by_system.policy.interlocks.push(InterlockRule { id: id(1), doors: vec![id(1), id(2)] });
    first.take(&signed(&by_system), TOLD).unwrap();
    let known = attempt(&first, 0);
    let (path, content, _) = first.withdraw().unwrap();
    assert!(first.withdraw().is_none(), "once");
    durable::replace(&path, &content).unwrap();
    let mut second = store(folder.path());
    second.load(SIGNED_AT).unwrap();
    for store in [&first, &second] {
        assert!(store.is_withdrawn());
        assert_eq!((store.sequence(), store.version(), store.taken_at()), (0, 0, None));
        assert_eq!(store.card_token(&UID), None, "the card key is gone");
        assert!(store.fingers(id(1)).is_empty(), "templates are gone");
        assert!(!store.is_aging(SIGNED_AT.plus_ms(100_000)));
        let decide = |door, side| store.decide(&alone(), Attempt { door: id(door), side, ..known.clone() }).verdict;
        for (door, side) in [(1, Side::In), (1, Side::Out), (2, Side::In), (3, Side::Out)] {
            let verdict = decide(door, side);
            assert_eq!((verdict.outcome, verdict.reason), (Outcome::Deny, Reason::NoPolicy), "{door} {side}");
        }
        let leaving = decide(2, Side::Out);
        assert_eq!(
            (leaving.outcome, leaving.reason),
            (Outcome::Grant { release_ms: 1_000, held_ms: 1_000 }, Reason::LeavingNotRefused)
        );
        assert_eq!(leaving.alarms, [access_core::event::AlarmKind::LeftAgainstRule]);
        assert_eq!(store.door(id(2)).unwrap().exit, Exit::BySystem);
        assert_eq!(store.airlock(id(1)), [id(1), id(2)], "an airlock stays one");
    }
    let error = second.take(&signed(&bundle(2)), TOLD).unwrap_err();
    assert!(matches!(error, BundleRefused::Withdrawn { sequence: 2, withdrawn: 2 }), "{error}");
    assert!(second.take(&signed(&bundle(3)), TOLD).unwrap(), "accepted again, it gets a new one");
    assert!(!second.is_withdrawn());
    assert_eq!((second.sequence(), second.decide(&alone(), known).verdict.reason), (3, Reason::NoGrant));
}

fn check_refused(change: impl Fn(&mut Bundle), expected: &str) {
    let folder = tempfile::tempdir().unwrap();
    let mut store = store(folder.path());
    store.take(&signed(&bundle(5)), TOLD).unwrap();
    let mut changed = bundle(6);
    change(&mut changed);
    let error = store.take(&signed(&changed), TOLD).unwrap_err().to_string();
    assert!(error.contains(expected), "{error}");
    assert_eq!(store.sequence(), 5, "{expected}: the one in force stays");
}

#[test]
fn what_is_not_for_this_agent_is_refused() {
    check_refused(|bundle| bundle.installation = id(2), "another installation");
    check_refused(|bundle| bundle.mode = InstallationMode::Production, "another mode");
    check_refused(|bundle| bundle.agent = id(2), "another agent");
    check_refused(|bundle| bundle.policy.tenant = id(2), "another tenant");
    check_refused(|bundle| bundle.sequence = 4, "bundle 4 is older than bundle 5");
    check_refused(|bundle| bundle.policy.sites.clear(), "make no policy");
    let folder = tempfile::tempdir().unwrap();
    let forged = SignedBundle::sign(&bundle(1), &SigningKey::from_bytes(&[1; 32]));
    let refused = store(folder.path()).take(&forged, TOLD).unwrap_err();
    assert!(matches!(refused, BundleRefused::NotGenuine(BundleError::BadSignature)), "{refused}");
}

fn delta(before: &SignedBundle, after: &SignedBundle) -> BundleDelta {
    BundleIndex::of(before).delta_to(after)
}

#[test]
fn what_comes_of_a_delta_is_the_signed_bundle_also_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let mut first = store(folder.path());
    let (one, two, three) = (signed(&bundle(1)), signed(&bundle(2)), signed(&bundle(3)));
    assert_eq!(first.rebuilt(&delta(&one, &two)), Err(DeltaError::OtherBase), "there is none");
    first.take(&one, TOLD).unwrap();
    let rebuilt = first.rebuilt(&delta(&one, &two)).unwrap().unwrap();
    assert_eq!((&rebuilt, first.sequence()), (&two, 1), "nothing is in force before it is taken");
    assert!(first.take(&rebuilt, TOLD).unwrap());
    let (path, content, _) = first.sealed(&rebuilt).unwrap();
    durable::replace(&path, &content).unwrap();
    let mut second = store(folder.path());
    second.load(SIGNED_AT).unwrap();
    for store in [&first, &second] {
        assert_eq!(store.rebuilt(&delta(&one, &two)), Ok(None), "a second time");
        assert_eq!(store.rebuilt(&delta(&one, &three)), Err(DeltaError::OtherBase), "one was lost");
        assert_eq!(store.rebuilt(&delta(&two, &three)), Ok(Some(three.clone())));
    }
    first.withdraw();
    assert_eq!(first.rebuilt(&delta(&two, &three)), Err(DeltaError::OtherBase), "given up");
}

#[test]
fn what_comes_of_a_delta_is_refused_for_the_same_causes() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = store(folder.path());
    let five = signed(&bundle(5));
    store.take(&five, TOLD).unwrap();
    let forged = SignedBundle::sign(&bundle(6), &SigningKey::from_bytes(&[1; 32]));
    let cases = [
        (forged, "signature"),
        (signed(&Bundle { agent: id(2), ..bundle(6) }), "another agent"),
        (signed(&Bundle { installation: id(2), ..bundle(6) }), "another installation"),
        (signed(&bundle(4)), "bundle 4 is older than bundle 5"),
    ];
    for (strange, expected) in cases {
        let rebuilt = store.rebuilt(&delta(&five, &strange)).unwrap().unwrap();
        let error = store.take(&rebuilt, TOLD).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
        assert_eq!(store.rebuilt(&delta(&five, &five)), Ok(None), "{expected}: the one in force stays");
    }
}

#[test]
fn an_altered_file_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let mut first = store(folder.path());
    let (path, mut content, _) = first.sealed(&signed(&bundle(1))).unwrap();
    content[40] ^= 1;
    durable::replace(&path, &content).unwrap();
    let error = first.load(SIGNED_AT).unwrap_err();
    assert!(matches!(&error, StoreError::DoesNotOpen(named) if *named == path), "{error}");
}

#[test]
fn a_template_sealed_for_somebody_else_does_not_open() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = store(folder.path());
    let mut moved = bundle(1);
    moved.templates = vec![SealedTemplate { person: id(2), ..template_for(&sample(), id(1)) }];
    store.take(&signed(&moved), TOLD).unwrap();
    assert!(store.fingers(id(2)).is_empty());
}

#[test]
fn a_sign_of_duress_is_known_inside_the_seal_only() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = store(folder.path());
    let content = |is_duress| TemplateContent { is_duress, template: SecretBytes(b"ridges".to_vec()) };
    let contents = [false, true].map(|is_duress| canonical::encode(&content(is_duress)));
    let mut both = bundle(1);
    both.templates = contents.iter().map(|content| sealed_for(&sample(), id(1), content)).collect();
    let lengths: Vec<_> = both.templates.iter().map(|template| canonical::encode(template).len()).collect();
    assert_eq!(lengths[0], lengths[1]);
    // What is sealed is no bare template.
    both.templates.push(sealed_for(&sample(), id(1), b"ridges"));
    store.take(&signed(&both), TOLD).unwrap();
    let opened: Vec<_> = store.fingers(id(1)).iter().map(|finger| finger.is_duress).collect();
    assert_eq!(opened, [false, true]);
}
