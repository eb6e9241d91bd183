//! The default checker: compares a program's output with the answer as the ICPC/Kattis default output validator does
//! (problem package format 2025-09, "Default output validator specification").
//!
//! Invariant: whether an output is right depends on its bytes, the answer's bytes and the flags, on nothing else; an
//! output that equals the answer byte for byte is always right.

use std::fmt::Write;

use herald_domain::text::printable;

/// How output and answer are compared. The default ignores case and amount of whitespace and knows no numbers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Checker {
    case_sensitive: bool,
    space_change_sensitive: bool,
    float_relative: Option<f64>,
    float_absolute: Option<f64>,
}

/// Why an output was not taken for the answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mismatch {
    /// `token`, `missing_output`, `trailing_output` or `whitespace`.
    pub reason: &'static str,
    /// For people; quotes the answer, so it is shown for sample cases only.
    pub message: String,
}

impl Checker {
    /// Reads `output_validator_args`.
    pub fn from_args(args: &[String]) -> Result<Self, String> {
        let mut checker = Self::default();
        let mut args = args.iter();
        while let Some(arg) = args.next() {
            let mut tolerance = || {
                let value = args.next().and_then(|value| number(value.as_bytes()));
                value.filter(|value| *value >= 0.0).ok_or_else(|| format!("{arg} wants a number that is not negative"))
            };
            let once = |field: &mut Option<f64>, value: f64| match field.replace(value) {
                None => Ok(()),
                Some(_) => Err(format!("{arg} sets a tolerance that was set before")),
            };
            match arg.as_str() {
                "case_sensitive" => checker.case_sensitive = true,
                "space_change_sensitive" => checker.space_change_sensitive = true,
                "float_relative_tolerance" => once(&mut checker.float_relative, tolerance()?)?,
                "float_absolute_tolerance" => once(&mut checker.float_absolute, tolerance()?)?,
                "float_tolerance" => {
                    let value = tolerance()?;
                    once(&mut checker.float_relative, value)?;
                    once(&mut checker.float_absolute, value)?;
                }
                _ => return Err(format!("'{arg}' is not a flag of the default output validator")),
            }
        }
        Ok(checker)
    }

    pub fn check(&self, output: &[u8], answer: &[u8]) -> Result<(), Mismatch> {
        let (mut got, mut expected) = (Tokens::new(output), Tokens::new(answer));
        loop {
            let (got_space, got_token) = got.next();
            let (expected_space, expected_token) = expected.next();
            match (expected_token.is_empty(), got_token.is_empty()) {
                (false, true) => return Err(got.mismatch("missing_output", expected_token, b"")),
                (true, false) => return Err(got.mismatch("trailing_output", b"", got_token)),
                (false, false) if !self.same(got_token, expected_token) => {
                    return Err(got.mismatch("token", expected_token, got_token));
                }
                _ => {}
            }
            if self.space_change_sensitive && got_space != expected_space {
                return Err(got.mismatch("whitespace", expected_space, got_space));
            }
            if expected_token.is_empty() {
                return Ok(());
            }
        }
    }

    fn same(&self, got: &[u8], expected: &[u8]) -> bool {
        let floats = self.float_relative.is_some() || self.float_absolute.is_some();
        if let Some(expected) = number(expected).filter(|_| floats) {
            return number(got).is_some_and(|got| self.near(got, expected));
        }
        if self.case_sensitive { got == expected } else { got.eq_ignore_ascii_case(expected) }
    }

    fn near(&self, got: f64, expected: f64) -> bool {
        // Numbers too large for a double are equal only to themselves.
        let off = if got == expected { 0.0 } else { (got - expected).abs() };
        self.float_absolute.is_some_and(|tolerance| off <= tolerance)
            || self.float_relative.is_some_and(|tolerance| off <= tolerance * expected.abs() && off.is_finite())
            || off == 0.0
    }
}

/// A floating-point number of the format's grammar: decimal, optional exponent, no `inf`, no `nan`.
fn number(token: &[u8]) -> Option<f64> {
    let unsigned = token.strip_prefix(b"-").or_else(|| token.strip_prefix(b"+")).unwrap_or(token);
    if !unsigned.first().is_some_and(|first| first.is_ascii_digit() || *first == b'.') {
        return None;
    }
    std::str::from_utf8(token).ok()?.parse().ok()
}

/// Splits bytes into (whitespace before, token); at the end the token is empty.
struct Tokens<'a> {
    rest: &'a [u8],
    count: usize,
    line: usize,
}

impl<'a> Tokens<'a> {
    fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes, count: 0, line: 1 }
    }

    fn next(&mut self) -> (&'a [u8], &'a [u8]) {
        let space = self.take_while(is_space);
        self.line += space.iter().filter(|&&byte| byte == b'\n').count();
        self.count += 1;
        (space, self.take_while(|byte| !is_space(byte)))
    }

    fn take_while(&mut self, wanted: impl Fn(u8) -> bool) -> &'a [u8] {
        let end = self.rest.iter().position(|&byte| !wanted(byte)).unwrap_or(self.rest.len());
        let (taken, rest) = self.rest.split_at(end);
        self.rest = rest;
        taken
    }

    /// A mismatch at the token read last.
    fn mismatch(&self, reason: &'static str, expected: &[u8], got: &[u8]) -> Mismatch {
        let mut message = format!("token {}, line {} of the output: ", self.count, self.line);
        let _ = match reason {
            "missing_output" => write!(message, "expected {}, but the output ends here", quoted(expected)),
            "trailing_output" => write!(message, "got {}, but the answer ends here", quoted(got)),
            "whitespace" => write!(message, "expected whitespace {}, got {}", quoted(expected), quoted(got)),
            _ => write!(message, "expected {}, got {}", quoted(expected), quoted(got)),
        };
        Mismatch { reason, message }
    }
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | 0x0b | 0x0c | b'\r')
}

