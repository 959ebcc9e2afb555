//! The window: egui lives here.
//!
//! Owns: layout, view state, what a person clicks and types. Never: sockets, file IO in a frame, DNS, waiting.
//! A panel reads shared state through `Ctx` and asks for changes by `Action`; `apply`, after layout, is the only writer.
//! Called by: `main`.

pub mod action;
pub mod app;
pub mod apply;
pub mod commands;
pub mod effects;
pub mod live;
pub mod panels;
mod run;
pub mod shell;
#[doc(hidden)]
pub mod stage;
pub mod state;
pub mod theme;
pub mod understood;
pub mod widgets;

pub use run::run;
