//! A module behind its thread, with tokens that hang; and real tokens, of SoftHSM.

use std::os::unix::fs::PermissionsExt as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use cryptoki::context::Pkcs11;
use cryptoki::object::{Attribute, AttributeType, KeyType, ObjectClass};
use cryptoki::session::{Session, UserType};
use cryptoki::types::AuthPin;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::*;
use crate::keys::Keys;
use crate::keys::cards::{CardKeyError, CardKeySource as _, CardKeys, HeldBy};
use crate::testing::token::{LABEL, PIN, SOFTHSM, with_token};

const CHECK: KeyCheck = KeyCheck([1, 2, 3, 4]);

fn name(version: u8) -> KeyName {
    KeyName { tenant: TenantId::from_uuid(Uuid::from_u128(7)), version }
}

/// A token that answers when it is let.
struct Slow {
    asked: Arc<AtomicU32>,
    let_go: Receiver<()>,
}

impl Token for Slow {
    fn cmac(&mut self, key: &KeyName, _: KeyCheck, _: &[u8]) -> Result<Zeroizing<[u8; 16]>, TokenError> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        self.let_go.recv().map_err(|_| TokenError::Lost("over".to_owned()))?;
        Ok(Zeroizing::new([key.version; 16]))
    }

    fn make(&mut self, _: &KeyName) -> Result<KeyCheck, TokenError> {
        panic!("the thread ends")
    }

    fn look(&mut self) -> Result<String, TokenError> {
        Ok("slow".to_owned())
    }
}

#[test]
fn a_module_that_hangs_keeps_nobody_and_works_again_when_it_answers() {
    let (asked, (let_go, waits)) = (Arc::new(AtomicU32::new(0)), channel());
    let token = Slow { asked: Arc::clone(&asked), let_go: waits };
    let module = Module::over(token, Duration::from_millis(50)).unwrap();
    assert_eq!(module.cmac(name(1), CHECK, &[1]), Err(TokenError::Late(50)));
    // Those that come later are told at once, and nothing is left lying for it.
    for _ in 0..2 * WAITING_MAX {
        assert_eq!(module.cmac(name(2), CHECK, &[1]), Err(TokenError::Late(50)));
    }
    assert_eq!(asked.load(Ordering::SeqCst), 1);
    for _ in 0..1_000 {
        let_go.send(()).unwrap();
    }
    let answered = std::iter::repeat_with(|| module.cmac(name(3), CHECK, &[1])).find(Result::is_ok);
    assert_eq!(*answered.unwrap().unwrap(), [3; 16]);
    // Whatever ends the thread is told, and ends nobody else.
    let is_lost = |made: &Result<KeyCheck, TokenError>| matches!(made, Err(TokenError::Lost(_)));
    assert!(std::iter::repeat_with(|| module.make(name(1))).any(|made| is_lost(&made)));
    assert!(matches!(module.look(), Err(TokenError::Lost(_))));
}

/// A session of the test's own, past what the server does.
fn beside() -> (Pkcs11, Session) {
    let context = Pkcs11::new(SOFTHSM).unwrap();
    let flags = cryptoki::context::CInitializeFlags::OS_LOCKING_OK;
    // The server's side did it, or not yet.
    let _ = context.initialize(cryptoki::context::CInitializeArgs::new(flags));
    let slots = context.get_slots_with_initialized_token().unwrap();
    let slot = slots.into_iter().find(|slot| context.get_token_info(*slot).unwrap().label() == LABEL).unwrap();
    let session = context.open_rw_session(slot).unwrap();
    let _ = session.login(UserType::User, Some(&AuthPin::from(PIN.to_owned())));
    (context, session)
}

/// Puts a key that everybody knows into the token.
fn put(session: &Session, name: KeyName, is_extractable: bool) {
    let key = hex::decode("00112233445566778899AABBCCDDEEFF").unwrap();
    let template = [
        Attribute::Class(ObjectClass::SECRET_KEY),
        Attribute::KeyType(KeyType::AES),
        Attribute::Value(key),
        Attribute::Label(name.to_string().into_bytes()),
        Attribute::Token(true),
        Attribute::Private(true),
        Attribute::Sensitive(true),
        Attribute::Extractable(is_extractable),
        Attribute::Sign(true),
    ];
    session.create_object(&template).unwrap();
}

