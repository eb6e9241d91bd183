//! A migration that is added must reach the list that is compiled in.

fn main() {
    println!("cargo:rerun-if-changed=../../migrations/postgres");
}
