//! Certificates: the installation's own authority, which agents pin when they join, its certificate for the agent port,
//! agents' certificates, and a self-made one for staff.
//!
//! Certificates are built from our own parameters; from a request only the public key is taken.

use std::io::Write as _;
use std::net::IpAddr;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};

use access_core::ids::{AgentId, TenantId};
use access_core::protocol::authorities_digest;
use anyhow::{Context as _, ensure};
use chrono::{DateTime, TimeDelta, Utc};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    SanType, SerialNumber, SubjectPublicKeyInfo,
};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::keys::sync_entry;

pub mod rollover;

/// Names of the authority's files.
const CERTIFICATE: &str = "ca.pem";
const KEY: &str = "ca.key";

/// How long an agent's certificate is good for, in hours. It is renewed at half of it.
pub const AGENT_CERTIFICATE_HOURS: i64 = 24;
/// How long after its end an agent's certificate still serves for its own renewal, in days.
pub const RENEWAL_GRACE_DAYS: i64 = 30;
/// How long a certificate of the server's own is good for, in days. It is made anew at every start, and at half of it.
const SERVER_CERTIFICATE_DAYS: i64 = 400;
/// Pause before a certificate that could not be made anew is tried again, in minutes: the one before is good for long.
const REISSUE_RETRY_MINUTES: i64 = 60;
/// How long the authority is good for, in days.
const AUTHORITY_DAYS: i64 = 20 * 365;
/// Clocks may differ by so much, in minutes.
const SKEW_MINUTES: i64 = 5;
/// Name in the certificate of the agent port, which agents check.
pub const AGENT_PORT_NAME: &str = "agents.pforte.internal";

/// The installation's certificate authority in use. Its key lies in the data folder, mode 0600.
pub struct Authority {
    certificate: CertificateDer<'static>,
    /// Of the one to come, and of the one before: see [`rollover`].
    others: Vec<CertificateDer<'static>>,
    pem: String,
    issuer: Issuer<'static, KeyPair>,
}

impl std::fmt::Debug for Authority {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Authority([redacted])")
    }
}

/// A certificate with its key, for a listener.
#[derive(Debug)]
pub struct Identity {
    /// Leaf first.
    pub chain: Vec<CertificateDer<'static>>,
    /// Its key.
    pub key: PrivateKeyDer<'static>,
}

/// What a listener shows who connects: a certificate that the authority issues, and issues anew at half of its life, so that
/// a server that is never restarted is not locked out of its own port. The first that connects after that makes it.
pub struct Renewing {
    authority: Arc<Authority>,
    names: Vec<String>,
    now: fn() -> DateTime<Utc>,
    shown: RwLock<Shown>,
}

struct Shown {
    certified: Arc<CertifiedKey>,
    /// Before this it is not good yet: the clock was set back since.
    from: DateTime<Utc>,
    /// When another is to be made.
    until: DateTime<Utc>,
}

impl Shown {
    fn is_fresh(&self, now: DateTime<Utc>) -> bool {
        (self.from..self.until).contains(&now)
    }
}

impl std::fmt::Debug for Renewing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Renewing({:?}, [redacted])", self.names)
    }
}

impl Renewing {
    /// Issues the first one, for a listener with these names. `now` is the clock that says when another is due.
    pub fn new(authority: Arc<Authority>, names: Vec<String>, now: fn() -> DateTime<Utc>) -> anyhow::Result<Self> {
        let shown = RwLock::new(Self::issue(&authority, &names, now())?);
        Ok(Self { authority, names, now, shown })
    }

    fn issue(authority: &Authority, names: &[String], now: DateTime<Utc>) -> anyhow::Result<Shown> {
        let Identity { chain, key } = authority.issue_server(names, now)?;
        let key = provider().key_provider.load_private_key(key)?;
        let certified = Arc::new(CertifiedKey::new(chain, key));
        let from = now - TimeDelta::minutes(SKEW_MINUTES);
        Ok(Shown { certified, from, until: now + TimeDelta::days(SERVER_CERTIFICATE_DAYS) / 2 })
    }

    /// The certificate to be shown now.
    fn shown(&self, now: DateTime<Utc>) -> Arc<CertifiedKey> {
        let shown = self.shown.read().unwrap_or_else(PoisonError::into_inner);
        if shown.is_fresh(now) {
            return Arc::clone(&shown.certified);
        }
        drop(shown);
        let mut shown = self.shown.write().unwrap_or_else(PoisonError::into_inner);
        // Somebody else may have been here first.
        if !shown.is_fresh(now) {
            match Self::issue(&self.authority, &self.names, now) {
                Ok(fresh) => {
                    *shown = fresh;
                    tracing::info!(names = ?self.names, "a certificate of the server's own was made anew");
                }
                Err(error) => {
                    tracing::error!(
                        error = format!("{error:#}"),
                        "a certificate of the server's own can't be made anew"
                    );
                    (shown.from, shown.until) = (now, now + TimeDelta::minutes(REISSUE_RETRY_MINUTES));
                }
            }
        }
        Arc::clone(&shown.certified)
    }
}

