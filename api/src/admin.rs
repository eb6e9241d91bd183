//! Admin routes: keys, problems and judging again, dead letters, the fleet. Everything here wants a caller of scope admin.

pub(crate) mod ledger;
pub(crate) mod problems;
pub(crate) mod rejudging;

use std::collections::HashMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, Uri};
use herald_domain::channel::{Channel, Entity};
use herald_domain::id::{DeadLetterId, KeyId, MessageId};
use herald_domain::identity::{ApiKey, Scope, key_hash, key_secret};
use herald_domain::owner::{BadUserName, Owner};
use herald_domain::process::ProcessInfo;
use herald_domain::store::{DeadLetter, Redriven};
use herald_domain::view::Page;
use herald_pipeline::announce;
use uuid::Uuid;

use crate::App;
use crate::error::{ApiError, Result};
use crate::http::body::{JsonBody, NoBody};
use crate::http::id::InPath;
use crate::http::json::{Findings, Pointer};
use crate::http::query::Params;
use crate::paging::Paging;
use crate::views::{DeadLetterView, KeyRequest, KeyView, NewKeyView, RedriveView};

/// The most dead letters that one call of "redrive all" goes through.
const REDRIVE_AT_ONCE: u64 = 1_000;
const REDRIVE_PAGE: u32 = 100;

/// All keys, revoked ones too, without their secrets.
#[utoipa::path(
    get, path = "/admin/keys", operation_id = "list_keys", tag = "admin",
    responses((status = 200, description = "All keys; the list is never cut", body = Page<KeyView>)),
)]
pub(crate) async fn list_keys(State(app): State<Arc<App>>, uri: Uri) -> Result<Json<Page<KeyView>>> {
    Params::read(&uri, &[])?;
    let items = app.deps.store.list_keys().await?.into_iter().map(KeyView::of).collect();
    Ok(Json(Page { items, next: None }))
}

/// Make a key for a user.
#[utoipa::path(
    post, path = "/admin/keys", operation_id = "create_key", tag = "admin",
    request_body(content = KeyRequest, example = json!({"user": "alice", "scope": "user"})),
    responses((status = 201, description = "The key; its secret is shown only here", body = NewKeyView)),
)]
pub(crate) async fn create_key(
    State(app): State<Arc<App>>,
    JsonBody(body): JsonBody,
) -> Result<(StatusCode, Json<NewKeyView>)> {
    let mut findings = Findings::default();
    let root = Pointer::root();
    let mut fields = findings.object(&root, body, &["user", "scope"]).unwrap_or_default();
    let mut text = |name: &'static str| fields.remove(name).map(|node| findings.text(&root.field(name), node));
    let (user, scope) = (text("user"), text("scope"));
    let owner = user.clone().flatten().and_then(|name| Owner::user(&name).ok());
    if owner.is_none() && user != Some(None) {
        findings.add(&root.field("user"), BadUserName.to_string());
    }
    let scope = match scope.flatten().as_deref().map(str::parse) {
        None => Scope::User,
        Some(Ok(scope)) => scope,
        Some(Err(_)) => {
            findings.add(&root.field("scope"), "must be one of user, admin");
            Scope::User
        }
    };
    findings.finish()?;
    let owner = owner.ok_or_else(ApiError::not_found)?;
    let secret = key_secret(&rand::random());
    let key = ApiKey {
        id: KeyId(Uuid::now_v7()),
        owner,
        scope,
        hash: key_hash(&secret),
        created_at: app.deps.clock.now(),
        revoked_at: None,
    };
    app.deps.store.add_key(&key).await?;
    tracing::info!(key.id = %key.id, scope = key.scope.as_str(), "key made");
    Ok((StatusCode::CREATED, Json(NewKeyView { key: secret, about: KeyView::of(key) })))
}

/// Revoke a key.
///
/// Sockets that came in by it are closed; other processes may take it for up to five seconds more.
#[utoipa::path(
    delete, path = "/admin/keys/{id}", operation_id = "revoke_key", tag = "admin",
    params(("id" = KeyId, Path)),
    responses((status = 204, description = "Revoked")),
)]
pub(crate) async fn revoke_key(State(app): State<Arc<App>>, InPath(id): InPath<KeyId>) -> Result<StatusCode> {
    let revoked = app.deps.store.revoke_key(id).await?;
    app.keys.forget(id);
    if !revoked {
        return Err(ApiError::not_found());
    }
    tracing::info!(key.id = %id, "key revoked");
    Ok(StatusCode::NO_CONTENT)
}

