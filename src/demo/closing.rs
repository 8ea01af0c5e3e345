//! After the story: where everything is, and lines that can be pasted into another terminal.

use super::cast::{OFFICER, PLATE, gateway_certificate};
use super::script::Scene;
use super::stage::{Province, ROADSIDE_LAW, ROADSIDE_USE, Stage};
use super::teller::Teller;

pub(super) fn say(teller: &Teller, scene: &Scene) {
    let stage = &scene.stage;
    teller.say("\n── addresses (federation, public, operator)");
    teller.say("   hub        stopped in step 14");
    for province in Province::ALL {
        let [federation, public, operator] = stage.origins(province);
        teller.say(&format!("   {province:?}  {federation}  {public}  {operator}"));
    }
    teller.say("\n── lines to paste: what an officer of Hebei does");
    for line in lines_of_officer(scene) {
        teller.say(&line);
    }
    teller
        .say("\n── lines to paste: consent, disclosure, record (the grant's name stays in $GRANT)");
    for line in lines_of_business(scene) {
        teller.say(&line);
    }
    teller.say("\n── lines to paste: what anybody can check without a network");
    for line in lines_of_anybody(stage) {
        teller.say(&line);
    }
    teller.say("\nctrl-C ends the demonstration; the folder stays.");
}

fn lines_of_officer(scene: &Scene) -> Vec<String> {
    let stage = &scene.stage;
    let dir = stage.dir.display();
    let hebei = &stage.origins(Province::Hebei)[0];
    let ca = gateway_certificate(stage, Province::Hebei);
    let curl = |path: &str, body: &str| {
        format!(
            "curl -sS --cacert '{}' --cert '{dir}/clients/130000-enforcement.cert.pem' \\\n     \
             --key '{dir}/clients/130000-enforcement.key.pem' \\\n     \
             -H 'content-type: application/json' '{hebei}{path}' \\\n     -d '{body}'",
            ca.display(),
        )
    };
    let inspection = format!(
        "{{\"use_id\":\"{ROADSIDE_USE}\",\"officers\":[\"{OFFICER}\"],\"place\":\"G1 km 93\",\
         \"law_ref\":\"{ROADSIDE_LAW}\",\"reason_code\":\"routine\",\"hours\":8}}"
    );
    let mut lines = vec!["# open an inspection".to_owned()];
    lines.push(curl("/v1/inspections", &inspection));
    if let Some(reference) = &scene.inspection {
        lines.push("# look the vehicle up by its plate (it was revoked in step 11)".to_owned());
        let body = format!(
            "{{\"plate\":\"{PLATE}\",\"inspection_ref\":\"{reference}\",\
             \"officer\":\"{OFFICER}\"}}"
        );
        lines.push(curl("/v1/licences:query", &body));
    }
    lines.push("# check the driver's credential".to_owned());
    lines.push(format!(
        "{} verify '{dir}/wallets/driver/driver-qualification.sdjwt' {}",
        program(),
        client(stage, Province::Hebei, "130000-enforcement"),
    ));
    lines
}

fn lines_of_business(scene: &Scene) -> Vec<String> {
    let stage = &scene.stage;
    let (dir, hutong) = (stage.dir.display(), program());
    let Some(licence) = &scene.driver else { return Vec::new() };
    let business = client(stage, Province::Guangdong, "440000-business");
    let tianjin = gateway_certificate(stage, Province::Tianjin);
    let holder = format!("--wallet '{dir}/wallets/driver' --server-cert '{}'", tianjin.display());
    let public = &stage.origins(Province::Tianjin)[1];
    vec![
        "# the business asks".to_owned(),
        format!(
            "{hutong} consent request {business} \\\n     --issuer 120000 --licence {licence} \
             --use iu_drivers \\\n     --purpose employment-check --claim name --claim \
             qualificationCategoryCode \\\n     --uses 3 --keep-days 180 > '{dir}/request.json'"
        ),
        "# the driver reads it and consents within five minutes (without --yes: is asked first)"
            .to_owned(),
        format!("GRANT=$({hutong} consent approve {holder} \\\n     --yes '{dir}/request.json')"),
        "# the business obtains a claim, and files an e-record".to_owned(),
        format!(
            "{hutong} disclosure request {business} \\\n     --issuer 120000 --grant \"$GRANT\" \
             --claim name"
        ),
        format!(
            "{hutong} record make {business} \\\n     --issuer 120000 --grant \"$GRANT\" --claim \
             name --out '{dir}/record.json'"
        ),
        "# the driver takes it back: the next disclosure is refused".to_owned(),
        format!("{hutong} consent revoke {holder} \\\n     --grant \"$GRANT\" --aud '{public}'"),
    ]
}

fn lines_of_anybody(stage: &Stage) -> Vec<String> {
    let (dir, hutong) = (stage.dir.display(), program());
    let root = format!("'{dir}/trust-anchors/root.json'");
    vec![
        format!("{hutong} record verify '{dir}/driver-record.json' --root {root}"),
        format!("{hutong} trust show --root {root} --state '{dir}/130000'"),
        format!("{hutong} audit verify --state '{dir}/120000'"),
    ]
}

/// How a client of a province shows itself.
fn client(stage: &Stage, province: Province, files: &str) -> String {
    let dir = stage.dir.display();
    format!(
        "--gateway {} \\\n     --server-cert '{}' \\\n     \
         --cert '{dir}/clients/{files}.cert.pem' --key '{dir}/clients/{files}.key.pem'",
        stage.origins(province)[0],
        gateway_certificate(stage, province).display(),
    )
}

/// This very program, wherever it lies: nobody has installed it yet.
fn program() -> String {
    std::env::current_exe()
        .map_or_else(|_| "hutong".to_owned(), |path| format!("'{}'", path.display()))
}
