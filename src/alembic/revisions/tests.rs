//! Revisions on labelled cases, and on what they may ask.

mod asking;
mod doubt;
mod labelled;
