//! The HTML page: nothing from a certificate becomes markup, nothing is loaded, and the picture
//! stays a picture.

use base64ct::{Base64, Encoding};
use time::Duration;

use super::run::audit;
use super::world::{ISSUED, World, leaf, milestone, nameless};
use crate::common::pki::{Eku, LeafSpec};
use crate::sha256;

const HOSTILE: [&str; 9] = [
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "' onmouseover='alert(1)",
    "</style></script></svg><svg onload=alert(1)>",
    "{{ 7 * 7 }}{% include 'x' %}",
    "&lt;b&gt;",
    "x\u{1b}[2K\nALREADY UNFIT (0)\r\u{202e}\u{9b}1A",
    "שלום",
    "javascript:alert(1)",
];

/// Names are shown as the crate prints them; two pages that differ in names only have the same tags with
/// the same attributes.
#[test]
fn no_name_becomes_markup() {
    let harmless: Vec<_> = (0..HOSTILE.len()).map(|index| format!("name {index}")).collect();
    let harmless: Vec<_> = harmless.iter().map(String::as_str).collect();
    let (page, harmless) = (page_of(&HOSTILE), page_of(&harmless));
    assert!(tags(&page).iter().any(|tag| tag == "script"), "{page}");
    assert_eq!(tags(&page), tags(&harmless));
    for shown in [
        "\\&lt;script\\&gt;alert(1)\\&lt;&#x2f;script\\&gt;",
        "&amp;lt\\;b&amp;gt\\;",
        "{{ 7 * 7 }}{% include &#x27;x&#x27; %}",
        "x\\u{1b}[2K\\u{a}ALREADY UNFIT (0)\\u{d}\\u{202e}\\u{9b}1A",
        "שלום",
    ] {
        assert!(page.contains(shown), "{shown}");
    }
}

/// All of them unaffected and of one date, so that nothing but names can change the page.
fn page_of(names: &[&str]) -> String {
    let world = World::new();
    for (index, name) in names.iter().enumerate() {
        // A DNS name would be shown in its place.
        let spec = nameless(name, 100 + index as u64).eku(Eku::both());
        world.write(&format!("{index}.pem"), world.private.leaf(spec).cert_pem());
    }
    audit(&world, "--format html .").stdout
}

/// Each tag with the names of its attributes. A name with a quote or a bracket of its own in it would
/// make other ones, wherever it stands.
fn tags(page: &str) -> Vec<String> {
    let tags = page.split('<').skip(1).map(|tag| tag.split('>').next().unwrap());
    tags.map(|tag| tag.split(['"', '\'']).step_by(2).collect()).collect()
}

#[test]
fn the_page_runs_and_loads_nothing_but_itself_and_shows_no_private_key() {
    let world = World::full();
    let page = audit(&world, "--format html .").stdout;
    let key = world.edge.key_pem();
    assert!(!page.contains(&key.lines().nth(1).unwrap()[..24]));
    let hash = |tag: &str| {
        let (_, rest) = page.split_once(&format!("<{tag}>")).unwrap();
        let (content, rest) = rest.split_once(&format!("</{tag}>")).unwrap();
        assert!(!rest.contains(&format!("<{tag}")), "one {tag}");
        Base64::encode_string(&sha256(content.as_bytes()))
    };
    let policy = format!(
        "content=\"default-src 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'; base-uri 'none'; \
         form-action 'none'\"",
        hash("style"),
        hash("script")
    );
    let quoted = policy.replace('\'', "&#x27;").replace('/', "&#x2f;");
    assert!(page.contains(&quoted), "{policy}");
    for loads in [" src=", "<link", "@import", "url(", "<base", "<iframe", " style=", " onclick"] {
        assert!(!page.contains(loads), "{loads}");
    }
}

#[test]
fn a_citation_is_a_link_only_if_it_leads_to_https() {
    let world = World::full();
    for (address, is_link) in [("https://x.example", true), ("javascript:alert(1)", false)] {
        let citation = serde_json::json!({ "document": "a document", "address": address });
        let timeline = milestone("chrome-leaf", "2027-03-15", "changes", citation);
        world.write("timeline.json", timeline);
        let page = audit(&world, "--format html --timeline timeline.json .").stdout;
        let address = address.replace('/', "&#x2f;");
        assert!(page.contains(&address), "it is shown: {address}");
        assert_eq!(page.contains(&format!("href=\"{address}")), is_link, "{address}");
    }
}

/// Of 5,100, the rows are those that need action first; what expired is folded; the caps are told; a
/// browser still opens it.
#[test]
fn of_many_certificates_the_page_shows_the_first_and_says_how_many_it_leaves_out() {
    let world = World::new();
    let spec = |serial| leaf("many.example.com", serial).eku(Eku::both());
    let pem: String = (0..5_050).map(|serial| shared_key(&world, spec(1_000 + serial))).collect();
    world.write("many.pem", pem);
    let old = |serial| spec(serial).valid(ISSUED - Duration::days(90), ISSUED);
    world.write(
        "old.pem",
        (0..50).map(|it| shared_key(&world, old(9_000 + it))).collect::<String>(),
    );
    world.write("edge.pem", world.edge.cert_pem() + &world.combined.pem());
    let page = audit(&world, "--format html .").stdout;
    assert!(page.len() < 10_000_000, "{}", page.len());
    assert_eq!(page.matches("<tr id=\"c").count(), 5_000);
    assert_eq!(page.matches("<rect class=\"life\"").count(), 300);
    // 5,050 and `edge`; beside them, roots.pem has 2 and edge.pem an issuer.
    assert!(page.contains("4751 more leaf certificates"), "bars");
    assert!(page.contains("54 more certificates, which need action less"), "rows");
    assert!(!page.contains("of them need something done"), "what needs action is complete");
    let first = page.find("<tr id=\"c0\"").unwrap();
    assert!(page[first..first + 800].contains("edge.example.com"), "what needs action is first");
    let folded = page.find("<summary>50 expired</summary>").unwrap();
    assert_eq!(page[folded..].matches("<li><time>2026-09-01</time>").count(), 50);
}

/// Rows as wide as they get are fewer, and those that need action are told apart.
#[test]
fn the_page_stays_small_whatever_names_there_are() {
    let world = World::full();
    let names = |serial: u64| {
        let name = |at: u64| format!("{}{serial}x{at}.example.com", "n".repeat(40));
        let spec = (0..10).fold(leaf("wide", serial), |spec, at| spec.dns(&name(at)));
        spec.eku(Eku::both()).web_pki()
    };
    let key = &world.edge.key;
    let pem =
        (0..4_900).map(|serial| world.combined.leaf(names(2_000 + serial).key(key)).cert_pem());
    world.write("wide.pem", pem.collect::<String>());
    let page = audit(&world, "--format html .").stdout;
    assert!(page.len() < 10_000_000, "{}", page.len());
    assert!(page.contains("of them need something done"), "{}", page.len());
}

/// With one key for all, which is what costs time.
fn shared_key(world: &World, spec: LeafSpec) -> String {
    world.private.leaf(spec.key(&world.edge.key)).cert_pem()
}