/// What could not be done, newest first.
#[utoipa::path(
    get, path = "/admin/dead-letters", operation_id = "list_dead_letters", tag = "admin",
    params(
        ("cursor" = Option<String>, Query, description = "`next` of the page before"),
        ("limit" = Option<u32>, Query, description = "1 to 200; 50 if absent", minimum = 1, maximum = 200),
    ),
    responses((status = 200, description = "A page", body = Page<DeadLetterView>)),
)]
pub(crate) async fn list_dead_letters(State(app): State<Arc<App>>, uri: Uri) -> Result<Json<Page<DeadLetterView>>> {
    let (paging, _) = Paging::<DeadLetterId>::read(&uri, "dead-letters", &[])?;
    let rows = app.deps.store.list_dead_letters(paging.after, paging.rows()).await?;
    let Page { items, next } = paging.page(rows, |letter: &DeadLetter| letter.id);
    let users = app.users_of(&items).await?;
    let view = |letter: DeadLetter| {
        let user = letter.entity.as_ref().and_then(|entity| users.get(entity)).cloned();
        DeadLetterView::of(letter, user)
    };
    Ok(Json(Page { items: items.into_iter().map(view).collect(), next }))
}

/// Do the work of a dead letter again, with fresh attempts: judge its submission, or have its service look at the transfer.
#[utoipa::path(
    post, path = "/admin/dead-letters/{id}/redrive", operation_id = "redrive_dead_letter", tag = "admin",
    params(("id" = DeadLetterId, Path)),
    responses((status = 200, description = "Done; the dead letter is gone", body = RedriveView)),
)]
pub(crate) async fn redrive(
    State(app): State<Arc<App>>,
    InPath(id): InPath<DeadLetterId>,
    _body: NoBody,
) -> Result<Json<RedriveView>> {
    let done = app.redrive(id).await?;
    if done { Ok(Json(RedriveView { redriven: 1, more: false })) } else { Err(ApiError::not_found()) }
}

/// Do the work of all dead letters again, up to 1,000 in one call.
#[utoipa::path(
    post, path = "/admin/dead-letters/redrive", operation_id = "redrive_dead_letters", tag = "admin",
    responses((status = 200, description = "How many, and whether there are more", body = RedriveView)),
)]
pub(crate) async fn redrive_all(State(app): State<Arc<App>>, _body: NoBody) -> Result<Json<RedriveView>> {
    let (mut redriven, mut seen, mut before) = (0, 0, None);
    loop {
        let page = app.deps.store.list_dead_letters(before, REDRIVE_PAGE).await?;
        for letter in &page {
            redriven += u64::from(app.redrive(letter.id).await?);
        }
        seen += page.len() as u64;
        let more = page.len() == REDRIVE_PAGE as usize;
        // Backwards from the newest at the start: what fails again meanwhile is not met again.
        before = page.last().map(|letter| letter.id);
        if !more || seen >= REDRIVE_AT_ONCE {
            return Ok(Json(RedriveView { redriven, more }));
        }
    }
}

/// The processes that were seen within 15 seconds.
#[utoipa::path(
    get, path = "/admin/processes", operation_id = "list_processes", tag = "admin",
    responses((status = 200, description = "All of them; the list is never cut", body = Page<ProcessInfo>)),
)]
pub(crate) async fn list_processes(State(app): State<Arc<App>>, uri: Uri) -> Result<Json<Page<ProcessInfo>>> {
    Params::read(&uri, &[])?;
    Ok(Json(Page { items: app.deps.store.list_processes().await?, next: None }))
}

impl App {
    /// `false`: no such letter.
    async fn redrive(&self, id: DeadLetterId) -> Result<bool> {
        let Some(Redriven { event, outbox }) = self.deps.store.redrive(id, MessageId(Uuid::now_v7())).await? else {
            return Ok(false);
        };
        if let Some(row) = outbox {
            self.deps.relay.hand_over(row);
        }
        if let Some(event) = event {
            announce(&*self.deps.broker, &event);
        }
        tracing::info!(dead_letter.id = %id, "dead letter redriven");
        Ok(true)
    }

    /// Whose each letter's entity is, by entity: who submitted, or who pays.
    async fn users_of(&self, letters: &[DeadLetter]) -> Result<HashMap<String, String>> {
        let entities = letters.iter().filter_map(|letter| Channel::parse(letter.entity.as_deref()?).ok());
        let (mut submissions, mut transfers) = (Vec::new(), Vec::new());
        for entity in entities.filter_map(|channel| channel.entity()) {
            match entity {
                Entity::Submission(id) => submissions.push(id),
                Entity::Transfer(id) => transfers.push(id),
            }
        }
        let mut users = HashMap::new();
        if !submissions.is_empty() {
            for row in self.deps.store.get_submissions(&submissions).await? {
                users.insert(Entity::Submission(row.id).to_string(), row.owner.user_name().to_owned());
            }
        }
        if !transfers.is_empty() {
            for row in self.deps.store.get_transfers(&transfers).await? {
                users.insert(Entity::Transfer(row.id).to_string(), row.payer.user_name().to_owned());
            }
        }
        Ok(users)
    }
}
