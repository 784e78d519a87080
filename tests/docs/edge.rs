// One expression, for the examples of the audit's documentation: the PEM of a certificate for both
// roles under a public CA, with its key, its issuer and its root.
{
    use rcgen::{
        BasicConstraints, CertificateParams, CustomExtension, DistinguishedName, DnType,
        ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    };
    use time::macros::datetime;

    let ca = |name: &str| {
        let mut ca = CertificateParams::default();
        ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        ca.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        ca.distinguished_name = DistinguishedName::new();
        ca.distinguished_name.push(DnType::OrganizationName, "DigiCert Inc");
        ca.distinguished_name.push(DnType::CommonName, name);
        ca
    };
    let mut leaf = CertificateParams::new(["edge.example.com".to_owned()]).unwrap();
    leaf.distinguished_name = DistinguishedName::new();
    leaf.distinguished_name.push(DnType::CommonName, "edge.example.com");
    leaf.not_before = datetime!(2026-09-01 0:00 UTC);
    leaf.not_after = datetime!(2027-03-18 23:59:59 UTC);
    leaf.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    leaf.extended_key_usages =
        vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
    // The CA/Browser Forum's "domain validated", 2.23.140.1.2.1.
    let policies = vec![0x30, 10, 0x30, 8, 6, 6, 0x67, 0x81, 0x0c, 1, 2, 1];
    leaf.custom_extensions.push(CustomExtension::from_oid_content(&[2, 5, 29, 32], policies));

    let [key, issuer_key, root_key] = [(); 3].map(|()| KeyPair::generate().unwrap());
    let (issuer, root) = (ca("Issuer"), ca("DigiCert Global Root G2"));
    let root_pem = root.self_signed(&root_key).unwrap().pem();
    let issuer_pem = issuer.signed_by(&issuer_key, &Issuer::from_params(&root, &root_key)).unwrap().pem();
    let leaf_pem = leaf.signed_by(&key, &Issuer::from_params(&issuer, &issuer_key)).unwrap().pem();
    leaf_pem + &key.serialize_pem() + &issuer_pem + &root_pem
}
