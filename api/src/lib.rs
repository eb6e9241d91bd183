//! HTTP: accept work, read state.
