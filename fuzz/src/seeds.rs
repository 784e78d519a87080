//! Makes the seeds of the corpora: `cargo run --bin seeds` in `fuzz/`. Nothing is downloaded.

use std::fs;
use std::path::Path;

use mtls_roles_fuzz::join;
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, CertifiedIssuer,
    CrlDistributionPoint, CrlIssuingDistributionPoint, DnType, ExtendedKeyUsagePurpose as Purpose,
    GeneralSubtree, IsCa, KeyIdMethod, KeyPair, KeyUsagePurpose, NameConstraints,
    RevokedCertParams, SanType, SerialNumber, date_time_ymd,
};

/// Where the leaf's lists are, if it says so.
const POINT: &str = "http://crl.example/0";

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

fn leaf(issuer: &Ca, purposes: &[Purpose], points: &[&str]) -> Vec<u8> {
    let mut params = params("leaf");
    params.serial_number = Some(SerialNumber::from(7));
    params.extended_key_usages = purposes.to_vec();
    params.crl_distribution_points = points.iter().map(|uri| point(uri)).collect();
    params.subject_alt_names = vec![
        SanType::DnsName("server.example.com".try_into().unwrap()),
        SanType::URI("spiffe://example.org/service".try_into().unwrap()),
        SanType::IpAddress([192, 0, 2, 1].into()),
        SanType::Rfc822Name("a@example.com".try_into().unwrap()),
    ];
    let key = KeyPair::generate().unwrap();
    params.signed_by(&key, issuer).unwrap().der().to_vec()
}

fn point(uri: &str) -> CrlDistributionPoint {
    CrlDistributionPoint { uris: vec![uri.into()] }
}

/// A list of February to February, which is now.
fn crl(issuer: &Ca, number: u64, revoked: &[u64]) -> Vec<u8> {
    crl_of(issuer, number, revoked, (2026, 2027), None)
}

fn crl_of(
    issuer: &Ca,
    number: u64,
    revoked: &[u64],
    years: (i32, i32),
    at: Option<&str>,
) -> Vec<u8> {
    let revoked = revoked.iter().map(|serial| RevokedCertParams {
        serial_number: SerialNumber::from(*serial),
        revocation_time: date_time_ymd(2026, 2, 1),
        reason_code: None,
        invalidity_date: None,
    });
    CertificateRevocationListParams {
        this_update: date_time_ymd(years.0, 2, 1),
        next_update: date_time_ymd(years.1, 2, 1),
        crl_number: SerialNumber::from(number),
        issuing_distribution_point: at
            .map(|uri| CrlIssuingDistributionPoint { distribution_point: point(uri), scope: None }),
        revoked_certs: revoked.collect(),
        key_identifier_method: KeyIdMethod::Sha256,
    }
    .signed_by(issuer)
    .unwrap()
    .der()
    .to_vec()
}

