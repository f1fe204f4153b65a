"""Real Alembic, answering one request (JSON) a line: does a models file agree with what a revision builds?

{"db": "sqlite" | "postgresql", "models": TEXT}                    the revision that autogenerate writes: {"revision": TEXT}
{"db": …, "models": TEXT, "revision": TEXT}                        {"ok": true, "diffs": […]} or {"ok": false, "error": TEXT}

Everything runs in this process on throw-away databases: SQLite in memory, and a schema of a PostgreSQL server
(ORACLE_PG_URL) that is emptied before each request.
"""

import json
import os
import sys
import types

import sqlalchemy as sa
from alembic.autogenerate import api
from alembic.migration import MigrationContext
from alembic.operations import Operations

ENGINES = {}


def connect(db):
    if db == "sqlite":
        return sa.create_engine("sqlite://", poolclass=sa.pool.StaticPool).connect()
    if db not in ENGINES:
        ENGINES[db] = sa.create_engine(os.environ["ORACLE_PG_URL"].replace("postgresql:", "postgresql+psycopg2:"))
    connection = ENGINES[db].connect()
    connection.execute(sa.text("DROP SCHEMA public CASCADE"))
    connection.execute(sa.text("CREATE SCHEMA public"))
    connection.commit()
    return connection


def metadata_of(source):
    module = types.ModuleType("models")
    sys.modules["models"] = module
    exec(compile(source, "models.py", "exec"), module.__dict__)
    return module.Base.metadata


def context(connection, metadata, db):
    options = {"target_metadata": metadata, "render_as_batch": db == "sqlite"}
    return MigrationContext.configure(connection, opts=options)


def render(connection, metadata, db):
    migration = context(connection, metadata, db)
    script = api.produce_migrations(migration, metadata)
    body = api.render_python_code(
        script.upgrade_ops, render_as_batch=db == "sqlite", migration_context=migration
    )
    lines = ['"""generated"""', "from alembic import op", "import sqlalchemy as sa"]
    lines += ["from sqlalchemy import Text", "from sqlalchemy.dialects import postgresql", ""]
    lines += ["revision = '0123456789ab'", "down_revision = None", "branch_labels = None", "depends_on = None", ""]
    lines += ["", "def upgrade():", "    " + body]  # all but its first line is indented already
    return "\n".join(lines) + "\n"


def judge(connection, metadata, revision, db):
    namespace = {}
    exec(compile(revision, "revision.py", "exec"), namespace)
    try:
        with connection.begin():
            with Operations.context(context(connection, metadata, db)):
                namespace["upgrade"]()
    except Exception as error:  # whatever the database or Alembic says is the answer
        return {"ok": False, "error": f"{type(error).__name__}: {error}"}
    diffs = api.compare_metadata(context(connection, metadata, db), metadata)
    return {"ok": True, "diffs": [repr(diff) for diff in diffs]}


def answer(request):
    metadata = metadata_of(request["models"])
    connection = connect(request["db"])
    try:
        if "revision" in request:
            return judge(connection, metadata, request["revision"], request["db"])
        return {"revision": render(connection, metadata, request["db"])}
    finally:
        connection.close()


for line in sys.stdin:
    try:
        result = answer(json.loads(line))
    except Exception as error:
        result = {"ok": False, "models_error": f"{type(error).__name__}: {error}"}
    print(json.dumps(result), flush=True)
