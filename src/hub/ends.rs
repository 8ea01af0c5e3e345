//! The ends that the hub's operators must know of: its keys, the root, and the federation's list.

use super::keys::key_folder;
use super::serving::Node;
use crate::crypto::x509::Certificate;
use crate::pki::files;
use crate::telemetry::{KeyEnd, KeyName};

impl Node {
    /// Tells what came near, once, and measures all of it.
    pub(super) fn watch_ends(&self) {
        let ends = self.ends();
        self.telemetry.watch_ends(&ends, self.clock.now());
    }

    /// The metrics, with the ends as they are now.
    pub(super) fn metrics(&self) -> String {
        self.telemetry.measure_ends(&self.ends(), self.clock.now());
        self.telemetry.render()
    }

    /// Provincial lists are their provinces' to keep: their ends are told there.
    fn ends(&self) -> Vec<KeyEnd> {
        let certificates = files::certificates_in(&key_folder(&self.settings.data_dir));
        let first_end = |(stem, chain): (String, Vec<Certificate>)| KeyEnd::of_chain(&stem, &chain);
        let mut ends: Vec<KeyEnd> = certificates.into_iter().filter_map(first_end).collect();
        let snapshot = self.snapshot.load();
        let state = snapshot.state();
        if let Some(federation) = state.federation() {
            ends.push(KeyEnd::of_list(
                KeyName::FederationList,
                "federation list",
                federation.header(),
            ));
        }
        ends.push(KeyEnd::of_root(state.root().document().expires));
        ends
    }
}
