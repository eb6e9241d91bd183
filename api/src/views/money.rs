//! JSON that accounts and transfers are asked for with; what comes back is `herald_domain::money::view`.

use herald_domain::money::{AccountKind, Currency, Handle};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Body of `POST /accounts`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AccountRequest {
    /// 1 to 64 characters out of `a-z`, `0-9`, `.`, `_`, `-`, starting with a letter; given once, for ever.
    #[schema(value_type = String, pattern = "^[a-z][a-z0-9._-]{0,63}$", example = "alice")]
    pub handle: Handle,
    /// As in ISO 4217.
    #[schema(value_type = String, pattern = "^[A-Z]{3}$", example = "INR")]
    pub currency: Currency,
    /// `user` (if absent) or `merchant`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, pattern = "^(user|merchant)$", example = "user")]
    pub kind: Option<AccountKind>,
}

/// Body of `POST /accounts/{id}/fund`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FundRequest {
    /// In minor units of the account's currency.
    #[schema(minimum = 1, maximum = 9007199254740992_u64)]
    pub amount: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 128)]
    pub reference: Option<String>,
}

/// Body of `POST /transactions`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TransferRequest {
    /// Id or handle of an account of one's own.
    #[schema(example = "alice")]
    pub from: String,
    /// Id or handle of anybody's account.
    #[schema(example = "shop")]
    pub to: String,
    /// In minor units: paise, cents.
    #[schema(minimum = 1, maximum = 9007199254740992_u64, example = 1250)]
    pub amount: u64,
    /// Both accounts'.
    #[schema(value_type = String, pattern = "^[A-Z]{3}$", example = "INR")]
    pub currency: Currency,
    /// The payer's own word for it, such as the number of an order; can be searched for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 128)]
    pub reference: Option<String>,
    /// For the payee; at most 512 bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 512)]
    pub note: Option<String>,
    /// Hold the amount instead of paying it, until it is captured, voided, or the time is over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold: Option<HoldRequest>,
}

/// Whether to hold, and for how long.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum HoldRequest {
    /// `true`: for 7 days.
    Plain(bool),
    /// For so many minutes, at most 30 days.
    For {
        #[schema(minimum = 1, maximum = 43200)]
        minutes: u64,
    },
}

/// Body of `POST /transactions/{id}/capture`; may be left out.
#[derive(Clone, Default, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CaptureRequest {
    /// In minor units, at most what is held; all of it if absent. The rest is released.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 9007199254740992_u64)]
    pub amount: Option<u64>,
}

/// Body of `POST /transactions/{id}/refund`; may be left out.
#[derive(Clone, Default, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RefundRequest {
    /// In minor units, at most what is left of the payment; all that is left if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 9007199254740992_u64)]
    pub amount: Option<u64>,
    /// For the payer; at most 512 bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 512)]
    pub note: Option<String>,
}
