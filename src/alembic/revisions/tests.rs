//! Revisions on labelled cases, and on what they may ask.

mod asking;
mod batch;
mod conventions;
mod doubt;
mod handed;
mod labelled;
mod listing;
mod rows;
