//! An identity that no server gave: for whatever tests the agent without one that it joined. Taken in by the library's own tests and by
//! those that start the program alike, beside their `Identity`.

use access_core::protocol::{AgentKind, InstallationMode};
use ed25519_dalek::SigningKey;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::Identity;

/// A door controller, agent 1 of tenant 1 of installation 1, with made-up keys. Its certificate is its authority's, too.
pub(crate) fn stand_in(certificate: Vec<u8>, certificate_key: Vec<u8>) -> Identity {
    let one = Uuid::from_u128(1);
    Identity {
        agent: one.into(),
        tenant: one.into(),
        installation: one.into(),
        mode: InstallationMode::Test,
        kind: AgentKind::DoorController,
        server_name: "agents.pforte.internal".to_owned(),
        epoch: 1,
        policy_key: SigningKey::from_bytes(&[3; 32]).verifying_key(),
        authority: certificate.clone(),
        certificate,
        certificate_key: Zeroizing::new(certificate_key),
        pending_key: None,
        record_key: SigningKey::from_bytes(&[4; 32]),
        sealing_key: Zeroizing::new([5; 32]),
        store_key: Zeroizing::new([6; 32]),
        other_authorities: Vec::new(),
        previous: None,
        machine: None,
    }
}
