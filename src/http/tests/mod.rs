//! Tests of the listener over real sockets on loopback, by the ids of the attack catalogue.

mod forms;
mod frames;
mod lives;
mod representations;
mod stand;
