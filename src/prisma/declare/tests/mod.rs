mod engine;
mod render;
