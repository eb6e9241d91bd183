//! What every request passes through before a handler sees it, apart from who asks (`caller`) and from where (`gate`).

pub(crate) mod body;
pub(crate) mod context;
pub(crate) mod id;
pub(crate) mod json;
pub(crate) mod prefer;
pub(crate) mod query;
pub(crate) mod rate;
