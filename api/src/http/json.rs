//! JSON as it came, with repeated keys kept, so that everything wrong with a request can be told at once, each with a JSON
//! pointer. (Deserialising straight into a struct would stop at the first fault and let the last of two equal keys win.)

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use herald_domain::text;
use herald_domain::view::FieldError;
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

use crate::error::{ApiError, Code, Result};
use crate::nearest::nearest;

/// A JSON value.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Node {
    Null,
    Bool(bool),
    /// An integer that fits; anything else is a `Number`.
    Integer(i128),
    Number,
    Text(String),
    List(Vec<Node>),
    /// In the order given; a key may occur more than once.
    Map(Vec<(String, Node)>),
}

impl Node {
    pub(crate) fn parse(text: &str) -> Result<Self> {
        serde_json::from_str(text).map_err(|error| {
            let place = format!("line {}, column {}", error.line(), error.column());
            if error.to_string().starts_with("number out of range") {
                let detail = format!("the number at {place} is out of range");
                let errors = vec![FieldError { pointer: String::new(), detail: detail.clone() }];
                return ApiError::new(Code::ValidationFailed, detail).with_errors(errors);
            }
            ApiError::new(Code::BadJson, format!("the body is not well-formed JSON at {place}: {}", reason(&error)))
        })
    }

    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a boolean",
            Self::Integer(_) => "an integer",
            Self::Number => "a number",
            Self::Text(_) => "a string",
            Self::List(_) => "an array",
            Self::Map(_) => "an object",
        }
    }
}

/// What serde_json says, without the position that it appends. It quotes nothing of the text longer than a character.
fn reason(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.split(" at line ").next().unwrap_or_default().to_owned()
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        deserializer.deserialize_any(NodeVisitor)
    }
}

struct NodeVisitor;

impl<'de> Visitor<'de> for NodeVisitor {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_unit<E>(self) -> std::result::Result<Node, E> {
        Ok(Node::Null)
    }

