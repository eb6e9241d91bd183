//! The PostgreSQL store against a real server: the contract suite, and what only this adapter can get wrong.
//! Each test has a schema of its own on the server that `HERALD_TEST_STORE_URL` names, and drops it at its end.

#![expect(clippy::unwrap_used, reason = "used by tests only, which fail by panicking")]

mod faults;
mod migrating;
mod money;
mod partitions;
mod plans;
mod schema;
mod text;

mod contract {
    use super::schema::Schema;

    async fn harness() -> Schema {
        Schema::migrated().await
    }

    herald_testkit::store_contract!(super::harness);
}
