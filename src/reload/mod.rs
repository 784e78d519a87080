//! [`Reloader`] and [`Generation`]: certificates, roots, lists and policies that follow files.
//!
//! A *recipe* makes a [`Generation`]; what it reads through the [`Files`] that it is handed is
//! followed. `disk` takes snapshots of the bytes, `watch` says which are to be judged, `recipe` is
//! run over one, and finds out which part it refuses, `parts` is what is good of each, `work` decides
//! what comes of it, `reloader` publishes.

// In the order in which they import each other.
mod disk;
mod parts;
mod last_good;
mod files;
mod slots;
mod sessions;
mod side;
mod generation;
mod recipe;
mod watch;
mod work;
mod reloader;
mod follow;

pub use self::files::Files;
pub use self::follow::Follower;
pub use self::generation::{Generation, GenerationBuilder};
pub use self::reloader::{Health, Reloader, ReloaderBuilder};
pub use self::side::{ClientSide, ServerSide, Side};
