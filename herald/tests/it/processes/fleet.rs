//! What only a fleet can show.

mod journal;
mod outages;
mod trace;
