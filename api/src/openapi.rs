//! The OpenAPI 3.1 document, made from the handlers' own annotations, and the error responses of each operation, made from
//! the catalogue of codes.

use std::collections::BTreeMap;

use axum::http::StatusCode;
use herald_domain::submission::LIMIT_RANGES;
use herald_domain::view::ProblemDetails;
use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::example::ExampleBuilder;
use utoipa::openapi::path::Operation;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{Components, Object, Ref, RefOr, Response, ResponseBuilder, Schema};
use utoipa::{Modify, OpenApi};

use crate::error::Code;

/// What a caller must know that no single operation says.
const ABOUT: &str = "\
Submit source code, or move money, and have what happens to it pushed.\n\n\
* **Who:** `Authorization: Bearer <key>`. An admin key acts for any user with the header `Herald-User: NAME`, and then has \
that user's rights. `herald up` on loopback needs no key for requests from the same machine.\n\
* **Errors:** every error is `application/problem+json` (RFC 9457) with a stable `code`; `type` leads to its explanation in \
`/docs/errors`. Paths that do not exist answer 404 `no_such_path`, wrong methods 405 `method_not_allowed` with `Allow`.\n\
* **Lists:** `{\"items\": […], \"next\": cursor or null}`; `next` goes into `?cursor=`.\n\
* **Tracing:** `X-Request-Id` and `traceparent` are taken over and given back in logs; every answer has `X-Request-Id`.\n\
* **Versions:** these paths are v1: fields are only added. A breaking change would come as `/v2/…`.";

#[derive(OpenApi)]
#[openapi(
    info(title = "Herald", description = ABOUT, license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0")),
    paths(
        crate::submit::create_submission,
        crate::status::get_status,
        crate::submissions::list_submissions,
        crate::submit::create_submissions,
        crate::submissions::cancel_submission,
        crate::submissions::verdicts::list_verdicts,
        crate::problems::list_problems,
        crate::problems::get_problem,
        crate::languages::list_languages,
        crate::accounts::create_account,
        crate::accounts::list_accounts,
        crate::accounts::get_account,
        crate::accounts::statement::get_statement,
        crate::accounts::funding::fund_account,
        crate::transfers::create_transfer,
        crate::transfers::list_transfers,
        crate::transfers::get_transfer,
        crate::transfers::changes::capture_transfer,
        crate::transfers::changes::void_transfer,
        crate::transfers::changes::refund_transfer,
        crate::transfers::receipt::get_receipt,
        crate::webhooks::create_endpoint,
        crate::webhooks::list_endpoints,
        crate::webhooks::get_endpoint,
        crate::webhooks::delete_endpoint,
        crate::webhooks::rotate_secret,
        crate::webhooks::ping_endpoint,
        crate::webhooks::list_attempts,
        crate::webhooks::replay_attempt,
        crate::tickets::create_ticket,
        crate::health::livez,
        crate::health::readyz,
        crate::admin::list_keys,
        crate::admin::create_key,
        crate::admin::revoke_key,
        crate::admin::problems::import_problem,
        crate::admin::rejudging::count_rejudge,
        crate::admin::rejudging::rejudge_problem,
        crate::admin::list_dead_letters,
        crate::admin::redrive_all,
        crate::admin::redrive,
        crate::admin::list_processes,
        crate::admin::ledger::check,
        crate::admin::ledger::reconcile,
    ),
    components(schemas(ProblemDetails)),
    tags(
        (name = "judge", description = "Submissions, problems, languages"),
        (name = "money", description = "Accounts, transfers and what the services make of them; amounts are integers in minor units (paise, cents)"),
        (name = "webhooks", description = "Your own servers, told of what happens to your money, by Standard Webhooks 1.0.0"),
        (name = "push", description = "Tickets; the frames themselves are in `/asyncapi.yaml`"),
        (name = "admin", description = "Only with a key of scope admin"),
        (name = "health", description = "For load balancers and supervisors"),
    ),
    modifiers(&Key, &Bounds, &Problems),
    security(("key" = []), ()),
)]
struct Document;

/// The whole document.
pub fn document() -> utoipa::openapi::OpenApi {
    Document::openapi()
}

struct Key;

impl Modify for Key {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        let about = "Made by `herald token create --user NAME`. Not needed on loopback under `herald up`.";
        let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some(about)).build();
        let components = openapi.components.get_or_insert_with(Components::new);
        components.add_security_scheme("key", SecurityScheme::Http(scheme));
    }
}

/// Bounds that are constants elsewhere.
struct Bounds;

impl Modify for Bounds {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        let schemas = &mut openapi.components.get_or_insert_with(Components::new).schemas;
        for range in &LIMIT_RANGES {
            if let Some(limit) = property(schemas.get_mut("Limits"), range.field) {
                limit.minimum = Some(range.least.into());
                limit.maximum = Some(range.most.into());
            }
        }
        if let Some(name) = property(schemas.get_mut("SourceFile"), "name") {
            name.pattern = Some("^[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}$".to_owned());
        }
    }
}

fn property<'a>(schema: Option<&'a mut RefOr<Schema>>, name: &str) -> Option<&'a mut Object> {
    let Some(RefOr::T(Schema::Object(object))) = schema else { return None };
    match object.properties.get_mut(name) {
        Some(RefOr::T(Schema::Object(property))) => Some(property),
        _ => None,
    }
}

struct Problems;

impl Modify for Problems {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        let components = openapi.components.get_or_insert_with(Components::new);
        for (status, codes) in by_status(Code::ALL.iter().copied()) {
            components.responses.insert(name(status), response(status, &codes).into());
        }
        for item in openapi.paths.paths.values_mut() {
            let operations = [&mut item.get, &mut item.post, &mut item.delete];
            for operation in operations.into_iter().flatten() {
                add_problems(operation);
            }
        }
    }
}

