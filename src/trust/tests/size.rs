//! How much a node of the whole federation fetches and holds.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::super::ServiceKind;
use super::*;

/// The members of a federation of everybody: 31 provinces and the Production and Construction
/// Corps.
const MEMBERS: [&str; 32] = [
    "110000", "120000", "130000", "140000", "150000", "210000", "220000", "230000", "310000",
    "320000", "330000", "340000", "350000", "360000", "370000", "410000", "420000", "430000",
    "440000", "450000", "460000", "500000", "510000", "520000", "530000", "540000", "610000",
    "620000", "630000", "640000", "650000", "660000",
];

#[test]
fn the_trust_of_32_provinces_is_a_megabyte_to_hold_and_less_to_fetch() {
    let now = "2026-11-22T08:00:00Z".parse().unwrap();
    let mut federation = Federation::of(&MEMBERS.map(|code| (code, "Province", 7450)), now);
    for code in MEMBERS {
        let province = federation.province_mut(code);
        province.scope.max_list_entries = 64;
        // As many keys as a gateway is founded with: twelve.
        for number in 3..=7 {
            let holder = Identity::authority("client CA", now);
            let mut entry = province.entry(ServiceKind::ClientCa, number, &holder);
            entry.client_role = Some("register");
            province.entries.push(entry);
        }
        federation.publish(list_id(code));
    }
    let held = federation.state().documents();
    assert_eq!(held.len(), 1 + 1 + 1 + MEMBERS.len());
    let plain: usize = held.iter().map(|document| document.text.len()).sum();
    let packed: usize = held.iter().map(|document| gzip(document.text.as_bytes())).sum();
    let list = |id: &str| held.iter().find(|document| document.id == id).unwrap().text.len();
    eprintln!(
        "trust of 32 provinces: {plain} bytes, {packed} with gzip; federation list {}, one \
         provincial list {}",
        list("federation"),
        list("120000")
    );
    assert!(plain <= 1_200_000, "{plain} bytes");
    assert!(packed <= plain * 3 / 4, "{packed} bytes with gzip");
}

fn gzip(plain: &[u8]) -> usize {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(plain).unwrap();
    encoder.finish().unwrap().len()
}
