// One expression, for the examples of the documentation: the certificates of a private root, and the
// chain of a client below it whose only purpose is serverAuth.
{
    use rcgen::{BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair};
    use rustls::pki_types::CertificateDer;

    let mut root = CertificateParams::default();
    root.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let mut leaf = CertificateParams::new(["edge.example.com".to_owned()]).unwrap();
    leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let [key, root_key] = [(); 2].map(|()| KeyPair::generate().unwrap());
    let root_der: CertificateDer<'static> = root.self_signed(&root_key).unwrap().into();
    let leaf = leaf.signed_by(&key, &Issuer::from_params(&root, &root_key)).unwrap();
    ([root_der], [CertificateDer::from(leaf)])
}
