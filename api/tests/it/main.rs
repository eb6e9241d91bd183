//! The API as a client sees it: the real router over a real store, the in-process broker, intake, relay and hub.
//!
//! What touches the store is stamped over both of them; what does not runs over SQLite alone. The PostgreSQL half needs the
//! server that `HERALD_TEST_STORE_URL` names.

#![expect(clippy::unwrap_used, reason = "a test that meets the unexpected has failed")]
#![expect(clippy::duplicate_mod, reason = "the same tests are stamped over both stores")]

#[path = "."]
mod over_sqlite {
    #[path = "sqlite.rs"]
    mod backend;

    mod documents;
    mod observing;
    mod origins;
    mod tickets;

    mod admin;
    mod app;
    mod bad_input;
    mod errors;
    mod idempotency;
    mod importing;
    mod lists;
    mod money;
    mod rejudging;
    mod status;
    mod submitting;
    mod who;
}

#[path = "."]
mod over_postgres {
    #[path = "postgres.rs"]
    mod backend;

    mod admin;
    mod app;
    mod bad_input;
    mod errors;
    mod idempotency;
    mod importing;
    mod lists;
    mod money;
    mod rejudging;
    mod status;
    mod submitting;
    mod who;
}
