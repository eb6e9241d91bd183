//! A page that was built since is a reason to compile again: what is embedded is listed when the macro is expanded.

fn main() {
    println!("cargo::rerun-if-changed=../web/dist");
}
