// One expression, for the examples of the documentation: a reloader of servers that follows the file
// of a policy, and that file.
{
    use mtls_roles::{ClientPeerVerifier, Files, Generation, Reloader, Roots, ServerSlot};

    let (roots, _) = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/docs/peer.rs"));
    let thread = std::thread::current().id();
    let policy = format!("mtls-roles-{}-{thread:?}", std::process::id());
    let policy = std::env::temp_dir().join(policy);
    std::fs::write(&policy, "rfc5280").unwrap();
    let provider = std::sync::Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let (roots, followed) = (Roots::from_der(roots).unwrap(), policy.clone());
    let recipe = move |files: &mut Files| {
        let clients = ClientPeerVerifier::builder(roots.clone(), &provider)
            .eku_policy(files.text(&followed)?.parse()?)
            .build()?;
        Generation::new(&provider).serve(ServerSlot::empty(), clients).build()
    };
    (Reloader::builder().build(recipe).unwrap(), policy)
}
