//! Test vectors that others published, put to this program. They are not part of the repository
//! (`conformance/README.md` says where each is published); where they are missing, that is said.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]
#![allow(clippy::disallowed_methods, reason = "where the vectors lie is no setting of a node")]

mod merkle;
mod vectors;
