//! Sections A and H of the attack catalogue against gateways that run, over TLS, under a hub that
//! lies. Each test is named after its row: the alarm is counted by its published code, what was
//! held before stays in force, and honest news is taken afterwards.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod carriers;
#[path = "../common/mod.rs"]
mod common;
mod hub;
mod lists;
mod members;
mod orders;
mod raw;
mod roots;
mod stage;
mod wire;
