//! What a station does with a card, in the words of the wire and in those of the reader.

use access_core::protocol::{
    CardApplication, CardFault, CardKey, CardKeyRole, CardKeysBefore, CardKind, CardMessaging, CardTask, CardWork,
    EnrolmentStep, SecretBytes,
};
use hardware::card::Uid;
use hardware::card::desfire::{
    self, AesKey, Application, ApplicationId, CardKeyAfter, CardKeyChoice, CardKeys, CardTemplate, CredentialNumber,
    DiversificationInput, Existing, Generation, KeyRole, KeyUnavailable, KeyVersion, KeysBefore, Look, Messaging,
    Personalised, Plan, ReadError, ReadOrder, Refusal, StationError, SystemId, WipeOrder,
};
use hardware::card::task::{Done, Job, Task, TaskError};
use zeroize::Zeroizing;

/// What kind of card it is, as the server knows it.
pub fn card_kind(kind: desfire::CardKind) -> CardKind {
    match kind {
        // One that knows no AES can prove nothing, either.
        desfire::CardKind::UidOnly | desfire::CardKind::Desfire(Generation::D40) => CardKind::UidOnly,
        desfire::CardKind::Desfire(Generation::Ev1) => CardKind::DesfireEv1,
        desfire::CardKind::Desfire(Generation::Ev2) => CardKind::DesfireEv2,
        desfire::CardKind::Desfire(Generation::Ev3) => CardKind::DesfireEv3,
        desfire::CardKind::RandomUid => CardKind::RandomUid,
    }
}

/// What the reader is to do; nothing if the order makes no sense.
pub fn task(work: CardWork) -> Option<Task> {
    let CardWork { enrolment: _, uid, application, keys, task } = work;
    let uid = Uid::new(&uid.0).ok()?;
    let CardApplication { id, system } = application;
    let application = Application { id: ApplicationId::new(id)?, system: SystemId::new(&system).ok()? };
    let keys = KeysOfCard::of(&keys)?;
    let job = match task {
        CardTask::Read { is_ev1_allowed } => {
            Job::Look(ReadOrder { application: application.id, keys: keys.reading(), is_ev1_allowed })
        }
        CardTask::Write {
            credential,
            version,
            templates,
            templates_bytes_max,
            keeps_factory_key,
            replaces,
            is_ev1_allowed,
            keys_before,
        } => {
            let template = match templates.filter(|templates| !templates.is_empty()) {
                Some(templates) => Some(CardTemplate::new(templates)?),
                None => None,
            };
            let credential = Zeroizing::new(<[u8; 16]>::try_from(credential.0.as_slice()).ok()?);
            let plan = Plan {
                seen: uid.clone(),
                application,
                version: KeyVersion::new(version)?,
                credential: CredentialNumber::new(*credential)?,
                template,
                template_bytes_max: usize::from(templates_bytes_max),
                keys_before: match keys_before {
                    CardKeysBefore::Any => KeysBefore::Any,
                    CardKeysBefore::SitesApplication => KeysBefore::SitesApplication,
                    CardKeysBefore::Sites => KeysBefore::Sites,
                },
                card_key: if keeps_factory_key { CardKeyChoice::LeaveFactory } else { CardKeyChoice::Diversify },
                existing: if replaces { Existing::Replace } else { Existing::Refuse },
                is_ev1_allowed,
            };
            Job::Personalise(Box::new(plan), Box::new(keys))
        }
        CardTask::Wipe => {
            let card_key = CardKeyAfter::Factory;
            let order = WipeOrder { seen: uid.clone(), application, card_key, is_ev1_allowed: true };
            Job::Wipe(Box::new(order), Box::new(keys))
        }
    };
    Some(Task { uid, job, nonces: Box::new(rand::random) })
}

/// The keys that came with an order: of one card.
struct KeysOfCard(Vec<(KeyRole, KeyVersion, AesKey)>);

impl KeysOfCard {
    fn of(keys: &[CardKey]) -> Option<Self> {
        let keys = keys.iter().map(|CardKey { role, version, key }| {
            let role = match role {
                CardKeyRole::Card => KeyRole::Card,
                CardKeyRole::Application => KeyRole::Application,
                CardKeyRole::Reading => KeyRole::Reading,
            };
            let key = Zeroizing::new(<[u8; 16]>::try_from(key.0.as_slice()).ok()?);
            Some((role, KeyVersion::new(*version)?, AesKey::new(*key)))
        });
        keys.collect::<Option<_>>().map(Self)
    }

    fn reading(&self) -> Vec<(KeyVersion, AesKey)> {
        let of_reading = self.0.iter().filter(|(role, ..)| *role == KeyRole::Reading);
        of_reading.map(|(_, version, key)| (*version, key.clone())).collect()
    }
}

impl CardKeys for KeysOfCard {
    /// They are diversified already, for the one card that the order names.
    fn key(
        &mut self,
        role: KeyRole,
        version: KeyVersion,
        _input: &DiversificationInput,
    ) -> Result<AesKey, KeyUnavailable> {
        let key = self.0.iter().find(|(of, in_version, _)| (*of, *in_version) == (role, version));
        key.map(|(.., key)| key.clone()).ok_or(KeyUnavailable { role, version })
    }
}

