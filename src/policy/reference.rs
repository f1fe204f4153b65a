//! Every key of a policy, once.
