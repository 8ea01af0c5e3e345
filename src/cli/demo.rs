//! `hutong demo`.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use super::fail::{Failure, REFUSE};
use crate::base::{Clock as _, SystemClock};
use crate::demo::{DemoOptions, run};
use crate::telemetry::{LogFormat, start_log};

/// Starts a hub and three gateways on loopback, tells sixteen steps with their real output, then
/// stays up and prints lines to paste. Everything is kept in one fresh folder.
#[derive(Debug, Args)]
pub(super) struct Demo {
    /// End after the story instead of staying up.
    #[arg(long)]
    once: bool,
    /// The folder to keep everything in; must not exist yet [default: a new one under the
    /// system's folder for temporary files].
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// First port of the hub; the provinces take the following tens.
    #[arg(long, default_value_t = 7440, value_name = "PORT")]
    port_base: u16,
}

impl Demo {
    pub(super) async fn run(self, json: bool) -> Result<ExitCode, Failure> {
        // The story is told on standard output; the nodes' own log only speaks of trouble.
        start_log(LogFormat::Text, "hutong=error")
            .map_err(|error| Failure::of(crate::base::Code::Internal, "no log", &error))?;
        if self.port_base > u16::MAX - 40 {
            return Err(Failure::input(
                "the port base is too high",
                &"the provinces take the following forty ports",
                "choose a port below 65496",
            ));
        }
        let dir = self.dir.unwrap_or_else(|| {
            let stamp = SystemClock.now().unix_micros();
            std::env::temp_dir().join(format!("hutong-demo-{stamp}"))
        });
        let options = DemoOptions { once: self.once, json, dir, port_base: self.port_base };
        match run(options).await {
            Ok(true) => Ok(ExitCode::SUCCESS),
            Ok(false) => Ok(ExitCode::from(REFUSE)),
            Err(error) => Err(Failure::of(error.code(), "the demonstration cannot go on", &error)),
        }
    }
}
