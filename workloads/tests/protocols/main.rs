//! The protocols from the outside: sessions and clients are driven through their public contracts alone, as the
//! models and the load generator drive them, with no socket in between.

mod clients;
mod doubts;
mod driver;
mod echo;
mod files;
mod http;
mod limits;
mod malformed;
mod pages;
mod splits;
