//! Newtype ids. Ids come from the caller (UUIDv7 for locality, never for order); nothing here makes one.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.as_hyphenated().fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }
    };
}

id!(/// Names one submission.
    SubmissionId);
id!(/// Fences one attempt: a write by a holder whose token is no longer the row's changes nothing.
    LeaseToken);
id!(/// Names one outbox row, and the message made from it (AMQP `message-id`).
    MessageId);
id!(/// Names one API key (not its secret).
    KeyId);
id!(/// Names one running process in the fleet.
    ProcessId);
id!(/// The store's epoch: made by `migrate`, renewed by a restore; a cursor of another epoch cannot be resumed.
    Epoch);
id!(/// Names one dead letter.
    DeadLetterId);
id!(/// Names one account.
    AccountId);
id!(/// Names one transfer.
    TransferId);
id!(/// Names one webhook endpoint.
    EndpointId);
id!(/// Names one call of a webhook endpoint.
    AttemptId);
