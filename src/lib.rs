//! Sockscope: the rooms.
pub mod model;
pub mod payload;
pub mod session;
pub mod words;
pub mod workspace;