fn why(error: TokenError) -> String {
    error.to_string()
}

#[test]
fn a_key_is_made_in_the_token_and_never_leaves_it() {
    with_token("keys::module::tests::a_key_is_made_in_the_token_and_never_leaves_it", |place| {
        let module = Module::load(&place.configured()).unwrap();
        let check = module.make(name(1)).unwrap();
        assert_eq!(module.make(name(1)), Ok(check), "once");
        assert_ne!(module.make(name(2)).unwrap(), check);
        let mac = module.cmac(name(1), check, &[1; 20]).unwrap();
        assert_eq!(module.cmac(name(1), check, &[1; 20]).unwrap(), mac);
        assert_ne!(module.cmac(name(1), check, &[2; 20]).unwrap(), mac);
        assert!(module.look().unwrap().contains("2 keys of cards"), "{:?}", module.look());

        let (_context, session) = beside();
        let [key] = session.find_objects(&[Attribute::Label(name(1).to_string().into_bytes())]).unwrap()[..] else {
            panic!("one key")
        };
        let asked = [
            AttributeType::Extractable,
            AttributeType::NeverExtractable,
            AttributeType::AlwaysSensitive,
            AttributeType::Local,
            AttributeType::Sign,
            AttributeType::Encrypt,
            AttributeType::Decrypt,
            AttributeType::Wrap,
            AttributeType::Derive,
        ];
        let told = session.get_attributes(key, &asked).unwrap();
        let wanted = [
            Attribute::Extractable(false),
            Attribute::NeverExtractable(true),
            Attribute::AlwaysSensitive(true),
            Attribute::Local(true),
            Attribute::Sign(true),
            Attribute::Encrypt(false),
            Attribute::Decrypt(false),
            Attribute::Wrap(false),
            Attribute::Derive(false),
        ];
        assert_eq!(told, wanted);
        assert_eq!(session.get_attributes(key, &[AttributeType::Value]).unwrap(), [], "not told");
    });
}

#[test]
fn the_token_diversifies_as_an10922_has_it() {
    with_token("keys::module::tests::the_token_diversifies_as_an10922_has_it", |place| {
        let module = place.module();
        module.look().unwrap();
        put(&beside().1, name(1), false);
        let check = module.make(name(1)).unwrap();
        // The published example: its input has 16 bytes.
        let message = hex::decode("0104782E21801D803042F54E585020416275").unwrap();
        let key = module.cmac(name(1), check, &message).unwrap();
        assert_eq!(hex::encode_upper(*key), "A8DD63A3B89D54B37CA802473FDA9175");
    });
}

#[test]
fn a_key_that_is_not_the_one_is_not_used() {
    with_token("keys::module::tests::a_key_that_is_not_the_one_is_not_used", |place| {
        let module = place.module();
        let check = module.make(name(1)).unwrap();
        assert!(why(module.cmac(name(1), CHECK, &[1]).unwrap_err()).contains("another than cards were made by"));
        assert!(why(module.cmac(name(9), check, &[1]).unwrap_err()).contains("has no key"));
        let (_context, session) = beside();
        put(&session, name(3), true);
        assert!(why(module.make(name(3)).unwrap_err()).contains("can't be taken out"));
        put(&session, name(4), false);
        put(&session, name(4), false);
        assert!(why(module.make(name(4)).unwrap_err()).contains("more than one key"));
        // One that is destroyed under us is missed, not made anew.
        let found = session.find_objects(&[Attribute::Label(name(1).to_string().into_bytes())]).unwrap();
        session.destroy_object(found[0]).unwrap();
        assert!(why(module.cmac(name(1), check, &[1]).unwrap_err()).contains("has no key"));
        module.make(name(5)).unwrap();
    });
}

