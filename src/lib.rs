//! Sockscope: start TCP and UDP sockets, send payloads, watch every socket event, keep all of it.
//!
//! # A tour of the rooms
//!
//! Begin with [`model`]: an [`Event`](model::Event) is one read, one write that the kernel accepted, one datagram, or one
//! [`Happening`](model::Happening); a [`Failure`](model::Failure) is what could not be done, as facts. Then follow a byte:
//!
//! 1. The [`engine`] opens what an [`EndpointSettings`](model::EndpointSettings) describes. A task takes room in the
//!    [lane](session::lane), reads from its socket, and appends the event; it asks the [`kernel`] what no crate tells.
//! 2. The [`session`]'s recorder thread numbers the events, writes them as pcapng blocks and lets the log grow. A front never
//!    sees traffic: it reads rows, and the engine's [`EngineSnapshot`](engine::EngineSnapshot).
//! 3. What a person typed becomes bytes in [`payload`], and bytes become text there; facts become sentences in [`words`];
//!    endpoints and payloads are kept in a [`workspace`]. What a log shows is said in the language of [`filter`].
//! 4. Two fronts drive all of this: `ui`, the window, and [`cli`], the command line.
//!
//! # Who may use whom
//!
//! | room | may use |
//! | --- | --- |
//! | [`model`] | nothing |
//! | [`payload`] | model |
//! | [`filter`] | model, payload |
//! | [`words`] | model, payload, filter, rules |
//! | [`framing`] | model |
//! | [`rules`] | model, payload |
//! | [`decode`] | model, payload |
//! | [`services`] | model |
//! | [`session`] | model, payload, filter, framing, words |
//! | [`kernel`] | model |
//! | [`engine`] | model, payload, framing, rules, services, kernel, and of session `RecorderHandle`, `Clock` and `lane` |
//! | [`workspace`] | model, payload, filter, rules, services, words |
//! | `ui` | all but cli |
//! | [`cli`] | all but ui |
//!
//! `tests/walls.rs` reads `src/` and fails when a wall is broken. Why the house stands as it does, and where a new thing goes,
//! is in `docs/architecture.md`.

pub mod cli;
pub mod decode;
pub mod engine;
pub mod filter;
pub mod framing;
pub mod kernel;
pub mod model;
pub mod payload;
pub mod rules;
pub mod services;
pub mod session;
#[cfg(feature = "window")]
pub mod ui;
pub mod words;
pub mod workspace;
