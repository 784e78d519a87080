//! The forms in which operators have certificates: each is found, what cannot be read is told, what
//! holds none is silent, and all of it ends in bounded time.
//!
//! Every file is made here. Each table is one folder and one run of the program.

mod forms;
mod hostile;
mod make;
mod pkcs12;
mod run;
mod silence;
mod unreadable;
