//! The errors of generations and of the files that they follow.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;

use crate::common::clock::Clock;
use crate::common::files::TempDir;
use crate::common::ours::{client_slot, clients, credentials, roots, server_slot, servers};
use crate::common::pki::{Ca, LeafSpec};
use crate::common::tls::provider;
use mtls_roles::{
    ClientSide, ClientSlot, Crls, Error, Files, Generation, Reloader, ReloaderBuilder, ServerSide,
};

/// Each error by an id.
pub fn about_reloading(files: &TempDir) -> Vec<(&'static str, Error)> {
    // Another one at each run, and it changes once it was read.
    let mut restless =
        ["a", "b", "c", "d", "e", "f"].map(|name| files.write(name, "1")).into_iter();
    let write_what_is_read = move |files: &mut Files| {
        let file = restless.next().unwrap();
        files.text(&file)?;
        fs::write(&file, "22").unwrap();
        generation(&Ca::root_named("root"))
    };
    let panics = |_: &mut Files| -> Result<Generation, Error> { panic!("line 3 of\tpeers.txt") };
    let refuses = |_: &mut Files| -> Result<Generation, Error> {
        Err(Error::recipe("peers.txt, line 3: needed is one rule a line"))
    };
    let foreign = |_: &mut Files| generation(&Ca::root_named("other root"));
    let builder = Reloader::builder;
    vec![
        ("a slot of a generation is swapped", sealed_slot()),
        ("lists of a verifier of a generation are replaced", sealed_verifier()),
        ("files that never rest", failed(builder(), write_what_is_read)),
        ("a recipe refuses", failed(builder(), refuses)),
        ("a recipe panics", failed(builder(), panics)),
        ("our own roots refuse what we present", failed(builder().check_own_chains(), foreign)),
        ("the keys of last good pairs are open to others", open_folder(files)),
        ("a last good pair cannot be kept", not_kept(files)),
        ("back from the first generation", no_generation_before()),
    ]
}

/// Over the roots of this CA, with a server certificate of another one.
fn generation(ca: &Ca) -> Result<Generation, Error> {
    let leaf = Ca::root_named("root").leaf(LeafSpec::new("edge"));
    let slot = server_slot().build_with(credentials(&leaf, &[])).unwrap();
    let (clients, servers) = (clients(&roots([ca])).build()?, servers(&roots([ca])).build()?);
    Generation::new(&provider()).serve(slot, clients).call(ClientSlot::empty(), servers).build()
}

fn failed(
    builder: ReloaderBuilder,
    recipe: impl FnMut(&mut Files) -> Result<Generation, Error> + Send + 'static,
) -> Error {
    builder.time_provider(Arc::new(Clock::default())).build(recipe).unwrap_err()
}

fn sealed_slot() -> Error {
    let ca = Ca::root_named("root");
    let slot = client_slot().build().unwrap();
    let servers = servers(&roots([&ca])).build().unwrap();
    let generation = Generation::new(&provider()).call(slot.clone(), servers).build();
    let _generation: Generation<(), ClientSide> = generation.unwrap();
    slot.swap(credentials(&ca.leaf(LeafSpec::new("edge")), &[])).unwrap_err()
}

fn sealed_verifier() -> Error {
    let ca = Ca::root_named("root");
    let crls = || Crls::from_der([ca.crl(crate::common::pki::CrlSpec::new(1))]).unwrap();
    let clients = clients(&roots([&ca])).crls(crls()).build().unwrap();
    let slot = server_slot().build().unwrap();
    let generation = Generation::new(&provider()).serve(slot, clients.clone()).build();
    let _generation: Generation<ServerSide, ()> = generation.unwrap();
    let now = crate::common::clock::unix(crate::common::clock::NOW);
    clients.replace_crls(crls(), now).unwrap_err()
}

fn open_folder(files: &TempDir) -> Error {
    let folder = files.join("last good");
    let _ = fs::create_dir(&folder);
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o750)).unwrap();
    failed(Reloader::builder().keep_last_good(folder), |_| generation(&Ca::root_named("root")))
}

/// What would be renamed onto is a folder.
fn not_kept(files: &TempDir) -> Error {
    let leaf = Ca::root_named("root").leaf(LeafSpec::new("edge"));
    let pair = files.write("kept.pem", leaf.cert_pem() + &leaf.key_pem());
    let folder = files.join("kept");
    let _ = fs::create_dir_all(folder.join("server-1.pem"));
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o700)).unwrap();
    let builder = Reloader::builder().time_provider(Arc::new(Clock::default()));
    let tls = builder.keep_last_good(folder).build(move |files| {
        let slot = files.server_slot(&pair, &pair, &provider())?;
        let clients = clients(&roots([&Ca::root_named("root")])).build()?;
        Generation::new(&provider()).serve(slot, clients).build()
    });
    let mut refused = tls.unwrap().poll().unwrap().refused;
    Arc::try_unwrap(refused.remove(0).error).unwrap()
}

fn no_generation_before() -> Error {
    let tls = Reloader::builder().build(|_| generation(&Ca::root_named("root"))).unwrap();
    Arc::try_unwrap(tls.roll_back().unwrap_err()).unwrap()
}