impl ResolvesServerCert for Renewing {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.shown((self.now)()))
    }
}

/// Who an agent's certificate says it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AgentName {
    /// Whose agent.
    pub tenant: TenantId,
    /// Which.
    pub agent: AgentId,
    /// Counts its certificates.
    pub generation: i32,
}

impl Authority {
    /// Reads the authority in `folder`, or makes it.
    pub fn open(folder: &Path, now: DateTime<Utc>) -> anyhow::Result<Self> {
        std::fs::create_dir_all(folder).with_context(|| format!("can't make {}", folder.display()))?;
        rollover::complete(folder)?;
        let (certificate, key) = (folder.join(CERTIFICATE), folder.join(KEY));
        if !key.try_exists()? {
            let (made, pair) = make_authority(now)?;
            write_private(&certificate, made.as_bytes())?;
            // The key comes last: where it is, the certificate is too.
            write_private(&key, pair.as_bytes())?;
        }
        let pem = std::fs::read_to_string(&certificate)
            .with_context(|| format!("can't read the authority's certificate {}", certificate.display()))?;
        let key = std::fs::read_to_string(&key).with_context(|| format!("can't read {}", key.display()))?;
        let der = CertificateDer::from_pem_slice(pem.as_bytes()).context("the authority's certificate is no PEM")?;
        let issuer = Issuer::from_ca_cert_pem(&pem, KeyPair::from_pem(&key)?)?;
        Ok(Self { certificate: der, others: rollover::others(folder)?, pem, issuer })
    }

    /// Its certificate, PEM.
    pub fn pem(&self) -> &str {
        &self.pem
    }

    /// Its certificate.
    pub fn certificate(&self) -> &CertificateDer<'static> {
        &self.certificate
    }

    /// Certificates of every authority that agents may trust now, its own first.
    pub fn trusted(&self) -> impl Iterator<Item = &CertificateDer<'static>> {
        std::iter::once(&self.certificate).chain(&self.others)
    }

    /// What stands for them.
    pub fn trusted_digest(&self) -> [u8; 32] {
        authorities_digest(self.trusted().map(|certificate| certificate.as_ref()))
    }

    /// SHA-256 of the certificate of the trusted authority that issued this one, as it says itself; none if it names another. Whoever
    /// asks has verified it.
    pub fn issuer_of(&self, certificate: &CertificateDer<'_>) -> Option<[u8; 32]> {
        let named = rollover::issuer_key(certificate)?;
        let issuer = self.trusted().find(|authority| rollover::own_key(authority).as_ref() == Some(&named))?;
        Some(Sha256::digest(issuer).into())
    }

    /// SHA-256 of its certificate, which join tokens carry.
    pub fn fingerprint(&self) -> [u8; 32] {
        Sha256::digest(&self.certificate).into()
    }

    /// A fresh certificate for a listener of the server's own.
    pub fn issue_server(&self, names: &[String], now: DateTime<Utc>) -> anyhow::Result<Identity> {
        let key = KeyPair::generate()?;
        let mut parameters = parameters("Pforte", now, TimeDelta::days(SERVER_CERTIFICATE_DAYS));
        parameters.subject_alt_names = names
            .iter()
            .map(|name| {
                Ok(match name.parse::<IpAddr>() {
                    Ok(address) => SanType::IpAddress(address),
                    Err(_) => {
                        SanType::DnsName(name.as_str().try_into().with_context(|| format!("`{name}` is no host name"))?)
                    }
                })
            })
            .collect::<anyhow::Result<_>>()?;
        parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let certificate = parameters.signed_by(&key, &self.issuer)?;
        let key = PrivateKeyDer::try_from(key.serialize_der()).map_err(|error| anyhow::anyhow!("{error}"))?;
        Ok(Identity { chain: vec![certificate.der().clone(), self.certificate.clone()], key })
    }

    /// A certificate for an agent's key, PEM, and its end.
    pub fn issue_agent(
        &self,
        name: AgentName,
        public_key: &[u8],
        now: DateTime<Utc>,
    ) -> anyhow::Result<(String, DateTime<Utc>)> {
        let public_key = SubjectPublicKeyInfo::from_der(public_key).context("certificate_key is no public key")?;
        ensure!(
            rcgen::PublicKeyData::algorithm(&public_key) == &rcgen::PKCS_ECDSA_P256_SHA256,
            "certificate_key must be a P-256 key"
        );
        let valid = TimeDelta::hours(AGENT_CERTIFICATE_HOURS);
        let mut parameters = parameters(&name.agent.to_string(), now, valid);
        parameters.subject_alt_names = vec![SanType::URI(name.to_uri().as_str().try_into()?)];
        parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        Ok((parameters.signed_by(&public_key, &self.issuer)?.pem(), now + valid))
    }
}

impl AgentName {
    fn to_uri(self) -> String {
        format!("urn:pforte:agent:{}:{}:{}", self.tenant, self.agent, self.generation)
    }