/// At most 80 bytes of a token, in quotes.
fn quoted(token: &[u8]) -> String {
    let (text, cut) = printable(token, 80);
    if cut { format!("{text:?}…") } else { format!("{text:?}") }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn checker(flags: &str) -> Checker {
        let args: Vec<String> = flags.split_whitespace().map(str::to_owned).collect();
        Checker::from_args(&args).unwrap()
    }

    fn reason(flags: &str, output: &str, answer: &str) -> &'static str {
        checker(flags).check(output.as_bytes(), answer.as_bytes()).err().map_or("ok", |mismatch| mismatch.reason)
    }

    #[test]
    fn outputs_are_compared_as_the_format_says() {
        for (flags, output, answer, expected) in [
            ("", "1 2\n", "1\n2", "ok"),
            ("", "", "", "ok"),
            ("", " \n", "", "ok"),
            ("", "", "x", "missing_output"),
            ("", "1", "1 2", "missing_output"),
            ("", "1 2 3", "1 2", "trailing_output"),
            ("", "YES", "yes", "ok"),
            ("case_sensitive", "YES", "yes", "token"),
            ("", "1.0", "1", "token"),
            ("space_change_sensitive", "1  2\n", "1 2\n", "whitespace"),
            ("space_change_sensitive", "1 2", "1 2\n", "whitespace"),
            ("space_change_sensitive", "\t1 2\n", "1 2\n", "whitespace"),
            ("float_tolerance 1e-6", "1.0000005", "1", "ok"),
            ("float_tolerance 1e-6", "1.00001", "1", "token"),
            ("float_absolute_tolerance 0.5", "100.5", "100", "ok"),
            ("float_relative_tolerance 0.01", "101", "1e2", "ok"),
            ("float_relative_tolerance 0.01", "102", "100", "token"),
            ("float_relative_tolerance 1", "1e999", "1", "token"),
            ("float_tolerance 1e-6", "1e999", "1e999", "ok"),
            ("float_tolerance 1e-6", "nan", "1", "token"),
            ("float_tolerance 1e-6", "NaN", "nan", "ok"),
            ("float_tolerance 1e-6", "abc", "ABC", "ok"),
            ("float_tolerance 0", "-.5", "-0.50", "ok"),
        ] {
            assert_eq!(reason(flags, output, answer), expected, "{flags:?}: {output:?} for {answer:?}");
        }
    }

    #[test]
    fn a_message_says_where_and_stays_short() {
        let error = checker("").check(b"1\n7", b"1 8").unwrap_err();
        assert_eq!(error.message, "token 2, line 2 of the output: expected \"8\", got \"7\"");
        let long = checker("").check(&b"x".repeat(100_000), &b"y".repeat(100_000)).unwrap_err();
        assert!(long.message.len() < 400, "{}", long.message.len());
    }

    #[test]
    fn flags_that_make_no_sense_are_refused() {
        for flags in ["float_tolerance", "float_tolerance -1", "float_tolerance x", "fuzzy"] {
            let args: Vec<String> = flags.split_whitespace().map(str::to_owned).collect();
            assert!(Checker::from_args(&args).is_err(), "{flags}");
        }
        let twice = ["float_tolerance", "1", "float_absolute_tolerance", "1"].map(str::to_owned);
        assert!(Checker::from_args(&twice).is_err());
    }

    proptest! {
        #[test]
        fn an_output_equal_to_the_answer_is_right_under_any_flags(
            bytes in prop::collection::vec(any::<u8>(), 0..200), case: bool, space: bool, float: bool,
        ) {
            let mut flags = String::new();
            if case { flags += " case_sensitive"; }
            if space { flags += " space_change_sensitive"; }
            if float { flags += " float_tolerance 1e-9"; }
            prop_assert_eq!(checker(&flags).check(&bytes, &bytes), Ok(()));
        }

        #[test]
        fn other_whitespace_is_right_unless_it_counts(tokens in prop::collection::vec("[a-z0-9]{1,5}", 1..20)) {
            let answer = tokens.join(" ") + "\n";
            let output = format!("\n {} ", tokens.join(" \t\n"));
            prop_assert_eq!(reason("", &output, &answer), "ok");
            prop_assert_eq!(reason("space_change_sensitive", &output, &answer), "whitespace");
        }

        #[test]
        fn a_changed_token_is_wrong(tokens in prop::collection::vec("[a-z]{1,5}", 1..20), at: prop::sample::Index) {
            let mut changed = tokens.clone();
            changed[at.index(tokens.len())].push('!');
            prop_assert_eq!(reason("", &changed.join(" "), &tokens.join(" ")), "token");
        }

        #[test]
        fn tolerances_mean_what_they_say(answer in -1e9..1e9f64, off in 0.0..2.0f64) {
            // Away from the edge, where rounding decides.
            prop_assume!((off - 1.0).abs() > 1e-3);
            let tolerance = 1e-3;
            let expected = if off < 1.0 { "ok" } else { "token" };
            let text = format!("{answer:?}");
            let near = format!("{:?}", answer + off * tolerance * answer.abs());
            prop_assert_eq!(reason("float_relative_tolerance 1e-3", &near, &text), expected);
            let near = format!("{:?}", answer + off * tolerance);
            prop_assert_eq!(reason("float_absolute_tolerance 1e-3", &near, &text), expected);
        }
    }
}
