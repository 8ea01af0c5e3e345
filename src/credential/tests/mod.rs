//! Tests of the module as a whole: the way of a credential from issuing to verdict, and the
//! attacks of the catalogue, by their ids.

mod holder;
mod honest;
mod status;
mod tokens;
