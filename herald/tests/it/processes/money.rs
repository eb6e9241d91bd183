//! Money on a fleet whose services are processes of their own: a payment end to end, and every fault that may not lose or
//! double one.

mod added;
mod bank;
mod deals;
mod end_to_end;
mod faults;
mod full_balance;
mod kills;
mod tally;
