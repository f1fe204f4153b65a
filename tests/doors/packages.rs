//! The packages for Python and Node, built from the tested binary, installed and run.
