//! Sockscope: the rooms.
pub mod model;
pub mod payload;
pub mod words;
pub mod workspace;