    fn from_uri(uri: &str) -> Option<Self> {
        let mut parts = uri.strip_prefix("urn:pforte:agent:")?.split(':');
        let name = Self {
            tenant: parts.next()?.parse::<Uuid>().ok()?.into(),
            agent: parts.next()?.parse::<Uuid>().ok()?.into(),
            generation: parts.next()?.parse().ok()?,
        };
        parts.next().is_none().then_some(name)
    }

    /// Reads a certificate that the authority issued: who it names, and when it ends.
    pub fn read(certificate: &CertificateDer<'_>) -> anyhow::Result<(Self, DateTime<Utc>)> {
        use x509_parser::extensions::GeneralName;
        let (_, parsed) = x509_parser::parse_x509_certificate(certificate)?;
        let names = parsed.subject_alternative_name()?.context("the certificate names nobody")?;
        let uri = names.value.general_names.iter().find_map(|name| match name {
            GeneralName::URI(uri) => Some(*uri),
            _ => None,
        });
        let name = uri.and_then(Self::from_uri).context("the certificate names no agent")?;
        let ends =
            DateTime::from_timestamp(parsed.validity().not_after.timestamp(), 0).context("the certificate's end")?;
        Ok((name, ends))
    }
}

fn parameters(name: &str, now: DateTime<Utc>, valid: TimeDelta) -> CertificateParams {
    let mut parameters = CertificateParams::default();
    parameters.distinguished_name.push(DnType::CommonName, name);
    parameters.serial_number = Some(SerialNumber::from_slice(Uuid::new_v4().as_bytes()));
    parameters.not_before = as_offset(now - TimeDelta::minutes(SKEW_MINUTES));
    parameters.not_after = as_offset(now + valid);
    parameters.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    parameters.use_authority_key_identifier_extension = true;
    parameters
}

fn as_offset(at: DateTime<Utc>) -> time::OffsetDateTime {
    // Out of range only some 7,000 years from now.
    time::OffsetDateTime::from_unix_timestamp(at.timestamp()).unwrap_or(time::OffsetDateTime::UNIX_EPOCH)
}

fn make_authority(now: DateTime<Utc>) -> anyhow::Result<(String, String)> {
    let pair = KeyPair::generate()?;
    let mut parameters = parameters("Pforte authority", now, TimeDelta::days(AUTHORITY_DAYS));
    parameters.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    Ok((parameters.self_signed(&pair)?.pem(), pair.serialize_pem()))
}

fn write_private(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)
        .with_context(|| format!("can't write {}", path.display()))?;
    file.write_all(bytes)?;
    file.sync_all()?;
    sync_entry(path)
}

/// Reads a certificate chain and key of the operator's own.
pub fn read_identity(certificate: &Path, key: &Path) -> anyhow::Result<Identity> {
    let chain = CertificateDer::pem_file_iter(certificate)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .with_context(|| format!("can't read the certificate {}", certificate.display()))?;
    ensure!(!chain.is_empty(), "{} holds no certificate", certificate.display());
    let key = PrivateKeyDer::from_pem_file(key).with_context(|| format!("can't read the key {}", key.display()))?;
    Ok(Identity { chain, key })
}

/// Cryptography of every TLS connection.
pub fn provider() -> Arc<rustls::crypto::CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// When a listener's certificate ends.
    fn ends(certified: &CertifiedKey) -> DateTime<Utc> {
        let (_, parsed) = x509_parser::parse_x509_certificate(&certified.cert[0]).unwrap();
        DateTime::from_timestamp(parsed.validity().not_after.timestamp(), 0).unwrap()
    }

    #[test]
    fn a_listener_shows_a_certificate_that_is_good_however_long_the_server_runs() {
        let folder = tempfile::tempdir().unwrap();
        let begun = || DateTime::from_timestamp(1_700_000_000, 0).unwrap();
        let authority = Arc::new(Authority::open(folder.path(), begun()).unwrap());
        let renewing = Renewing::new(authority, vec![AGENT_PORT_NAME.to_owned()], begun).unwrap();
        let first = renewing.shown(begun());
        assert_eq!(first.cert, renewing.shown(begun() + TimeDelta::days(199)).cert, "the same until half of its life");
        let mut made = vec![first.cert.clone()];
        for day in (0..5 * 365).step_by(10) {
            let now = begun() + TimeDelta::days(day);
            let shown = renewing.shown(now);
            assert!(ends(&shown) >= now + TimeDelta::days(SERVER_CERTIFICATE_DAYS / 2 - 10), "day {day}");
            if made.last() != Some(&shown.cert) {
                made.push(shown.cert.clone());
            }
        }
        assert_eq!(made.len(), 10, "one in 200 days");
        let set_back = renewing.shown(begun());
        let (_, parsed) = x509_parser::parse_x509_certificate(&set_back.cert[0]).unwrap();
        assert!(
            parsed.validity().not_before.timestamp() <= begun().timestamp(),
            "good already by a clock that was set back"
        );
    }
}
