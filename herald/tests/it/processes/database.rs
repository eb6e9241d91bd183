//! A database of a test's own, on the server that `HERALD_TEST_STORE_URL` names or on one that the test brings.

use std::process::{Command, Stdio};

use uuid::Uuid;

pub struct Database {
    server: String,
    name: String,
    /// No need to tidy up on a server that goes too.
    leave: bool,
}

impl Database {
    pub fn shared() -> Self {
        let server = std::env::var("HERALD_TEST_STORE_URL");
        let server = server.expect("HERALD_TEST_STORE_URL is not set: run `make test`, or name a PostgreSQL by it");
        Self::make(&server, false)
    }

    /// On a server that goes with the test.
    pub fn on(server: &str) -> Self {
        Self::make(server, true)
    }

    fn make(server: &str, leave: bool) -> Self {
        let name = format!("herald_test_{}", Uuid::new_v4().simple());
        assert!(psql(server, &format!("create database {name}")), "the test's database could not be made on {server}");
        Self { server: server.to_owned(), name, leave }
    }

    pub fn url(&self) -> String {
        let (base, _) = self.server.rsplit_once('/').unwrap();
        format!("{base}/{}", self.name)
    }

    /// The one value that a query gives.
    pub fn ask(&self, query: &str) -> String {
        let output =
            Command::new("psql").args(["-X", "-A", "-t", &self.url(), "-c", query]).output().expect("psql runs");
        assert!(output.status.success(), "{query}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if !self.leave && !psql(&self.server, &format!("drop database if exists {} with (force)", self.name)) {
            eprintln!("the database {} could not be dropped", self.name);
        }
    }
}

fn psql(url: &str, statement: &str) -> bool {
    let mut command = Command::new("psql");
    command.args([
        "-X",
        "-q",
        "-v",
        "ON_ERROR_STOP=1",
        url,
        "-c",
        "set client_min_messages = warning",
        "-c",
        statement,
    ]);
    command.stdin(Stdio::null()).stdout(Stdio::null()).status().expect("psql runs").success()
}
