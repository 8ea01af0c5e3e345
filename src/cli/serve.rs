//! `hutong serve`.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Args;
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::fail::Failure;
use crate::base::{Clock, Code, SystemClock};
use crate::config::{Config, Settings};
use crate::telemetry::{LogFormat, start_log};
use crate::{gateway, hub};

/// Runs the node that a configuration file describes, until SIGTERM or ctrl-C.
#[derive(Debug, Args)]
pub(super) struct Serve {
    /// The configuration file.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Read configuration, keys, root and database, say whether they are sound, and end.
    #[arg(long)]
    check: bool,
}

/// Whichever node runs.
enum Running {
    Gateway(gateway::Running),
    Hub(hub::Running),
}

impl Serve {
    pub(super) async fn run(self, json: bool) -> Result<ExitCode, Failure> {
        let format = if json { LogFormat::Json } else { LogFormat::Text };
        start_log(format, "hutong=info")
            .map_err(|error| Failure::of(Code::Internal, "no log", &error))?;
        let settings =
            Config::load(&self.config).and_then(|config| config.settings()).map_err(|error| {
                Failure::of(error.code(), "the configuration is not usable", &error)
            })?;
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        if self.check {
            check(settings, clock).await?;
            if json {
                println!("{}", serde_json::json!({ "sound": true }));
            } else {
                println!("configuration, keys, root and database are sound");
            }
            return Ok(ExitCode::SUCCESS);
        }
        let end = End::awaited()?;
        let running = start(settings, clock).await?;
        end.wait().await;
        match running {
            Running::Gateway(gateway) => gateway.stop().await,
            Running::Hub(hub) => hub.stop().await,
        }
        Ok(ExitCode::SUCCESS)
    }
}

async fn start(settings: Settings, clock: Arc<dyn Clock>) -> Result<Running, Failure> {
    match settings {
        Settings::Gateway(settings) => gateway::start(settings, clock)
            .await
            .map(Running::Gateway)
            .map_err(|error| Failure::of(error.code(), "the gateway does not start", &error)),
        Settings::Hub(settings) => hub::start(settings, clock)
            .await
            .map(Running::Hub)
            .map_err(|error| Failure::of(error.code(), "the hub does not start", &error)),
    }
}

async fn check(settings: Settings, clock: Arc<dyn Clock>) -> Result<(), Failure> {
    match settings {
        Settings::Gateway(settings) => gateway::check(settings, clock)
            .await
            .map_err(|error| Failure::of(error.code(), "the gateway would not start", &error)),
        Settings::Hub(settings) => hub::check(settings, clock)
            .await
            .map_err(|error| Failure::of(error.code(), "the hub would not start", &error)),
    }
}

/// The ways in which the process is told to end. Awaited before the start, so that one that comes
/// during the start is kept and ends the node in order.
struct End {
    terminate: Signal,
    interrupt: Signal,
}

impl End {
    fn awaited() -> Result<Self, Failure> {
        let awaited = |kind| {
            signal(kind).map_err(|error| {
                Failure::of(Code::Internal, "signals cannot be waited for", &error)
            })
        };
        Ok(Self {
            terminate: awaited(SignalKind::terminate())?,
            interrupt: awaited(SignalKind::interrupt())?,
        })
    }

    async fn wait(mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
        tracing::info!("ending: what is in progress is finished first");
    }
}
