mod engine;
pub(crate) mod render;
