//! Projects in which something is wrong, and what hides it.

use crate::support::TestRepo;

pub(crate) const DATASOURCE: &str =
    "datasource db {\n  provider = \"postgresql\"\n  url      = env(\"DATABASE_URL\")\n}\n";
pub(crate) const USER: &str = "model User {\n  id    Int    @id\n  email String\n}\n";
/// The same with what no migration makes.
pub(crate) const DRIFTED: &str = "model User {\n  id    Int    @id\n  email String\n  nick  String?\n}\n";
pub(crate) const USER_SQL: &str = "CREATE TABLE \"User\" (\n  \"id\" INTEGER NOT NULL,\n  \"email\" TEXT NOT NULL,\n  CONSTRAINT \"User_pkey\" PRIMARY KEY (\"id\")\n);\n";

/// A Prisma project whose migrations make what its schema declares.
pub(crate) fn prisma_base(repo: &TestRepo) {
    repo.write("prisma/schema.prisma", &format!("{DATASOURCE}{USER}"));
    repo.write("prisma/migrations/migration_lock.toml", "provider = \"postgresql\"\n");
    repo.write("prisma/migrations/20240101000000_init/migration.sql", USER_SQL);
    repo.commit("base");
}

/// A change of the schema: its models.
pub(crate) fn prisma_schema(repo: &TestRepo, models: &str) {
    prisma_base(repo);
    repo.write("prisma/schema.prisma", &format!("{DATASOURCE}{models}")).add();
}

/// A change whose migration does not make what the schema declares, whatever else it says.
pub(crate) fn prisma_sql(repo: &TestRepo, sql: &str) {
    prisma_base(repo);
    repo.write("prisma/schema.prisma", &format!("{DATASOURCE}{DRIFTED}"));
    repo.write("prisma/migrations/20240102000000_next/migration.sql", sql).add();
}

pub(crate) const REVISION: &str = "import sqlalchemy as sa\nfrom alembic import op\n\nrevision = \"0001\"\ndown_revision = None\n\n\ndef upgrade():\n    op.create_table(\"users\", sa.Column(\"id\", sa.Integer(), primary_key=True))\n\n\ndef downgrade():\n    op.drop_table(\"users\")\n";
pub(crate) const MODELS: &str = "import sqlalchemy as sa\nfrom sqlalchemy.orm import DeclarativeBase\n\n\nclass Base(DeclarativeBase):\n    pass\n\n\nclass User(Base):\n    __tablename__ = \"users\"\n    id = sa.Column(sa.Integer, primary_key=True)\n";
/// A column that no revision makes.
pub(crate) const NICK: &str = "    nick = sa.Column(sa.String)\n";

/// An Alembic project whose revisions make what its models declare.
pub(crate) fn alembic_base(repo: &TestRepo) {
    repo.write(
        "alembic.ini",
        "[alembic]\nscript_location = migrations\nprepend_sys_path = .\nsqlalchemy.url = postgresql://localhost/x\n",
    );
    repo.write(
        "migrations/env.py",
        "from alembic import context\nfrom app.models import Base\n\ntarget_metadata = Base.metadata\n\n\ndef run_migrations_online():\n    context.configure(target_metadata=target_metadata)\n\n\nrun_migrations_online()\n",
    );
    repo.write("migrations/script.py.mako", "");
    repo.write("migrations/versions/0001_init.py", REVISION);
    repo.write("app/__init__.py", "");
    repo.write("app/models.py", MODELS);
    repo.commit("base");
}

/// A change of the models: what stands before the class with the column that no revision makes.
pub(crate) fn models(repo: &TestRepo, before: &str) {
    alembic_base(repo);
    let (head, class) = MODELS.split_once("class User").unwrap();
    repo.write("app/models.py", &format!("{head}{before}\n\nclass User{class}{NICK}")).add();
}

/// A change whose revision does not make what the models declare, whatever else its `upgrade` does.
pub(crate) fn revision(repo: &TestRepo, body: &str) {
    alembic_base(repo);
    repo.write("app/models.py", &format!("{MODELS}{NICK}"));
    let body = body.replace('\n', "\n    ");
    repo.write(
        "migrations/versions/0002_next.py",
        &format!("import re\nimport sqlalchemy as sa\nfrom alembic import op\n\nrevision = \"0002\"\ndown_revision = \"0001\"\n\n\ndef upgrade():\n    {body}\n\n\ndef downgrade():\n    pass\n"),
    )
    .add();
}

/// Text around text, many times.
pub(crate) fn nested(depth: usize, open: &str, middle: &str, close: &str) -> String {
    format!("{}{middle}{}", open.repeat(depth), close.repeat(depth))
}

/// Many numbered pieces.
pub(crate) fn many(count: usize, piece: impl Fn(usize) -> String) -> String {
    (0..count).map(piece).collect()
}
