mod annotations;
mod columns;
mod copies;
mod edges;
mod features;
mod imports;
mod labelled;
mod libraries;
