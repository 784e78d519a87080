//! The files of the service, and those who write them.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use mtls_roles::{Credentials, Roots, ServerPeerVerifier, client_config};
use rcgen::ExtendedKeyUsagePurpose::{self, ClientAuth, ServerAuth};
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, DnType, IsCa, Issuer,
    KeyIdMethod, KeyPair, KeyUsagePurpose, RevokedCertParams, SerialNumber,
};
use rustls::ClientConfig;
use rustls::crypto::CryptoProvider;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::Result;
use super::folder::Folder;

/// A CA, and how many certificates it has issued.
pub struct Ca {
    name: &'static str,
    issuer: Issuer<'static, KeyPair>,
    pem: String,
    revoked: Vec<SerialNumber>,
    lists: u64,
}

impl Ca {
    pub fn new(name: &'static str) -> Result<Self> {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        params.distinguished_name.push(DnType::CommonName, name);
        let key = KeyPair::generate()?;
        let pem = params.self_signed(&key)?.pem();
        Ok(Self { name, issuer: Issuer::new(params, key), pem, revoked: vec![], lists: 0 })
    }

    fn issue(&self, spec: Spec<'_>) -> Result<(String, String)> {
        let mut params = CertificateParams::new([spec.name.to_owned()])?;
        params.distinguished_name.push(DnType::CommonName, spec.subject);
        params.extended_key_usages = spec.purposes.to_vec();
        params.serial_number = Some(spec.serial.into());
        params.not_before = OffsetDateTime::now_utc() - Duration::from_secs(90 * 86_400);
        params.not_after = OffsetDateTime::now_utc() + time::Duration::days(spec.days);
        let key = KeyPair::generate()?;
        Ok((params.signed_by(&key, &self.issuer)?.pem(), key.serialize_pem()))
    }

    fn list(&mut self) -> Result<String> {
        self.lists += 1;
        let now = OffsetDateTime::now_utc();
        let revoked = self.revoked.iter().map(|serial| RevokedCertParams {
            serial_number: serial.clone(),
            revocation_time: now,
            reason_code: None,
            invalidity_date: None,
        });
        let params = CertificateRevocationListParams {
            this_update: now - Duration::from_secs(60),
            next_update: now + Duration::from_secs(86_400),
            crl_number: self.lists.into(),
            issuing_distribution_point: None,
            revoked_certs: revoked.collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        Ok(params.signed_by(&self.issuer)?.pem()?)
    }
}

/// What is asked of a CA.
struct Spec<'a> {
    name: &'a str,
    subject: &'a str,
    purposes: &'a [ExtendedKeyUsagePurpose],
    serial: u64,
    days: i64,
}

/// The folder that the service follows.
pub struct Estate {
    folder: Folder,
    cas: Vec<Ca>,
    serial: u64,
    half: String,
}

/// Two that call the service with certificates of their own.
pub struct Guests {
    /// Its serial number is [`GUEST`].
    pub good: Arc<ClientConfig>,
    /// It has lost clientAuth.
    pub old: Arc<ClientConfig>,
}

const GUEST: u64 = 7;

impl Estate {
    pub fn new() -> Result<Self> {
        let folder = Folder::new("reload")?;
        fs::create_dir(folder.0.join("crls"))?;
        let mut estate =
            Self { folder, cas: vec![Ca::new("Old CA")?], serial: 100, half: String::new() };
        estate.write_roots()?;
        estate.write_lists()?;
        estate.write("eku", "ignore until 2099-01-01\n")?;
        estate.renew()?;
        Ok(estate)
    }

    pub fn folder(&self) -> &Path {
        &self.folder.0
    }

    /// Each below the newest CA.
    pub fn renew(&mut self) -> Result<()> {
        let ((server, server_key), (client, client_key)) =
            (self.server(60)?, self.client(&[ClientAuth])?);
        self.write("server.key", &server_key)?;
        self.write("server.pem", &server)?;
        self.write("client.pem", &(client + &client_key))
    }