fn add_problems(operation: &mut Operation) {
    let id = operation.operation_id.clone().unwrap_or_default();
    for (status, codes) in by_status(codes_of(&id).into_iter()) {
        let words: Vec<_> = codes.iter().map(|code| format!("`{}`", code.as_str())).collect();
        let mut reference = Ref::from_response_name(name(status));
        reference.description = words.join(", ");
        operation.responses.responses.insert(status.as_str().to_owned(), RefOr::Ref(reference));
    }
}

/// Which codes an operation can answer with.
fn codes_of(operation: &str) -> Vec<Code> {
    use Code::*;
    let mut codes = vec![BadHeader, ForeignHost, InternalError];
    let own: &[Code] = match operation {
        "get_liveness" => return codes,
        "get_readiness" => &[BadQuery, NotReady],
        "create_submission" | "create_submissions" => &[
            InProgress,
            SourceTooLarge,
            StdinTooLarge,
            LanguageUnavailable,
            IdempotencyKeyReused,
            TooManyOpen,
            QueueFull,
        ],
        "get_status" => &[NotFound],
        "list_submissions" | "list_transfers" => &[BadQuery, BadCursor, AdminRequired],
        "cancel_submission" => &[NotFound, AlreadyFinished],
        "list_problems" | "list_dead_letters" | "list_accounts" => &[BadQuery, BadCursor],
        "list_verdicts" | "count_rejudge" => &[BadQuery, NotFound],
        "rejudge_problem" => &[BadQuery, BadCursor, NotFound],
        "get_problem" | "get_account" => &[BadQuery, NotFound],
        "create_account" => &[HandleTaken],
        "get_statement" => &[BadQuery, BadCursor, NotFound],
        "fund_account" | "create_transfer" => {
            &[IdempotencyKeyRequired, NotFound, InProgress, IdempotencyKeyReused, InsufficientFunds]
        }
        "get_transfer" => &[NotFound],
        "get_receipt" => &[BadQuery, NotFound, NoReceipt],
        "create_webhook" => &[TooManyEndpoints],
        "list_webhooks" => &[BadQuery, BadCursor],
        "get_webhook" => &[BadQuery, NotFound],
        "list_webhook_attempts" => &[BadQuery, BadCursor, NotFound],
        "ping_webhook" | "replay_webhook_attempt" => &[NotFound, EndpointDisabled],
        "capture_transfer" => &[NotFound, WrongState, OverCaptured],
        "void_transfer" => &[NotFound, WrongState],
        "refund_transfer" => &[
            IdempotencyKeyRequired,
            NotFound,
            InProgress,
            WrongState,
            OverRefunded,
            IdempotencyKeyReused,
            InsufficientFunds,
        ],
        "create_ticket" | "revoke_key" | "redrive_dead_letter" | "delete_webhook" | "rotate_webhook_secret" => {
            &[NotFound]
        }
        "import_problem" => &[
            BadQuery,
            BadArchive,
            RequestTimeout,
            BodyTooLarge,
            UnsupportedMediaType,
            ValidationFailed,
            OriginNotAllowed,
        ],
        "list_languages" | "list_keys" | "list_processes" | "check_ledger" => &[BadQuery],
        _ => &[],
    };
    codes.extend(own);
    if operation == "get_readiness" {
        return codes;
    }
    codes.extend([KeyRequired, KeyInvalid, AdminRequired, RateLimited, StoreUnavailable]);
    let verb = operation.split('_').next().unwrap_or_default();
    let changing =
        ["create", "redrive", "rejudge", "fund", "capture", "void", "refund", "rotate", "ping", "replay", "reconcile"];
    let changes = changing.contains(&verb);
    if changes {
        codes.extend([BadJson, RequestTimeout, BodyTooLarge, UnsupportedMediaType, ValidationFailed]);
    }
    if changes || matches!(verb, "cancel" | "revoke" | "delete") {
        codes.push(OriginNotAllowed);
    }
    codes
}

fn by_status(codes: impl Iterator<Item = Code>) -> BTreeMap<StatusCode, Vec<Code>> {
    let mut statuses: BTreeMap<StatusCode, Vec<Code>> = BTreeMap::new();
    for code in codes {
        let of_status = statuses.entry(code.status()).or_default();
        if !of_status.contains(&code) {
            of_status.push(code);
        }
    }
    statuses
}

fn name(status: StatusCode) -> String {
    format!("Problem{}", status.as_str())
}

fn response(status: StatusCode, codes: &[Code]) -> Response {
    let examples = codes.iter().map(|code| {
        let example = ExampleBuilder::new().summary(code.title()).value(serde_json::to_value(example(*code)).ok());
        (code.as_str(), RefOr::T(example.build()))
    });
    let schema = Ref::from_schema_name("ProblemDetails");
    let content = ContentBuilder::new().schema(Some(schema)).examples_from_iter(examples).build();
    let title = status.canonical_reason().unwrap_or_default();
    ResponseBuilder::new().description(title).content("application/problem+json", content).build()
}

fn example(code: Code) -> ProblemDetails {
    ProblemDetails {
        kind: format!("http://127.0.0.1:8080/docs/errors#{}", code.as_str()),
        title: code.title().to_owned(),
        status: code.status().as_u16(),
        code: code.as_str().to_owned(),
        detail: code.next_step().to_owned(),
        request_id: Some("01975f3e-7a3c-7c11-9b7e-3d1f0a2b4c5d".to_owned()),
        errors: Vec::new(),
        shortfall: None,
    }
}
