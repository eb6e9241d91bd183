//! What only `herald up` does.

mod money;
mod pages;
mod scripts;
mod told;
