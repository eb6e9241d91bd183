//! Query parameters, checked: an unknown or repeated one is refused by name, because a filter that is misspelt and
//! silently ignored would answer another question than the one asked.

use std::str::FromStr;

use axum::extract::Query;
use axum::http::Uri;
use herald_domain::view::FieldError;

use crate::error::{ApiError, Code, Result};
use crate::nearest::nearest;

/// The parameters of one request.
pub(crate) struct Params(Vec<(String, String)>);

impl Params {
    /// Reads the query string; `known` are the names that the route takes.
    pub(crate) fn read(uri: &Uri, known: &[&str]) -> Result<Self> {
        let Query(pairs) = Query::<Vec<(String, String)>>::try_from_uri(uri)
            .map_err(|_| bad("?", "the query string cannot be read".to_owned()))?;
        for (n, (name, value)) in pairs.iter().enumerate() {
            if !known.contains(&name.as_str()) {
                return Err(bad(name, unknown(name, known)));
            }
            if value.contains('\0') {
                return Err(bad(name, "must not contain NUL characters".to_owned()));
            }
            if pairs[..n].iter().any(|(earlier, _)| earlier == name) {
                return Err(bad(name, "given more than once".to_owned()));
            }
        }
        Ok(Self(pairs))
    }

    /// The parameter's text; an empty one counts as absent, as forms send it.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }

    /// The parameter as one of an enum's words.
    pub(crate) fn word<T: FromStr + std::fmt::Display>(&self, name: &str, all: &[T]) -> Result<Option<T>> {
        let Some(text) = self.text(name) else { return Ok(None) };
        let words = || all.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        text.parse().map(Some).map_err(|_| bad(name, format!("must be one of {}", words())))
    }
}

/// A parameter with a wrong value.
pub(crate) fn bad(name: &str, detail: String) -> ApiError {
    let (name, _) = herald_domain::text::cut(name, 64);
    let whole = format!("query parameter '{name}': {detail}");
    ApiError::new(Code::BadQuery, whole).with_errors(vec![FieldError { pointer: format!("?{name}"), detail }])
}

fn unknown(name: &str, known: &[&str]) -> String {
    match nearest(name, known.iter().copied()) {
        Some(near) => format!("unknown; did you mean '{near}'?"),
        None if known.is_empty() => "unknown; this path takes no parameters".to_owned(),
        None => format!("unknown; this path takes {}", known.join(", ")),
    }
}
