//! Sockscope: the rooms.
pub mod cli;
pub mod engine;
pub mod kernel;
pub mod model;
pub mod payload;
pub mod session;
#[cfg(feature = "window")]
pub mod ui;
pub mod words;
pub mod workspace;
