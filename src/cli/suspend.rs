//! `hutong member suspend`: the order that stops a member, a service or a key. It is made here and
//! signed on files; whoever has it brings it.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use serde_json::json;

use super::fail::Failure;
use super::papers;
use super::screen::Screen;
use super::signing::{describe_order, key_pair, sealing};
use crate::base::{Clock as _, Division, Entropy as _, ServiceId, SystemClock, SystemEntropy};
use crate::crypto::Digest;
use crate::crypto::jws::GeneralJws;
use crate::trust::{SuspensionClaims, SuspensionTarget, order_vote};

#[derive(Debug, Args)]
pub(super) struct Suspend {
    /// The member's division, six digits.
    division: Division,
    /// Stop only this service: urn:elicence:svc:…
    #[arg(long, value_name = "ID", conflicts_with = "stopped_key")]
    service: Option<ServiceId>,
    /// Stop only this key: SHA-256 of its SubjectPublicKeyInfo, hexadecimal.
    #[arg(long = "spki", value_name = "SHA256")]
    stopped_key: Option<String>,
    /// Why, for people.
    #[arg(long, default_value = "")]
    reason: String,
    /// The member's own list key, which alone is enough; without it operators sign the file.
    #[arg(long, value_name = "KEY.pem", requires = "cert")]
    key: Option<PathBuf>,
    /// The list key's certificate.
    #[arg(long, value_name = "CERT.pem", requires = "key")]
    cert: Option<PathBuf>,
    /// Where to write the order. It may be kept for the day on which it is needed.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

impl Suspend {
    pub(super) fn run(self, screen: Screen) -> Result<ExitCode, Failure> {
        let now = SystemClock.now();
        let claims = SuspensionClaims {
            iat: now.into(),
            jti: Digest::of(SystemEntropy.salt()).to_string(),
            member: self.division.member(),
            target: self.target()?,
            reason: self.reason.clone(),
        };
        let payload = claims.to_payload().map_err(sealing)?;
        let sha256 = Digest::of(&payload);
        let mut document = GeneralJws::unsigned(payload.clone());
        if let (Some(key), Some(cert)) = (&self.key, &self.cert) {
            let (key, certificate) = key_pair(key, cert)?;
            document.add(order_vote(&key, &certificate, &payload, now).map_err(sealing)?);
        }
        papers::write_new(&self.out, &document.to_bytes().map_err(sealing)?)?;
        let signatures = usize::from(self.key.is_some());
        screen.result(
            &json!({ "order": self.out, "sha256": sha256.to_hex(), "signatures": signatures }),
            &[
                describe_order(&claims),
                format!("order   {}", self.out.display()),
                format!("sha256  {}", sha256.to_hex()),
            ],
        );
        screen.note(if signatures == 0 {
            "next: two operators run hutong trust sign on it (a tenth of the members at most; \
             three stop any member), then hutong trust publish"
        } else {
            "next: hutong trust publish at the hub or at any gateway; only a federation list that \
             cites it lifts it (hutong member restore)"
        });
        Ok(ExitCode::SUCCESS)
    }

    fn target(&self) -> Result<Option<SuspensionTarget>, Failure> {
        if let Some(service) = &self.service {
            return Ok(Some(SuspensionTarget::Service(service.clone())));
        }
        let Some(text) = &self.stopped_key else { return Ok(None) };
        let key = Digest::from_hex(text).map_err(|error| {
            Failure::input("the key cannot be read", &error, "give 64 hexadecimal digits")
        })?;
        Ok(Some(SuspensionTarget::Key(key)))
    }
}
