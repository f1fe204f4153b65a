mod attributes;
mod engine;
pub(crate) mod render;
