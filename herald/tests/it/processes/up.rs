//! What only `herald up` does.

mod pages;
mod scripts;
