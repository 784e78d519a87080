//! Makes the seeds of the corpora: `cargo run --bin seeds` in `fuzz/`. Nothing is downloaded.

use std::fs;
use std::path::Path;

use mtls_roles_fuzz::join;
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, CertifiedIssuer,
    DnType, ExtendedKeyUsagePurpose as Purpose, GeneralSubtree, IsCa, KeyIdMethod, KeyPair,
    KeyUsagePurpose, NameConstraints, RevokedCertParams, SanType, SerialNumber, date_time_ymd,
};

type Ca = CertifiedIssuer<'static, KeyPair>;

fn params(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params.not_before = date_time_ymd(2026, 1, 1);
    params.not_after = date_time_ymd(2027, 12, 31);
    params
}

fn ca(name: &str) -> CertificateParams {
    let mut params = params(name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

fn leaf(issuer: &Ca, purposes: &[Purpose]) -> Vec<u8> {
    let mut params = params("leaf");
    params.serial_number = Some(SerialNumber::from(7));
    params.extended_key_usages = purposes.to_vec();
    params.subject_alt_names = vec![
        SanType::DnsName("server.example.com".try_into().unwrap()),
        SanType::URI("spiffe://example.org/service".try_into().unwrap()),
        SanType::IpAddress([192, 0, 2, 1].into()),
        SanType::Rfc822Name("a@example.com".try_into().unwrap()),
    ];
    let key = KeyPair::generate().unwrap();
    params.signed_by(&key, issuer).unwrap().der().to_vec()
}

fn crl(issuer: &Ca, number: u64, revoked: &[u64]) -> Vec<u8> {
    let revoked = revoked.iter().map(|serial| RevokedCertParams {
        serial_number: SerialNumber::from(*serial),
        revocation_time: date_time_ymd(2026, 2, 1),
        reason_code: None,
        invalidity_date: None,
    });
    CertificateRevocationListParams {
        this_update: date_time_ymd(2026, 2, 1),
        next_update: date_time_ymd(2027, 2, 1),
        crl_number: SerialNumber::from(number),
        issuing_distribution_point: None,
        revoked_certs: revoked.collect(),
        key_identifier_method: KeyIdMethod::Sha256,
    }
    .signed_by(issuer)
    .unwrap()
    .der()
    .to_vec()
}

fn write(target: &str, name: &str, bytes: &[u8]) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target);
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join(name), bytes).unwrap();
}

fn main() {
    let root = Ca::self_signed(ca("root"), KeyPair::generate().unwrap()).unwrap();
    let mut constrained = ca("sub");
    constrained.extended_key_usages = vec![Purpose::ServerAuth];
    constrained.name_constraints = Some(NameConstraints {
        permitted_subtrees: vec![GeneralSubtree::DnsName("example.com".into())],
        excluded_subtrees: vec![],
    });
    let plain = Ca::signed_by(ca("sub"), KeyPair::generate().unwrap(), &root).unwrap();
    let constrained = Ca::signed_by(constrained, KeyPair::generate().unwrap(), &root).unwrap();
    let root_der = root.der().to_vec();

    let purposes: [&[Purpose]; 4] =
        [&[], &[Purpose::ClientAuth], &[Purpose::ServerAuth], &[Purpose::Any, Purpose::CodeSigning]];
    for (sub_name, sub) in [("plain", &plain), ("constrained", &constrained)] {
        for (index, purposes) in purposes.iter().enumerate() {
            let leaf = leaf(sub, purposes);
            let chain = [&root_der[..], &leaf, sub.der()];
            let name = format!("{sub_name}-{index}");
            write("client_chain", &name, &join(chain));
            write("server_chain", &name, &join(chain));
            write("inventory", &name, &join(chain));
            let (of_sub, of_root) = (crl(sub, 1, &[]), crl(&root, 1, &[]));
            let revoking = crl(sub, 2, &[7]);
            write("crls", &name, &join([&root_der[..], &leaf, sub.der(), &of_sub, &of_root]));
            write("crls", &format!("{name}-two"), &join([&root_der[..], &leaf, sub.der(), &of_sub, &revoking, &of_root]));
            for rule in ["dns:*.example.com", "dns:server.example.com", "uri:spiffe://example.org/service", "spiffe-trust-domain:example.org", "ip:192.0.2.1", "ip:::ffff:192.0.2.1"] {
                let parts = [rule.as_bytes(), &root_der, &leaf, sub.der()];
                write("peer_rules", &format!("{name}-{}", rule.replace(['/', ':', '*'], "_")), &join(parts));
            }
        }
    }
    let key = KeyPair::generate().unwrap();
    let certificate = params("self").self_signed(&key).unwrap();
    let pem = certificate.pem() + &key.serialize_pem();
    write("load", "pem", pem.as_bytes());
    write("inventory", "pem", pem.as_bytes());
    write("inventory", "timeline", include_bytes!("../../src/audit/timeline.json"));
    write("load", "roots", (root.pem() + &plain.pem()).as_bytes());
    write("load", "der", &join([&key.serialize_der()[..], certificate.der()]));
    write("load", "crl", &join([&crl(&root, 1, &[1, 2, 3])[..]]));
}
