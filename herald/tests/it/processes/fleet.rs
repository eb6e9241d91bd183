//! What only a fleet can show.

mod outages;
mod trace;
