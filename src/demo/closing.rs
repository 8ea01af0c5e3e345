//! After the story: where everything is, and lines that can be pasted into another terminal.

use super::cast::{OFFICER, PLATE, gateway_certificate};
use super::script::Scene;
use super::stage::{Province, ROADSIDE_LAW, ROADSIDE_USE};
use super::teller::Teller;

pub(super) fn say(teller: &Teller, scene: &Scene) {
    let stage = &scene.stage;
    teller.say("\n── addresses (federation, public, operator)");
    teller.say("   hub        stopped in step 14");
    for province in Province::ALL {
        let [federation, public, operator] = stage.origins(province);
        teller.say(&format!("   {province:?}  {federation}  {public}  {operator}"));
    }
    let dir = stage.dir.display();
    let hebei = stage.origins(Province::Hebei);
    let ca = gateway_certificate(stage, Province::Hebei);
    let curl = |id: &str, path: &str, body: &str| {
        format!(
            "curl -sS --cacert '{}' --cert '{dir}/clients/130000-{id}.cert.pem' \\\n     --key \
             '{dir}/clients/130000-{id}.key.pem' -H 'content-type: application/json' \\\n     \
             '{}{path}' \\\n     -d '{body}'",
            ca.display(),
            hebei[0],
        )
    };
    teller.say("\n── lines to paste: what an officer of Hebei does");
    teller.say("# open an inspection");
    let inspection = format!(
        "{{\"use_id\":\"{ROADSIDE_USE}\",\"officers\":[\"{OFFICER}\"],\"place\":\"G1 km 93\",\
         \"law_ref\":\"{ROADSIDE_LAW}\",\"reason_code\":\"routine\",\"hours\":8}}"
    );
    teller.say(&curl("enforcement", "/v1/inspections", &inspection));
    if let Some(reference) = &scene.inspection {
        teller.say("# look the vehicle up by its plate (it was revoked in step 11)");
        let body = format!(
            "{{\"plate\":\"{PLATE}\",\"inspection_ref\":\"{reference}\",\
             \"officer\":\"{OFFICER}\"}}"
        );
        teller.say(&curl("enforcement", "/v1/licences:query", &body));
    }
    teller.say("# check the driver's credential");
    teller.say(&curl(
        "enforcement",
        "/v1/verifications",
        &format!(
            "{{\"credential\":\"'\"$(cat '{dir}/wallets/driver/driver-qualification.sdjwt')\"'\"}}"
        ),
    ));
    teller.say("\n── lines to paste: what needs a signature");
    let guangdong = stage.origins(Province::Guangdong);
    let client = format!(
        "--gateway {} --server-cert '{}' --cert '{dir}/clients/440000-business.cert.pem' --key \
         '{dir}/clients/440000-business.key.pem'",
        guangdong[0],
        gateway_certificate(stage, Province::Guangdong).display(),
    );
    if let Some(licence) = &scene.driver {
        teller.say("# the business asks, the driver consents, the business obtains and records");
        teller.say(&format!(
            "hutong consent request {client} --issuer 120000 --licence {licence} --use iu_drivers \
             --purpose employment-check --claim name --claim qualificationCategoryCode \
             > '{dir}/request.json'"
        ));
        teller.say(&format!(
            "hutong consent approve --wallet '{dir}/wallets/driver' --server-cert '{}' \
             '{dir}/request.json'",
            gateway_certificate(stage, Province::Tianjin).display(),
        ));
        teller.say(&format!(
            "hutong record make {client} --issuer 120000 --grant GRANT_ID --claim name \
             --out '{dir}/record.json'"
        ));
    }
    teller.say(&format!(
        "hutong record verify '{dir}/driver-record.json' --root '{dir}/trust-anchors/root.json'"
    ));
    teller.say("\nctrl-C ends the demonstration; the folder stays.");
}
