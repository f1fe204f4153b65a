//! Prisma: the schema language, the migrations folder, and the comparison that its engine makes.
