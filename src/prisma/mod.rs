//! Prisma: the schema language, the migrations folder, and the comparison that its engine makes.

pub mod compare;
pub(crate) mod declare;
pub(crate) mod schema;
pub mod suggest;
