mod edges;
mod features;
mod labelled;
