//! Sockscope: the rooms.
pub mod engine;
pub mod kernel;
pub mod model;
pub mod payload;
pub mod session;
pub mod words;
pub mod workspace;
