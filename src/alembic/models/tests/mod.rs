mod features;
mod labelled;
