//! What ready-made services understand and say: the requests in a peer's bytes, and the bytes of the answers.
//!
//! Pure; memory follows the bound of a head or a frame, not what a peer announces. Never: sockets, clocks, files.
//! Called by: engine (which sends), workspace and ui (which check what is typed), cli.

pub mod http;
pub mod modbus;