#[test]
fn a_lost_session_is_opened_anew() {
    with_token("keys::module::tests::a_lost_session_is_opened_anew", |place| {
        let module = place.module();
        let check = module.make(name(1)).unwrap();
        let mac = module.cmac(name(1), check, &[1]).unwrap();
        let (context, session) = beside();
        drop(session);
        // As a restarted daemon of a vendor's does it: the library knows no session any more.
        context.finalize().unwrap();
        assert_eq!(module.cmac(name(1), check, &[1]).unwrap(), mac);
        beside().0.finalize().unwrap();
        assert_ne!(module.make(name(2)).unwrap(), check);
    });
}

#[test]
fn a_wrong_pin_is_tried_once() {
    with_token("keys::module::tests::a_wrong_pin_is_tried_once", |place| {
        let module = Module::over(place.token("1234-wrong"), Duration::from_secs(30)).unwrap();
        let refused = module.look().unwrap_err();
        assert!(matches!(refused, TokenError::Pin(_)), "{refused}");
        // It would be right now: whoever tries again succeeds.
        let (_context, session) = beside();
        session.set_pin(&AuthPin::from(PIN.to_owned()), &AuthPin::from("1234-wrong".to_owned())).unwrap();
        drop(session);
        assert_eq!(module.look(), Err(refused));
        assert!(Module::over(place.token("1234-wrong"), Duration::from_secs(30)).unwrap().look().is_ok());
    });
}

#[test]
fn what_is_missing_is_named() {
    with_token("keys::module::tests::what_is_missing_is_named", |place| {
        let place = place.configured();
        let fails = |place: &ModulePlace| format!("{:#}", Module::load(place).unwrap_err());
        let nowhere = ModulePlace { module: "/nonexistent/module.so".into(), ..place.clone() };
        assert!(fails(&nowhere).contains("/nonexistent/module.so"));
        let no_library = ModulePlace { module: place.pin_file.clone(), ..place.clone() };
        assert!(fails(&no_library).contains("can't load the PKCS#11 module"), "{}", fails(&no_library));
        let other = Module::load(&ModulePlace { token: "another".to_owned(), ..place.clone() }).unwrap();
        assert!(why(other.look().unwrap_err()).contains("no token is called `another`"));
        drop(other);
        let chmod = |mode| std::fs::set_permissions(&place.pin_file, std::fs::Permissions::from_mode(mode)).unwrap();
        chmod(0o644);
        assert!(fails(&place).contains("is open to others"));
        chmod(0o600);
        assert!(Module::load(&place).unwrap().look().is_ok());
        std::fs::write(&place.pin_file, "one\ntwo\n").unwrap();
        assert!(fails(&place).contains("one line"));
    });
}

#[test]
fn a_version_stays_where_it_was_made() {
    with_token("keys::module::tests::a_version_stays_where_it_was_made", |place| {
        let tenant = name(1).tenant;
        let file = Arc::new(Keys::fresh().unwrap());
        let alone = CardKeys::of_file(Arc::clone(&file));
        assert_eq!(alone.make(tenant, 1).unwrap(), HeldBy::File);
        let both = alone.clone().with_module(Arc::new(place.module()));
        let held = both.make(tenant, 2).unwrap();
        let masters = both.masters(tenant, [(1, HeldBy::File), (2, held)].into());
        assert_eq!(masters.cmac(tenant, 1, &[5]).unwrap(), file.cmac(tenant, 1, &[5]).unwrap());
        let second = masters.cmac(tenant, 2, &[5]).unwrap();
        assert_ne!(second, file.cmac(tenant, 2, &[5]).unwrap(), "nothing of the file's");
        let says = |masters: &crate::keys::cards::Masters, tenant, version| match masters.cmac(tenant, version, &[5]) {
            Err(CardKeyError::Unavailable { why, .. }) => why,
            other => panic!("{other:?}"),
        };
        assert!(says(&masters, tenant, 3).contains("never made"));
        assert!(says(&masters, TenantId::from_uuid(Uuid::from_u128(8)), 1).contains("never made"));
        assert!(says(&alone.masters(tenant, [(2, held)].into()), tenant, 2).contains("the configuration names none"));
    });
}
