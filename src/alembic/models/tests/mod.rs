mod edges;
mod features;
mod labelled;
mod libraries;
