//! `hutong trust diff|publish|verify`: signed documents on files, before and after they are
//! published.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use serde_json::{Value, json};

use super::desk::Caller;
use super::fail::{Failure, REFUSE};
use super::screen::Screen;
use super::signing::{Kind, describe, read_document};
use super::{papers, state};
use crate::base::{Clock as _, ListId, SystemClock};
use crate::crypto::json;
use crate::crypto::jws::Typ;
use crate::crypto::{Digest, PublicKey, base64url};
use crate::exchange::difference;
use crate::trust::lote::{Document, SignedList};
use crate::trust::{FederationList, ProvincialList, Root};

#[derive(Debug, Args)]
pub(super) struct Diff {
    /// The list before.
    old: PathBuf,
    /// The list after, signed or not.
    new: PathBuf,
}

#[derive(Debug, Args)]
pub(super) struct Publish {
    #[command(flatten)]
    operator: Caller,
    /// Signed roots, lists and orders; lists come into force together.
    #[arg(required = true)]
    files: Vec<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct Verify {
    /// The root whose operators sign the federation list.
    #[arg(long, value_name = "FILE")]
    root: PathBuf,
    /// The federation list that names the list key, for a provincial list.
    #[arg(long, value_name = "FILE")]
    federation: Option<PathBuf>,
    /// The list.
    file: PathBuf,
}

impl Diff {
    pub(super) fn run(&self, screen: Screen) -> Result<ExitCode, Failure> {
        let (old, new) = (read_any(&self.old)?, read_any(&self.new)?);
        let changes = difference(Some(&old), &new);
        let lines: Vec<String> = changes.iter().map(ToString::to_string).collect();
        screen.result(&json!({ "changes": changes }), &lines);
        Ok(ExitCode::SUCCESS)
    }
}

impl Publish {
    pub(super) async fn run(&self, screen: Screen) -> Result<ExitCode, Failure> {
        // All are read before the first is sent: a mistake in the last leaves nothing half done.
        let (mut roots, mut lists, mut orders) = (Vec::new(), Vec::new(), Vec::new());
        for path in &self.files {
            let text = String::from_utf8_lossy(&papers::read(path)?).into_owned();
            match describe(read_document(path)?.0.payload()) {
                Ok((Kind::Root, _)) => roots.push(json!({ "root": text })),
                Ok((Kind::Order, _)) => orders.push(json!({ "order": text })),
                _ => lists.push(json!({ "id": read_signed(path)?.id(), "list": text })),
            }
        }
        let mut answers = Vec::new();
        for root in roots {
            answers.push(self.send(screen, "root-publish", &root).await?);
        }
        if !lists.is_empty() {
            let together = json!({ "lists": lists });
            answers.push(self.send(screen, "list-publish", &together).await?);
        }
        for order in orders {
            answers.push(self.send(screen, "order-publish", &order).await?);
        }
        let lines: Vec<String> = answers.iter().flat_map(told).collect();
        screen.result(&json!({ "answers": answers }), &lines);
        Ok(ExitCode::SUCCESS)
    }

    async fn send(&self, screen: Screen, command: &str, order: &Value) -> Result<Value, Failure> {
        self.operator.post(screen, &format!("/v1/operator/{command}"), order).await
    }
}

/// What a node answered, for people.
fn told(answer: &Value) -> Vec<String> {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    if let Some(standing) = answer["standing"].as_str() {
        // As everywhere that people read it, and as `member restore` takes it.
        let sha256 = text(&answer["sha256"]);
        let shown = sha256.parse().map_or(sha256, |digest: Digest| digest.to_hex());
        return vec![format!("order {shown} is {standing}")];
    }
    let Some(published) = answer["published"].as_array() else {
        return vec![format!("published root {}", answer["sequence"])];
    };
    let list = |list: &Value| format!("published {} {}", text(&list["id"]), list["sequence"]);
    let mut lines: Vec<String> = published.iter().map(list).collect();
    for refused in answer["refused"].as_array().into_iter().flatten() {
        lines.push(format!("  refused {}: {}", text(&refused["service"]), text(&refused["code"])));
    }
    lines
}

impl Verify {
    pub(super) fn run(&self, screen: Screen) -> Result<ExitCode, Failure> {
        let root = state::pinned_root(&self.root)?;
        let list = read_signed(&self.file)?;
        let verdict = match list.id() {
            ListId::Federation => federation_verdict(&root, &list),
            ListId::Province(_) => self.province_verdict(&root, &list)?,
        };
        let scheme = &list.document().lote.scheme;
        let now = SystemClock.now();
        let ended = scheme.next_update <= now;
        let sound = verdict.met && verdict.profile.is_none() && !ended;
        screen.result(
            &json!({
                "id": list.id(), "sequence": scheme.sequence, "sha256": list.sha256().to_hex(),
                "sound": sound, "signed_by": verdict.signers, "needed": verdict.needed,
                "threshold_met": verdict.met, "profile": verdict.profile, "ended": ended,
            }),
            &verdict.lines(&list, sound, ended),
        );
        Ok(if sound { ExitCode::SUCCESS } else { ExitCode::from(REFUSE) })
    }

