//! Certificates: the installation's own authority, which agents pin when they join, its certificate for the agent port,
//! agents' certificates, and a self-made one for staff.
//!
//! Certificates are built from our own parameters; from a request only the public key is taken.

use std::io::Write as _;
use std::net::IpAddr;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::sync::Arc;

use access_core::ids::{AgentId, TenantId};
use anyhow::{Context as _, ensure};
use chrono::{DateTime, TimeDelta, Utc};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    SanType, SerialNumber, SubjectPublicKeyInfo,
};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::keys::sync_entry;

/// How long an agent's certificate is good for, in hours. It is renewed at half of it.
pub const AGENT_CERTIFICATE_HOURS: i64 = 24;
/// How long after its end an agent's certificate still serves for its own renewal, in days.
pub const RENEWAL_GRACE_DAYS: i64 = 30;
/// How long the server's own certificate is good for, in days. It is made anew at every start.
const SERVER_CERTIFICATE_DAYS: i64 = 400;
/// How long the authority is good for, in days.
const AUTHORITY_DAYS: i64 = 20 * 365;
/// Clocks may differ by so much, in minutes.
const SKEW_MINUTES: i64 = 5;
/// Name in the certificate of the agent port, which agents check.
pub const AGENT_PORT_NAME: &str = "agents.pforte.internal";

/// The installation's certificate authority. Its key lies in the data folder, mode 0600.
pub struct Authority {
    certificate: CertificateDer<'static>,
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
        let (certificate, key) = (folder.join("ca.pem"), folder.join("ca.key"));
        if !key.try_exists()? {
            make_authority(&certificate, &key, now)?;
        }
        let pem = std::fs::read_to_string(&certificate)
            .with_context(|| format!("can't read the authority's certificate {}", certificate.display()))?;
        let key = std::fs::read_to_string(&key).with_context(|| format!("can't read {}", key.display()))?;
        let der = CertificateDer::from_pem_slice(pem.as_bytes()).context("the authority's certificate is no PEM")?;
        let issuer = Issuer::from_ca_cert_pem(&pem, KeyPair::from_pem(&key)?)?;
        Ok(Self { certificate: der, pem, issuer })
    }

    /// Its certificate, PEM.
    pub fn pem(&self) -> &str {
        &self.pem
    }

    /// Its certificate.
    pub fn certificate(&self) -> &CertificateDer<'static> {
        &self.certificate
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

fn make_authority(certificate: &Path, key: &Path, now: DateTime<Utc>) -> anyhow::Result<()> {
    let pair = KeyPair::generate()?;
    let mut parameters = parameters("Pforte authority", now, TimeDelta::days(AUTHORITY_DAYS));
    parameters.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let made = parameters.self_signed(&pair)?;
    write_private(certificate, made.pem().as_bytes())?;
    // The key comes last: where it is, the certificate is too.
    write_private(key, pair.serialize_pem().as_bytes())
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
