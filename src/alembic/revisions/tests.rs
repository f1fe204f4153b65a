//! Revisions on labelled cases.

mod labelled;
