//! Who is asking: a key, or the guest of `herald up` on loopback; and on whose behalf.
//!
//! Invariant: a handler behind [`layer`] always has a [`Caller`], and whatever it reads or changes belongs to
//! `caller.owner`. An admin that acts for a user by `Herald-User` has that user's rights and no more.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{FromRequestParts, Request, State};
use axum::http::header::{AUTHORIZATION, RETRY_AFTER};
use axum::http::request::Parts;
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderValue};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use herald_domain::id::KeyId;
use herald_domain::identity::{ApiKey, Scope, key_hash};
use herald_domain::owner::Owner;
use herald_domain::store::Store;

use crate::App;
use crate::cache::Cache;
use crate::error::{ApiError, Code, Result};
use crate::http::query::{Params, bad};

/// How long a key is believed without asking the store: so long may a revoked key still work in another process.
const BELIEVED: Duration = Duration::from_secs(5);
/// Who a request without a key is on loopback.
const GUEST: &str = "guest";

/// On whose behalf a request is made, and with which rights.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    pub owner: Owner,
    pub scope: Scope,
    /// None for the guest.
    pub key: Option<KeyId>,
}

impl Caller {
    pub(crate) fn is_admin(&self) -> bool {
        self.scope == Scope::Admin
    }

    /// The owner that `user` names, if the caller may ask about that user.
    pub(crate) fn may_ask_about(&self, user: &str) -> Option<Owner> {
        let owner = Owner::user(user).ok()?;
        (owner == self.owner || self.is_admin()).then_some(owner)
    }

    /// Whose things the parameter `user` asks for, the caller's own if it is absent; `None` is everybody's.
    pub(crate) fn asks_about(&self, params: &Params) -> Result<Option<Owner>> {
        match params.text("user") {
            None | Some("me") => Ok(Some(self.owner.clone())),
            Some("*") if self.is_admin() => Ok(None),
            Some("*") => Err(ApiError::plain(Code::AdminRequired)),
            Some(name) => {
                Owner::user(name).map_err(|error| bad("user", error.to_string()))?;
                self.may_ask_about(name).map(Some).ok_or_else(|| ApiError::plain(Code::AdminRequired))
            }
        }
    }
}

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self> {
        let missing = || ApiError::plain(Code::InternalError).caused_by("a route that wants a caller is not protected");
        parts.extensions.get::<Self>().cloned().ok_or_else(missing)
    }
}

/// Keys by the hash of their secret.
pub(crate) struct Keys(Cache<String, ApiKey>);

impl Default for Keys {
    fn default() -> Self {
        Self(Cache::new(BELIEVED))
    }
}

impl Keys {
    /// Only hits are remembered: a key works as soon as it is made.
    async fn find(&self, store: &dyn Store, secret: &str) -> Result<Option<ApiKey>> {
        let hash = key_hash(secret);
        if let Some(key) = self.0.get(&hash) {
            return Ok(Some(key));
        }
        let found = store.find_key(&hash).await?;
        if let Some(key) = &found {
            self.0.put(hash, key.clone());
        }
        Ok(found)
    }

    pub(crate) fn forget(&self, id: KeyId) {
        self.0.forget_if(|key| key.id == id);
    }
}

/// Finds the caller, counts the request where a rate limit is set, and goes on; or answers 401, 403 or 429.
pub(crate) async fn layer(State(app): State<Arc<App>>, mut request: Request, next: Next) -> Response {
    let caller = match identify(&app, request.headers(), request.extensions().get()).await {
        Ok(caller) => caller,
        Err(error) => return error.into_response(),
    };
    let taken = app.rates.as_ref().map(|rates| rates.take(&caller.owner));
    let mut response = match taken {
        Some(taken) if !taken.allowed => {
            let mut response = ApiError::plain(Code::RateLimited).into_response();
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(taken.seconds));
            response
        }
        _ => {
            request.extensions_mut().insert(caller);
            next.run(request).await
        }
    };
    if let Some(taken) = taken {
        taken.tell(response.headers_mut());
    }
    response
}

/// Lets only admins through; stands behind [`layer`].
pub(crate) async fn admins_only(caller: Caller, request: Request, next: Next) -> Response {
    if caller.is_admin() { next.run(request).await } else { ApiError::plain(Code::AdminRequired).into_response() }
}

async fn identify(app: &App, headers: &HeaderMap, host: Option<&Authority>) -> Result<Caller> {
    let caller = match bearer(headers)? {
        Some(secret) => {
            let found = app.keys.find(&*app.deps.store, secret).await?;
            let key = found.ok_or_else(|| ApiError::plain(Code::KeyInvalid))?;
            Caller { owner: key.owner, scope: key.scope, key: Some(key.id) }
        }
        None => guest(app, headers, host)?,
    };
    acting_for(caller, headers)
}

fn guest(app: &App, headers: &HeaderMap, host: Option<&Authority>) -> Result<Caller> {
    let outside = || ApiError::plain(Code::InternalError).caused_by("a route stands outside the gate");
    app.gate.admits_guest(headers, host.ok_or_else(outside)?).map_err(|why| ApiError::new(Code::KeyRequired, why))?;
    let owner = Owner::user(GUEST).map_err(|error| ApiError::plain(Code::InternalError).caused_by(error))?;
    Ok(Caller { owner, scope: Scope::Admin, key: None })
}

/// The secret in `Authorization: Bearer <secret>`; an error if there is something else.
fn bearer(headers: &HeaderMap) -> Result<Option<&str>> {
    let mut given = headers.get_all(AUTHORIZATION).iter();
    let Some(value) = given.next() else { return Ok(None) };
    let invalid = || ApiError::plain(Code::KeyInvalid);
    let (scheme, secret) = value.to_str().ok().and_then(|text| text.split_once(' ')).ok_or_else(invalid)?;
    let secret = secret.trim();
    let good = scheme.eq_ignore_ascii_case("bearer") && !secret.is_empty() && given.next().is_none();
    if good { Ok(Some(secret)) } else { Err(invalid()) }
}

/// `Herald-User: NAME` makes an admin's request that user's own.
fn acting_for(caller: Caller, headers: &HeaderMap) -> Result<Caller> {
    let mut given = headers.get_all("herald-user").iter();
    let Some(value) = given.next() else { return Ok(caller) };
    let name = value.to_str().ok().filter(|_| given.next().is_none());
    let owner = name.and_then(|name| Owner::user(name).ok()).ok_or_else(|| {
        ApiError::new(Code::BadHeader, format!("the header Herald-User: {}", herald_domain::owner::BadUserName))
    })?;
    if owner == caller.owner && !caller.is_admin() {
        return Ok(caller);
    }
    if !caller.is_admin() {
        return Err(ApiError::plain(Code::AdminRequired));
    }
    Ok(Caller { owner, scope: Scope::User, key: caller.key })
}