/// What the server is told of how it ended.
pub(super) fn step(worked: Result<Done, TaskError>) -> EnrolmentStep {
    match worked {
        Ok(Done::Looked(Look { credential, template, key_version, free_bytes })) => EnrolmentStep::CardContent {
            credential: credential.map(|number| SecretBytes(number.as_bytes().to_vec())),
            templates: template.map(|template| template.as_bytes().to_vec()),
            version: key_version,
            free_bytes,
        },
        Ok(Done::Personalised(Personalised { version, messaging, free_bytes, .. })) => {
            let messaging = match messaging {
                Messaging::Ev2 => CardMessaging::Ev2,
                Messaging::Ev1Fallback => CardMessaging::Ev1,
            };
            EnrolmentStep::CardWritten { version: version.get(), messaging, free_bytes }
        }
        Ok(Done::Wiped(_)) => EnrolmentStep::CardWiped,
        Err(error) => EnrolmentStep::CardRefused { why: fault(&error) },
    }
}

fn fault(error: &TaskError) -> CardFault {
    match error {
        TaskError::Gone => CardFault::Gone,
        TaskError::Unreadable(_) => CardFault::Unreadable,
        TaskError::Read(error) if error.is_clone_suspected() => CardFault::NotAuthentic,
        TaskError::Read(ReadError::Ev1NotAllowed) => CardFault::TooOld,
        TaskError::Read(ReadError::UnknownKeyVersion(_)) => CardFault::ForeignApplication,
        TaskError::Read(ReadError::Card(_) | ReadError::NotPersonalised | ReadError::TemplateLength(_)) => {
            CardFault::Unreadable
        }
        TaskError::Station(error) => match error {
            StationError::Card(error) if error.is_clone_suspected() => CardFault::NotAuthentic,
            StationError::Card(error) if error.refusal() == Some(Refusal::OutOfMemory) => CardFault::NotEnoughMemory,
            StationError::Card(_) | StationError::RandomUid | StationError::NotPersonalised => CardFault::Unreadable,
            StationError::Key(KeyUnavailable { role: KeyRole::Card, .. }) | StationError::ForeignCard => {
                CardFault::ForeignCard
            }
            StationError::Key(_) | StationError::ForeignApplication => CardFault::ForeignApplication,
            StationError::UidDiffers | StationError::FactoryKey => CardFault::NotAuthentic,
            StationError::NoAes | StationError::Ev1NotAllowed => CardFault::TooOld,
            StationError::NotEnoughMemory { .. } => CardFault::NotEnoughMemory,
            StationError::AlreadyPersonalised(_) => CardFault::AnothersCredential,
            StationError::NotReadBack => CardFault::NotReadBack,
        },
    }
}

#[cfg(test)]
mod tests {
    use access_core::ids::EnrolmentId;
    use uuid::Uuid;

    use super::*;

    fn write() -> CardWork {
        let key = |role, version| CardKey { role, version, key: SecretBytes(vec![version; 16]) };
        CardWork {
            enrolment: EnrolmentId::from_uuid(Uuid::from_u128(1)),
            uid: SecretBytes(vec![4, 1, 2, 3, 4, 5, 6]),
            application: CardApplication { id: [1, 2, 3], system: b"a site".to_vec() },
            keys: vec![key(CardKeyRole::Card, 1), key(CardKeyRole::Reading, 1), key(CardKeyRole::Reading, 2)],
            task: CardTask::Write {
                credential: SecretBytes(vec![7; 16]),
                version: 2,
                templates: None,
                templates_bytes_max: 100,
                keeps_factory_key: false,
                replaces: false,
                is_ev1_allowed: false,
                keys_before: CardKeysBefore::Sites,
            },
        }
    }

    #[test]
    fn an_order_becomes_a_task_or_makes_no_sense() {
        let Some(Task { job: Job::Personalise(plan, mut keys), .. }) = task(write()) else { panic!("no task") };
        assert_eq!((plan.version.get(), plan.template_bytes_max, plan.existing), (2, 100, Existing::Refuse));
        assert_eq!(plan.keys_before, KeysBefore::Sites);
        let uid = desfire::CardUid::new(&[4; 7]).unwrap();
        let input = DiversificationInput::new(&uid, plan.application.id, &plan.application.system, KeyRole::Reading);
        let mut key = |role, version| keys.key(role, KeyVersion::new(version).unwrap(), &input).ok();
        assert_eq!(key(KeyRole::Reading, 2), Some(AesKey::new([2; 16])));
        assert_eq!(key(KeyRole::Card, 2), None);
        let Some(Task { job: Job::Look(order), .. }) =
            task(CardWork { task: CardTask::Read { is_ev1_allowed: true }, ..write() })
        else {
            panic!("no task")
        };
        assert!(order.is_ev1_allowed);
        assert_eq!(order.keys.iter().map(|(version, _)| version.get()).collect::<Vec<_>>(), [1, 2]);
        assert!(matches!(task(CardWork { task: CardTask::Wipe, ..write() }), Some(Task { job: Job::Wipe(..), .. })));

        let spoil = |spoil: fn(&mut CardWork)| {
            let mut work = write();
            spoil(&mut work);
            assert!(task(work).is_none());
        };
        spoil(|work| work.uid = SecretBytes(vec![1; 5]));
        spoil(|work| work.application.id = [0; 3]);
        spoil(|work| work.application.system = Vec::new());
        spoil(|work| work.keys[0].version = 0);
        spoil(|work| work.keys[0].key = SecretBytes(vec![1; 15]));
        let spoil_task = |spoil: fn(&mut SecretBytes, &mut u8, &mut Option<Vec<u8>>)| {
            let mut work = write();
            let CardTask::Write { credential, version, templates, .. } = &mut work.task else { panic!() };
            spoil(credential, version, templates);
            assert!(task(work).is_none());
        };
        spoil_task(|credential, _, _| credential.0 = vec![0; 16]);
        spoil_task(|credential, _, _| credential.0 = vec![1; 17]);
        spoil_task(|_, version, _| *version = 0);
        spoil_task(|_, _, templates| *templates = Some(vec![0; CardTemplate::BYTES_MAX + 1]));
    }
}
