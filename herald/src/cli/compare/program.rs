//! The program that is submitted: sleeps for as many milliseconds as its input says.

use herald_domain::language::LanguageInfo;
use herald_domain::view::Page;
use serde::Serialize;

use crate::cli::{Error, Result};
use crate::client::Client;

/// In the order of preference: what starts fast and needs no compiler comes first.
const PROGRAMS: [(&str, &str); 3] = [
    ("python", "import time\ntime.sleep(int(input()) / 1000)\n"),
    ("javascript", "setTimeout(() => {}, Number(require('fs').readFileSync(0, 'utf8')));\n"),
    (
        "c",
        "#include <stdio.h>\n#include <unistd.h>\nint main(void) { int ms; if (scanf(\"%d\", &ms) == 1) usleep(ms * 1000u); }\n",
    ),
];
/// Long enough that a poll each second has to ask more than once now and then, short enough to do many.
const SLEEP_MS: std::ops::Range<u32> = 200..1_200;

#[derive(Serialize, Clone)]
pub struct Submission {
    language: &'static str,
    source: &'static str,
    stdin: String,
}

/// A program in a language that some worker has.
pub async fn choose(client: &Client) -> Result<Submission> {
    let languages: Page<LanguageInfo> = client.get("/languages").await?;
    let has = |id: &str| languages.items.iter().any(|language| language.id == id && language.available);
    let found = PROGRAMS.iter().find(|(id, _)| has(id));
    let (language, source) = *found.ok_or_else(|| Error::Use("no worker has python, javascript or c".into()))?;
    Ok(Submission { language, source, stdin: String::new() })
}

impl Submission {
    /// The same program with another time to sleep.
    pub fn drawn(&self) -> Self {
        Self { stdin: format!("{}\n", rand::random_range(SLEEP_MS)), ..self.clone() }
    }
}