    pub fn renew_without_client_auth(&mut self) -> Result<()> {
        let (crt, key) = self.client(&[ServerAuth])?;
        self.write("client.pem", &(crt + &key))
    }

    pub fn write_half(&mut self) -> Result<()> {
        let (crt, key) = self.server(60)?;
        self.half = key;
        self.write("server.pem", &crt)
    }

    pub fn write_other_half(&mut self) -> Result<()> {
        self.write("server.key", &self.half)
    }

    pub fn write_expired(&mut self) -> Result<()> {
        let (crt, key) = self.server(-1)?;
        self.write("server.key", &key)?;
        self.write("server.pem", &crt)
    }

    /// What is trusted changes first, and what is presented after it.
    pub fn add_ca(&mut self, ca: Result<Ca>) -> Result<()> {
        self.cas.push(ca?);
        self.write_lists()?;
        self.write_roots()
    }

    pub fn remove_old_ca(&mut self) -> Result<()> {
        self.cas.remove(0);
        self.write_roots()
    }

    pub fn revoke_guest(&mut self) -> Result<()> {
        self.cas[0].revoked.push(GUEST.into());
        self.write_lists()
    }

    pub fn end_policy(&mut self, end: OffsetDateTime) -> Result<()> {
        self.write("eku", &format!("ignore until {}\n", end.format(&Rfc3339)?))
    }

    pub fn guests(&self, provider: &Arc<CryptoProvider>) -> Result<Guests> {
        let servers = self.cas.iter().map(|ca| ca.pem.as_str()).collect::<String>();
        let guest = |name: &str, purpose, serial| {
            let subject = name;
            let spec = Spec { name, subject, purposes: &[purpose], serial, days: 60 };
            let (crt, key) = self.cas[0].issue(spec)?;
            let credentials = Credentials::from_pem(crt.as_bytes(), key.as_bytes(), provider)?;
            let slot =
                mtls_roles::ClientSlot::builder().eku_policy(mtls_roles::EkuPolicy::ignore());
            let roots = Roots::from_pem(servers.as_bytes())?;
            let servers = ServerPeerVerifier::builder(roots, provider)
                .expect_in_place_of_name("dns:service.example".parse()?)
                .build()?;
            let config = client_config(provider, slot.build_with(credentials)?, servers)?;
            Result::Ok(Arc::new(config))
        };
        Ok(Guests {
            good: guest("good.guest.example", ClientAuth, GUEST)?,
            old: guest("old.guest.example", ServerAuth, 8)?,
        })
    }

    fn server(&mut self, days: i64) -> Result<(String, String)> {
        self.issue("service.example", "server", &[ServerAuth], days)
    }

    fn client(&mut self, purposes: &[ExtendedKeyUsagePurpose]) -> Result<(String, String)> {
        self.issue("service.example", "client", purposes, 60)
    }

    fn issue(
        &mut self,
        name: &str,
        subject: &str,
        purposes: &[ExtendedKeyUsagePurpose],
        days: i64,
    ) -> Result<(String, String)> {
        self.serial += 1;
        let ca = self.cas.last().ok_or("no CA is left")?;
        let subject = format!("{subject} {} of {}", self.serial, ca.name);
        ca.issue(Spec { name, subject: &subject, purposes, serial: self.serial, days })
    }

    fn write_roots(&self) -> Result<()> {
        self.write("ca.pem", &self.cas.iter().map(|ca| ca.pem.as_str()).collect::<String>())
    }

    fn write_lists(&mut self) -> Result<()> {
        for ca in &mut self.cas {
            let file = format!("crls/{}.pem", ca.name.replace(' ', "-"));
            let list = ca.list()?;
            write(&self.folder.0.join(file), &list)?;
        }
        Ok(())
    }

    fn write(&self, name: &str, text: &str) -> Result<()> {
        write(&self.folder.0.join(name), text)
    }
}

/// Under another name first: nobody ever sees a part of it.
fn write(file: &Path, text: &str) -> Result<()> {
    let new = file.with_file_name(".new");
    fs::write(&new, text)?;
    Ok(fs::rename(new, file)?)
}
