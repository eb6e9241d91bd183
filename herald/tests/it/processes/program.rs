//! What is submitted, and the verdict that it must get.

use serde_json::{Value, json};

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Program {
    pub problem: Option<&'static str>,
    pub language: &'static str,
    pub source: &'static str,
    pub stdin: Option<&'static str>,
    pub verdict: &'static str,
}

macro_rules! shipped {
    ($path:literal) => {
        include_str!(concat!("../../../../problems/", $path))
    };
}

const PLAIN: Program = Program { problem: None, language: "python", source: "", stdin: None, verdict: "accepted" };
const TWO_SUM: Program = Program { problem: Some("two-sum"), ..PLAIN };

pub const TWO_SUMS: [Program; 4] = [
    Program { source: shipped!("two-sum/submissions/accepted/hash_map.py"), ..TWO_SUM },
    Program { source: "print(0, 1)\n", verdict: "wrong_answer", ..TWO_SUM },
    Program { language: "c", source: shipped!("two-sum/submissions/accepted/two_pointers.c"), ..TWO_SUM },
    Program {
        language: "c",
        source: "#include <stdio.h>\nint main(void) { puts(\"0 1\"); }\n",
        verdict: "wrong_answer",
        ..TWO_SUM
    },
];

/// Small programs, right and wrong, with and without a problem, compiled and not.
pub const SMALL: [Program; 4] = [
    Program { problem: Some("hello"), source: "print('Hello, World!')\n", ..PLAIN },
    Program { language: "c", source: "int main(void) { return 0; }\n", ..PLAIN },
    Program { problem: Some("hello"), source: "print('Hello')\n", verdict: "wrong_answer", ..PLAIN },
    Program { source: "print(input()[::-1])\n", stdin: Some("stressed\n"), ..PLAIN },
];

/// One run of Python.
pub const ONE_CASE: Program = Program { source: "print(6 * 7)\n", ..PLAIN };

/// Runs for some seconds, so that a fault finds it running.
pub const SLOW: Program = Program { source: "import time\ntime.sleep(6)\n", ..PLAIN };

impl Program {
    /// The body of `POST /submit`.
    pub fn request(&self) -> Value {
        let mut body = json!({"language": self.language, "source": self.source});
        if let Some(problem) = self.problem {
            body["problem"] = json!(problem);
        }
        if let Some(stdin) = self.stdin {
            body["stdin"] = json!(stdin);
        }
        body
    }
}