    fn visit_bool<E>(self, value: bool) -> std::result::Result<Node, E> {
        Ok(Node::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> std::result::Result<Node, E> {
        Ok(Node::Integer(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> std::result::Result<Node, E> {
        Ok(Node::Integer(value.into()))
    }

    fn visit_f64<E>(self, _: f64) -> std::result::Result<Node, E> {
        Ok(Node::Number)
    }

    fn visit_str<E>(self, value: &str) -> std::result::Result<Node, E> {
        Ok(Node::Text(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> std::result::Result<Node, E> {
        Ok(Node::Text(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> std::result::Result<Node, A::Error> {
        let mut list = Vec::new();
        while let Some(node) = seq.next_element()? {
            list.push(node);
        }
        Ok(Node::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> std::result::Result<Node, A::Error> {
        let mut fields = Vec::new();
        while let Some(field) = map.next_entry()? {
            fields.push(field);
        }
        Ok(Node::Map(fields))
    }
}

/// A place in the request body (RFC 6901).
#[derive(Clone, Default, Debug)]
pub(crate) struct Pointer(String);

impl Pointer {
    pub(crate) fn root() -> Self {
        Self::default()
    }

    pub(crate) fn field(&self, name: &str) -> Self {
        let (name, _) = text::cut(name, 64);
        Self(format!("{}/{}", self.0, name.replace('~', "~0").replace('/', "~1")))
    }

    pub(crate) fn item(&self, index: usize) -> Self {
        Self(format!("{}/{index}", self.0))
    }
}

/// Everything found wrong with a request so far.
#[derive(Default, Debug)]
pub(crate) struct Findings(Vec<(Code, FieldError)>);

impl Findings {
    pub(crate) fn add(&mut self, at: &Pointer, detail: impl Into<String>) {
        self.add_as(Code::ValidationFailed, at, detail);
    }

    /// A finding that has a code of its own, which the answer bears if nothing else is wrong or it is about size.
    pub(crate) fn add_as(&mut self, code: Code, at: &Pointer, detail: impl Into<String>) {
        self.0.push((code, FieldError { pointer: at.0.clone(), detail: detail.into() }));
    }

    pub(crate) fn none(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether each finding is of this code (and there is one).
    pub(crate) fn only(&self, code: Code) -> bool {
        !self.none() && self.0.iter().all(|(found, _)| *found == code)
    }

    /// `Ok` if nothing was found.
    pub(crate) fn finish(self) -> Result<()> {
        let Some((first, _)) = self.0.first() else { return Ok(()) };
        let too_large = self.0.iter().map(|(code, _)| *code).find(|code| code.status().as_u16() == 413);
        let code = too_large.unwrap_or(if self.only(*first) { *first } else { Code::ValidationFailed });
        let errors: Vec<_> = self.0.into_iter().map(|(_, error)| error).collect();
        let detail = match &errors[..] {
            [one] => format!("{}: {}", if one.pointer.is_empty() { "the body" } else { &one.pointer }, one.detail),
            many => format!("{} fields are wrong; errors[] names each", many.len()),
        };
        Err(ApiError::new(code, detail).with_errors(errors))
    }

    /// The fields of an object by name; what is unknown, repeated or no object at all is noted. `null` counts as absent.
    pub(crate) fn object(
        &mut self,
        at: &Pointer,
        node: Node,
        known: &[&'static str],
    ) -> Option<BTreeMap<&'static str, Node>> {
        let Node::Map(given) = node else {
            self.add(at, format!("must be an object, not {}", node.kind()));
            return None;
        };
        let mut fields = BTreeMap::new();
        let mut seen = Vec::new();
        for (name, value) in given {
            match known.iter().find(|k| **k == name) {
                Some(known) if seen.contains(known) => self.add(&at.field(&name), "given more than once"),
                Some(known) => {
                    seen.push(*known);
                    if value != Node::Null {
                        fields.insert(*known, value);
                    }
                }
                None => self.add(&at.field(&name), unknown(&name, known)),
            }
        }
        Some(fields)
    }

    /// The text of a field that must be there.
    pub(crate) fn required(&mut self, at: &Pointer, node: Option<Node>, what: &str) -> Option<String> {
        match node {
            Some(node) => self.text(at, node),
            None => {
                self.add(at, format!("missing; it is {what}"));
                None
            }
        }
    }

    /// The text of a field that must be there, read as a `T`.
    pub(crate) fn word<T: FromStr<Err: fmt::Display>>(
        &mut self,
        at: &Pointer,
        node: Option<Node>,
        what: &str,
    ) -> Option<T> {
        let text = self.required(at, node, what)?;
        text.parse().map_err(|error: T::Err| self.add(at, error.to_string())).ok()
    }

    /// A string without NUL, which no store and no program argument can hold.
    pub(crate) fn text(&mut self, at: &Pointer, node: Node) -> Option<String> {
        match node {
            Node::Text(text) if text.contains('\0') => {
                self.add(at, "must not contain NUL characters");
                None
            }
            Node::Text(text) => Some(text),
            other => {
                self.add(at, format!("must be a string, not {}", other.kind()));
                None
            }
        }
    }

    /// An integer within a range.
    pub(crate) fn integer(&mut self, at: &Pointer, node: &Node, least: u64, most: u64) -> Option<u64> {
        let value = match node {
            Node::Integer(value) => u64::try_from(*value).ok().filter(|value| (least..=most).contains(value)),
            _ => None,
        };
        if value.is_none() {
            self.add(at, format!("must be an integer from {least} to {most}"));
        }
        value
    }

    pub(crate) fn list(&mut self, at: &Pointer, node: Node) -> Option<Vec<Node>> {
        match node {
            Node::List(list) => Some(list),
            other => {
                self.add(at, format!("must be an array, not {}", other.kind()));
                None
            }
        }
    }
}

fn unknown(name: &str, known: &[&str]) -> String {
    let (short, _) = text::cut(name, 64);
    match nearest(name, known.iter().copied()) {
        Some(near) => format!("unknown field '{short}'; did you mean '{near}'?"),
        None => format!("unknown field '{short}'; known are {}", known.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_huge_number_is_a_wrong_value_and_a_broken_text_is_not_json() {
        let code = |text: &str| Node::parse(text).unwrap_err().code();
        assert_eq!(code(r#"{"cpu_ms": 1e999}"#), Code::ValidationFailed);
        assert_eq!(Node::parse("99999999999999999999999999").unwrap(), Node::Number);
        for broken in ["", "{", "{\"a\":1,}", "\u{feff}{}", "{} x", "'a'", "NaN", "\"\\ud800\"", &"[".repeat(200)] {
            assert_eq!(code(broken), Code::BadJson, "{broken}");
        }
    }

    #[test]
    fn a_repeated_key_is_noticed_and_a_pointer_is_escaped() {
        let mut findings = Findings::default();
        let node = Node::parse(r#"{"a": 1, "a": null, "x/~y": 2}"#).unwrap();
        let fields = findings.object(&Pointer::root(), node, &["a"]).unwrap();
        assert_eq!(fields.get("a"), Some(&Node::Integer(1)));
        let found: Vec<_> = findings.0.iter().map(|(_, error)| error.pointer.as_str()).collect();
        assert_eq!(found, ["/a", "/x~1~0y"]);
    }
}