    fn province_verdict(&self, root: &Root, list: &SignedList) -> Result<Verdict, Failure> {
        let Some(path) = &self.federation else {
            return Err(Failure::input(
                "who signs this list is not known",
                &"it is a province's, whose list key the federation list names",
                "give --federation FILE",
            ));
        };
        let federation = read_signed(path)?;
        let judged = federation_verdict(root, &federation);
        if !judged.met {
            return Err(Failure::input(
                "the federation list is not signed as it must be",
                &format!("{} of {} operators", judged.signers.len(), judged.needed),
                "get the federation list that is in force",
            ));
        }
        let read = FederationList::read(&federation).map_err(|refusal| {
            Failure::input("the federation list cannot be read", &refusal, "get another copy")
        })?;
        let member = match list.id() {
            ListId::Province(division) => read.member(division.member()),
            ListId::Federation => None,
        };
        let keys: Vec<(String, &PublicKey)> = member
            .map(|member| (member.list_certificate.subject(), &member.list_key))
            .into_iter()
            .collect();
        let profile = ProvincialList::read(list).err().map(|refusal| refusal.to_string());
        Ok(Verdict::of(list, &keys, 1, profile))
    }
}

/// Who signed a list, and whether that is enough.
struct Verdict {
    signers: Vec<String>,
    needed: usize,
    met: bool,
    /// Why our profile refuses it.
    profile: Option<String>,
}

impl Verdict {
    fn of(
        list: &SignedList,
        keys: &[(String, &PublicKey)],
        needed: usize,
        profile: Option<String>,
    ) -> Self {
        let known: Vec<&PublicKey> = keys.iter().map(|(_, key)| *key).collect();
        let signed = list.signatures().signers(&known, Typ::List).unwrap_or_default();
        let signers: Vec<String> = keys
            .iter()
            .filter(|(_, key)| signed.contains(&key.spki_digest()))
            .map(|(name, key)| format!("{name} {}", key.spki_digest().to_hex()))
            .collect();
        let met = signed.len() >= needed;
        Self { signers, needed, met, profile }
    }

    fn lines(&self, list: &SignedList, sound: bool, ended: bool) -> Vec<String> {
        let scheme = &list.document().lote.scheme;
        let verdict = if sound { "sound" } else { "NOT SOUND" };
        let mut lines = vec![
            format!("{verdict}: {} number {}", list.id(), scheme.sequence),
            format!("sha256     {}", list.sha256().to_hex()),
            format!("ends       {}{}", scheme.next_update, if ended { " ENDED" } else { "" }),
            format!(
                "signed by  {} of {} needed{}",
                self.signers.len(),
                self.needed,
                if self.met { "" } else { ": NOT ENOUGH" }
            ),
        ];
        lines.extend(self.signers.iter().map(|signer| format!("           {signer}")));
        let profile = self.profile.as_deref().map_or("kept", |why| why);
        lines.push(format!("profile    {profile}"));
        lines
    }
}

fn federation_verdict(root: &Root, list: &SignedList) -> Verdict {
    let operators = &root.document().operators;
    let named: Vec<(String, PublicKey)> = root.operators();
    let keys: Vec<(String, &PublicKey)> =
        named.iter().map(|(name, key)| (name.clone(), key)).collect();
    let profile = FederationList::read(list).err().map(|refusal| refusal.to_string());
    Verdict::of(list, &keys, operators.threshold as usize, profile)
}

/// A list with at least one signature.
pub(super) fn read_signed(path: &Path) -> Result<SignedList, Failure> {
    SignedList::parse(&papers::read(path)?).map_err(|refusal| not_a_list(path, &refusal))
}

/// A list, signed or not.
pub(super) fn read_any(path: &Path) -> Result<Document, Failure> {
    #[derive(serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Wire {
        payload: String,
        #[serde(rename = "signatures")]
        _signatures: Vec<Value>,
    }
    let wire: Wire = papers::read_json(path)?;
    let payload = base64url::decode(&wire.payload).map_err(|error| not_a_list(path, &error))?;
    json::from_list(&payload).map_err(|error| not_a_list(path, &error))
}

fn not_a_list(path: &Path, why: &impl std::fmt::Display) -> Failure {
    Failure::input(
        format!("{} is no list", path.display()),
        why,
        "give a list in general JSON form, whole",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_is_told_by_the_digest_that_restore_takes() {
        let digest = Digest::of("order");
        let answer = json!({ "sha256": digest, "member": "m", "standing": "in-force" });
        assert_eq!(told(&answer), [format!("order {} is in-force", digest.to_hex())]);
    }
}
