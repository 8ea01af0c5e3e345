//! What the operators of the federation do in tests: by the program's own commands, on files, and
//! at the hub's operator listener.

use std::path::Path;
use std::sync::OnceLock;

use serde_json::{Value, json};

use super::{Federation, run, text};

pub(crate) fn hub_origin(listener: u16) -> String {
    format!("https://127.0.0.1:{}", Federation::at_rest().base + listener)
}

/// Runs a command that must succeed and tells JSON.
pub(crate) fn done(arguments: &[&str]) -> Value {
    let output = run(arguments);
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("JSON")
}

/// What an operator of the hub shows at its operator listener.
pub(crate) fn desk_arguments() -> Vec<&'static str> {
    static ARGUMENTS: OnceLock<Vec<String>> = OnceLock::new();
    let all = ARGUMENTS.get_or_init(|| {
        let dir = &Federation::at_rest().dir;
        let path = |name: &str| text(&dir.join(name)).to_owned();
        vec![
            "--hub".to_owned(),
            hub_origin(2),
            "--server-cert".to_owned(),
            path("hub/keys/hub-tls.cert.pem"),
            "--cert".to_owned(),
            path("clients/hub-operator.cert.pem"),
            "--key".to_owned(),
            path("clients/hub-operator.key.pem"),
            "--json".to_owned(),
        ]
    });
    all.iter().map(String::as_str).collect()
}

pub(crate) fn at_hub(arguments: &[&str]) -> Value {
    done(&[arguments, &desk_arguments()].concat())
}

pub(crate) fn sign(list: &Path, operator: u32, previous: Option<&Path>) -> std::process::Output {
    let file = |what: &str| {
        Federation::at_rest().dir.join(format!("operators/operator-{operator}.{what}.pem"))
    };
    let (key, certificate) = (file("key"), file("cert"));
    let mut arguments =
        vec!["trust", "sign", "--key", text(&key), "--cert", text(&certificate), text(list)];
    arguments.extend(previous.iter().flat_map(|path| ["--previous", text(path)]));
    let output = run(&arguments);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output
}

/// Three operators sign, each at a desk of its own; then the hub's operator publishes.
pub(crate) fn sign_and_publish(list: &Path, previous: Option<&Path>) {
    for operator in [1, 2, 4] {
        let signed = sign(list, operator, previous);
        let said = String::from_utf8_lossy(&signed.stderr).into_owned();
        assert_eq!(said.contains("warning"), previous.is_none(), "{said}");
    }
    publish(list);
}

pub(crate) fn publish(list: &Path) {
    let published = at_hub(&["trust", "publish", text(list)]);
    assert_eq!(published["answers"][0]["refused"], json!([]), "{published}");
}