/// The chain beside lists, in one set and in two.
fn write_lists(name: &str, chain: &[&[u8]], root: &Ca, sub: &Ca) {
    let of_root = crl(root, 1, &[]);
    let at = |number, revoked: &[u64], years, at| crl_of(sub, number, revoked, years, at);
    let (now, before, later) = ((2026, 2027), (2025, 2026), (2027, 2028));
    let lists = [
        ("good", at(1, &[], now, None)),
        ("revoking", at(2, &[7], now, None)),
        ("other", at(3, &[1, 2, 3], now, None)),
        ("expired", at(2, &[7], before, None)),
        ("future", at(2, &[7], later, None)),
        ("at-point", at(1, &[], now, Some(POINT))),
        ("at-point-revoking", at(2, &[7], now, Some(POINT))),
        ("elsewhere-revoking", at(2, &[7], now, Some("http://crl.example/1"))),
    ];
    let empty: &[u8] = &[];
    for (index, (first_name, first)) in lists.iter().enumerate() {
        let one = [chain, &[empty, first, &of_root]].concat();
        write("crls", &format!("{name}-{first_name}"), &join(one.clone()));
        write("against_stock", &format!("{name}-{first_name}"), &join(one));
        let (second_name, second) = &lists[(index + 1) % lists.len()];
        let name = format!("{name}-{first_name}-{second_name}");
        let both = [chain, &[empty, first, second, &of_root]].concat();
        write("crls", &name, &join(both.clone()));
        write("against_stock", &name, &join(both));
        let replaced = [chain, &[empty, first, &of_root, empty, second, &of_root]].concat();
        write("replacement", &name, &join(replaced));
        let lost = [chain, &[empty, first, second, empty, &of_root]].concat();
        write("replacement", &format!("{name}-lost"), &join(lost));
    }
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

    let purposes: [&[Purpose]; 4] = [
        &[],
        &[Purpose::ClientAuth],
        &[Purpose::ServerAuth],
        &[Purpose::Any, Purpose::CodeSigning],
    ];
    for (sub_name, sub) in [("plain", &plain), ("constrained", &constrained)] {
        for (index, purposes) in purposes.iter().enumerate() {
            let leaf = leaf(sub, purposes, &[POINT][..index % 2]);
            let chain = [&root_der[..], &leaf, sub.der()];
            let name = format!("{sub_name}-{index}");
            write("client_chain", &name, &join(chain));
            write("server_chain", &name, &join(chain));
            write("inventory", &name, &join(chain));
            write("against_stock", &name, &join(chain));
            write_lists(&name, &chain, &root, sub);
            for rule in [
                "dns:*.example.com",
                "dns:server.example.com",
                "uri:spiffe://example.org/service",
                "spiffe-trust-domain:example.org",
                "email:a@example.com",
                "ip:192.0.2.1",
                "ip:::ffff:192.0.2.1",
            ] {
                let parts = [rule.as_bytes(), &root_der, &leaf, sub.der()];
                write(
                    "peer_rules",
                    &format!("{name}-{}", rule.replace(['/', ':', '*'], "_")),
                    &join(parts),
                );
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
    write_forms(certificate.der(), &pem);
}

/// What the program `audit` reads beside PEM and DER.
fn write_forms(der: &[u8], pem: &str) {
    let escaped = pem.replace('\n', "\\n");
    write("text", "pem", pem.as_bytes());
    write(
        "text",
        "json",
        format!("{{\"a\": [{{\"name\": \"b\", \"c\": \"{escaped}\"}}]}}").as_bytes(),
    );
    write("text", "commented", pem.replace('\n', "\n# ").as_bytes());
    write("text", "concatenated", pem.replace('\n', "\\n\" +\n \"").as_bytes());
    // PEM has the base64 already.
    let base64: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    write("text", "yaml", format!("metadata:\n  name: a\ndata:\n  tls.crt: {base64}\n").as_bytes());
    let utf_16: Vec<_> = pem.encode_utf16().flat_map(u16::to_le_bytes).collect();
    write("text", "utf_16", &utf_16);
    let length = |bytes: &[u8]| (bytes.len() as u32).to_be_bytes();
    let certificate = [&[0, 5][..], b"X.509", &length(der), der].concat();
    let entry = [&[0, 0, 0, 1, 0, 0, 0, 2, 0, 1, b'a'][..], &[0; 8], &certificate].concat();
    write("key_stores", "jks", &entry);
    let entry = [&[7; 20][..], &[0, 0, 4, 0, 1, 0, 1, b'a'], &[0; 12], &certificate, &[0]].concat();
    write("key_stores", "bks", &entry);
    let element = |tag: u8, inner: &[u8]| {
        [&[tag, 0x82][..], &(inner.len() as u16).to_be_bytes(), inner].concat()
    };
    let data = [6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 1];
    let fields = [&[2, 1, 1, 0x31, 0][..], &element(0x30, &data), &element(0xa0, der)].concat();
    write("pkcs7", "fields", &fields);
    let x509 = [6, 10, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 22, 1];
    let value = element(0x30, &[&x509[..], &element(0xa0, &element(4, der))].concat());
    let kind = [6, 11, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 12, 10, 1, 3];
    let bags = element(0x30, &element(0x30, &[&kind[..], &element(0xa0, &value)].concat()));
    let safe = element(0x30, &[&data[..], &element(0xa0, &element(4, &bags))].concat());
    write("pkcs12", "clear", &element(0x30, &safe));
    let mut tar = tar::Builder::new(vec![]);
    let mut header = tar::Header::new_gnu();
    header.set_size(pem.len() as u64);
    tar.append_data(&mut header, "a.pem", pem.as_bytes()).unwrap();
    let tar = tar.into_inner().unwrap();
    write("archives", "tar", &tar);
    let mut gzip = flate2::write::GzEncoder::new(vec![], flate2::Compression::default());
    std::io::Write::write_all(&mut gzip, &tar).unwrap();
    write("archives", "tar.gz", &gzip.finish().unwrap());
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(vec![]));
    zip.start_file("a.pem", zip::write::SimpleFileOptions::default()).unwrap();
    std::io::Write::write_all(&mut zip, pem.as_bytes()).unwrap();
    write("archives", "zip", zip.finish().unwrap().get_ref());
}
