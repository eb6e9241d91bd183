//! The body of `POST /webhooks`.

use herald_domain::webhook::EventPattern;
use herald_services::webhook::guard::Guard;

use crate::http::json::{Findings, Node, Pointer};
use crate::views::EndpointRequest;

/// More patterns than there are to choose from are a mistake.
const MAX_PATTERNS: usize = 20;
const MAX_URL_BYTES: usize = 2_000;

pub(super) fn endpoint(findings: &mut Findings, body: Node, guard: Guard) -> Option<EndpointRequest> {
    let root = Pointer::root();
    let mut fields = findings.object(&root, body, &["url", "events"])?;
    let at = root.field("url");
    let url =
        findings.required(&at, fields.remove("url"), "where to send messages, such as https://shop.example/hooks");
    if let Some(url) = &url {
        if url.len() > MAX_URL_BYTES {
            findings.add(&at, format!("must have at most {MAX_URL_BYTES} bytes"));
        } else if let Err(bad) = guard.check(url) {
            findings.add(&at, bad.to_string());
        }
    }
    let events = events(findings, &root.field("events"), fields.remove("events"));
    Some(EndpointRequest { url: url?, events })
}

fn events(findings: &mut Findings, at: &Pointer, node: Option<Node>) -> Vec<EventPattern> {
    let items = match node {
        Some(Node::List(items)) if (1..=MAX_PATTERNS).contains(&items.len()) => items,
        None => {
            findings.add(at, "missing; it is a list of events, such as [\"transfer.*\"]");
            return Vec::new();
        }
        Some(_) => {
            findings.add(at, format!("must be a list of 1 to {MAX_PATTERNS} events, such as [\"transfer.*\"]"));
            return Vec::new();
        }
    };
    let mut events: Vec<EventPattern> = Vec::new();
    for (index, item) in items.into_iter().enumerate() {
        let pattern = findings.word(&at.item(index), Some(item), "an event");
        events.extend(pattern.filter(|pattern| !events.contains(pattern)));
    }
    events
}
