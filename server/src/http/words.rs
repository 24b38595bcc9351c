//! Closed vocabularies as the API's description shows them: a schema per vocabulary that names every word, so that a client
//! made from it knows them. Vocabularies of the server's own describe themselves by [`describe_words!`]; for those of
//! access-core stand-ins live here, to be named as `value_type`.

use std::borrow::Cow;

use access_core::word::Word;
use access_core::{attempt, event, explain, policy, protocol, verdict};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, SchemaType, Type};
use utoipa::{PartialSchema, ToSchema};

/// The schema of a vocabulary: a string that is one of its words.
pub fn one_of<W: Word>() -> RefOr<Schema> {
    let words = W::ALL.iter().map(|word| word.as_str());
    ObjectBuilder::new().schema_type(SchemaType::Type(Type::String)).enum_values(Some(words)).build().into()
}

/// Lets vocabularies of the server's own be described.
#[macro_export]
macro_rules! describe_words {
    ($($name:ty),+ $(,)?) => { $(
        impl ::utoipa::PartialSchema for $name {
            fn schema() -> ::utoipa::openapi::RefOr<::utoipa::openapi::schema::Schema> {
                $crate::http::words::one_of::<$name>()
            }
        }

        impl ::utoipa::ToSchema for $name {
            fn name() -> ::std::borrow::Cow<'static, str> {
                ::std::borrow::Cow::Borrowed(<$name as ::access_core::word::Word>::NAME)
            }
        }
    )+ };
}

macro_rules! stand_ins {
    ($($name:ident: $words:ty),+ $(,)?) => { $(
        #[doc = concat!("Words of ", stringify!($words), ".")]
        #[derive(Debug, Clone, Copy)]
        pub enum $name {}

        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                one_of::<$words>()
            }
        }

        impl ToSchema for $name {
            fn name() -> Cow<'static, str> {
                Cow::Borrowed(<$words as Word>::NAME)
            }
        }
    )+ };
}

stand_ins! {
    ActKind: event::ActKind,
    AgentKind: protocol::AgentKind,
    AlarmKind: event::AlarmKind,
    Alone: policy::Alone,
    Assurance: attempt::Assurance,
    CardMessaging: protocol::CardMessaging,
    ChainFault: event::ChainFault,
    CommandOutcome: event::CommandOutcome,
    CopySign: event::CopySign,
    NtpState: event::NtpState,
    CredentialState: policy::CredentialState,
    Decided: event::Decided,
    Device: event::Device,
    DeviceState: event::DeviceState,
    DoorMode: policy::DoorMode,
    DoorZone: event::DoorZone,
    EventKind: event::EventKind,
    ExemptionGround: policy::ExemptionGround,
    Exit: policy::Exit,
    Factor: attempt::Factor,
    FactorDemand: policy::FactorDemand,
    FactorResult: attempt::FactorResult,
    InputKind: event::InputKind,
    TrialOutcome: event::TrialOutcome,
    TrialStep: event::TrialStep,
    InstallationMode: protocol::InstallationMode,
    JournalFault: event::JournalFault,
    Reason: verdict::Reason,
    RemedyKind: explain::RemedyKind,
    Rule: verdict::Rule,
    RuleAnswer: explain::Answer,
    Side: policy::Side,
    Sides: policy::Sides,
    SubjectKind: event::SubjectKind,
    WaivableRule: policy::WaivableRule,
    Weekday: access_core::time::Weekday,
}
