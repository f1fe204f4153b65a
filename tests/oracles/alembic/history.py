"""Real Alembic over a whole history, one request (JSON) a line, with faults planted in its revisions.

{"db": "sqlite" | "postgresql", "files": {PATH: TEXT}}   runs the history as it is; what it builds is what the faulty ones
                                                         are held against: {"ok": true, "revisions": N} or an error
{"kind": KIND, "seed": N}                                plants a fault of the kind and runs the history again:
                                                         {"files": {PATH: TEXT}, "gone": [PATH], "ok": …, "diffs": […]},
                                                         or {"none": true} where there is no place for it

No env.py is run and no model imported: `upgrade heads` runs the revisions, and autogenerate's comparison is asked whether
the database still is what the whole history built, reflected. Databases as in batch.py.
"""

import ast
import json
import os
import pathlib
import random
import sys
import tempfile

import sqlalchemy as sa
from alembic.autogenerate import api
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.runtime.environment import EnvironmentContext
from alembic.script import ScriptDirectory

TYPES = ["sa.Integer()", "sa.BigInteger()", "sa.String(length=41)", "sa.Text()", "sa.Boolean()", "sa.Float()", "sa.Numeric(10, 3)", "sa.Date()", "sa.DateTime(timezone=True)", "sa.LargeBinary()"]


def connect(db):
    if db == "sqlite":
        return sa.create_engine("sqlite://", poolclass=sa.pool.StaticPool).connect()
    engine = sa.create_engine(os.environ["ORACLE_PG_URL"].replace("postgresql:", "postgresql+psycopg2:"), poolclass=sa.pool.NullPool)
    connection = engine.connect()
    connection.execute(sa.text("DROP SCHEMA public CASCADE"))
    connection.execute(sa.text("CREATE SCHEMA public"))
    connection.commit()
    return connection


def upgrade(connection, db, files):
    """Runs the revisions; how many there were."""
    with tempfile.TemporaryDirectory() as folder:
        versions = pathlib.Path(folder, "versions")
        versions.mkdir()
        for number, (path, text) in enumerate(sorted(files.items())):
            # Folders below the versions are one here: the names may not meet.
            (versions / f"{number:04}_{pathlib.PurePosixPath(path).name}").write_text(text)
        config = Config()
        config.set_main_option("script_location", folder)
        script = ScriptDirectory(folder, version_locations=[str(versions)])

        def steps(revision, _context):
            return script._upgrade_revs("heads", revision)

        with EnvironmentContext(config, script, fn=steps, destination_rev="heads") as environment:
            environment.configure(connection=connection, render_as_batch=db == "sqlite", include_schemas=False)
            with environment.begin_transaction():
                environment.run_migrations()
        connection.commit()
        return len(list(script.walk_revisions()))


class Edit:
    """A text whose nodes can be replaced."""

    def __init__(self, path, text):
        self.path, self.text, self.tree = path, text, ast.parse(text)
        self.lines = text.encode().splitlines(keepends=True)

    def span(self, node):
        at = lambda line, column: sum(map(len, self.lines[: line - 1])) + column
        return at(node.lineno, node.col_offset), at(node.end_lineno, node.end_col_offset)

    def source(self, node):
        start, end = self.span(node)
        return self.text.encode()[start:end].decode()

    def replaced(self, *changes):
        data = self.text.encode()
        for start, end, new in sorted(changes, reverse=True):
            data = data[:start] + new.encode() + data[end:]
        return data.decode()

    def without_argument(self, node):
        data = self.text.encode()
        start, end = self.span(node)
        while end < len(data) and data[end : end + 1].isspace():
            end += 1
        if data[end : end + 1] == b",":
            end += 1
        return self.replaced((start, end, ""))

    def upgrade(self):
        return next((node for node in self.tree.body if isinstance(node, ast.FunctionDef) and node.name == "upgrade"), None)


def called(node):
    return node.func.attr if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) else node.func.id if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) else ""


def operations(edit):
    """The statements of upgrade() that call an operation, by the body that they stand in."""
    function = edit.upgrade()
    for node in ast.walk(function) if function else ():
        for body in (getattr(node, name, None) for name in ("body", "orelse")):
            if isinstance(body, list):
                own = [one for one in body if isinstance(one, ast.Expr) and isinstance(one.value, ast.Call) and isinstance(one.value.func, ast.Attribute) and isinstance(one.value.func.value, ast.Name) and one.value.func.value.id in ("op", "batch_op")]
                if own:
                    yield body, own


def all_operations(edit):
    return [one for _, own in operations(edit) for one in own]


def calls(edit, *names):
    function = edit.upgrade()
    return [node for node in ast.walk(function) if called(node) in names] if function else []


def keyword(call, name):
    return next((one.value for one in call.keywords if one.arg == name), None)


def arguments(edit, name):
    """The arguments of create_table that are calls of something."""
    return [one for call in calls(edit, "create_table") for one in call.args if called(one) == name]


def columns(edit):
    """Columns that are no key, with a plain name and a type."""
    plain = lambda call: len(call.args) > 1 and isinstance(call.args[0], ast.Constant) and keyword(call, "primary_key") is None
    return [call for call in calls(edit, "Column") if plain(call) and call.args[0].value != "id"]


def dropped(edit, node):
    """Without a statement, or without an argument."""
    return edit.replaced((*edit.span(node), "pass")) if isinstance(node, ast.Expr) else edit.without_argument(node)


def statements(edit, *names):
    return [one for one in all_operations(edit) if called(one.value) in names]


def places(kind, edit):
    """What can be done to a revision: each a text that it becomes."""
    if kind == "drop a statement":
        return [lambda one=one: dropped(edit, one) for one in all_operations(edit) if called(one.value) != "f"]
    if kind == "drop a column":
        return [lambda one=one: dropped(edit, one) for one in arguments(edit, "Column") if one in columns(edit)] + [lambda one=one: dropped(edit, one) for one in statements(edit, "add_column")]
    if kind == "drop an index":
        return [lambda one=one: dropped(edit, one) for one in statements(edit, "create_index")]
    if kind == "drop a foreign key":
        return [lambda one=one: dropped(edit, one) for one in arguments(edit, "ForeignKeyConstraint") + statements(edit, "create_foreign_key")]
    if kind == "drop a unique constraint":
        return [lambda one=one: dropped(edit, one) for one in arguments(edit, "UniqueConstraint") + statements(edit, "create_unique_constraint")]
    if kind == "flip nullability":
        found = [keyword(call, "nullable") for call in calls(edit, "Column", "alter_column") if keyword(call, "primary_key") is None]
        return [lambda one=one: edit.replaced((*edit.span(one), str(not one.value))) for one in found if isinstance(one, ast.Constant)]
    if kind == "change a type":
        types = [call.args[1] for call in columns(edit) if called(call.args[1]) not in ("ForeignKey", "Computed", "Identity")]
        return [lambda one=one, new=new: edit.replaced((*edit.span(one), new)) for one in types for new in [next(t for t in random.Random(edit.source(one) + str(one.lineno)).sample(TYPES, len(TYPES)) if t.split("(")[0] not in edit.source(one))]]
    if kind == "change a default":
        found = [keyword(call, "server_default") for call in columns(edit)]
        return [lambda one=one: edit.replaced((*edit.span(one), "None")) for one in found if one is not None]
    if kind == "drop an enum value":
        found = [call.args[0] for call in calls(edit, "Enum", "ENUM") if len(call.args) > 1 and isinstance(call.args[0], ast.Constant)]
        return [lambda one=one: dropped(edit, one) for one in found]
    if kind == "make an index unique":
        found = [keyword(one.value, "unique") for one in statements(edit, "create_index")]
        return [lambda one=one: edit.replaced((*edit.span(one), "True")) for one in found if isinstance(one, ast.Constant) and one.value is False]
    if kind == "rename a column":
        return [lambda one=one: edit.replaced((*edit.span(one.args[0]), repr("new_" + str(one.args[0].value)))) for one in columns(edit)]
    if kind == "swap two operations":
        pairs = [(a, b) for body, own in operations(edit) for a, b in zip(body, body[1:]) if a in own and b in own]
        return [lambda a=a, b=b: edit.replaced((*edit.span(a), edit.source(b)), (*edit.span(b), edit.source(a))) for a, b in pairs]
    raise ValueError(kind)


def header(edit):
    """The revision and its parent as nodes, where both are plain texts."""
    found = {}
    for node in edit.tree.body:
        target = node.targets[0] if isinstance(node, ast.Assign) else node.target if isinstance(node, ast.AnnAssign) else None
        if isinstance(target, ast.Name) and isinstance(node.value, ast.Constant):
            found[target.id] = node.value
    return found.get("revision"), found.get("down_revision")


def links(edits):
    """Revisions with one parent and one child, and that child."""
    headers = {path: header(edit) for path, edit in edits.items()}
    children = {}
    for path, (revision, parent) in headers.items():
        if revision is not None and parent is not None and parent.value is not None:
            children.setdefault(parent.value, []).append(path)
    merges = " ".join(edit.text for path, edit in edits.items() if headers[path][1] is None)
    for path, (revision, parent) in sorted(headers.items()):
        if revision is not None and parent is not None and len(own := children.get(revision.value, [])) == 1 and repr(revision.value)[1:-1] not in merges:
            yield path, own[0], headers


def moved(kind, edits, chance):
    """The order of the history changed: the files that are others then, and those that are gone."""
    every = list(links(edits))
    then = {path: child for path, child, _ in every}
    if kind == "drop a revision":
        choices = every
    else:
        choices = [link for link in every if link[1] in then]
    if not choices:
        return None
    first, second, headers = chance.choice(choices)
    set_parent = lambda path, value: edits[path].replaced((*edits[path].span(headers[path][1]), repr(value)))
    before = headers[first][1].value
    if kind == "drop a revision":
        return {second: set_parent(second, before)}, [first]
    third = then[second]
    one, two = headers[first][0].value, headers[second][0].value
    return {second: set_parent(second, before), first: set_parent(first, two), third: set_parent(third, one)}, []


class Judge:
    def whole(self, request):
        self.db, self.files = request["db"], request["files"]
        with connect(self.db) as connection:
            revisions = upgrade(connection, self.db, self.files)
            self.metadata = sa.MetaData()
            self.metadata.reflect(connection)
            table = self.metadata.tables.get("alembic_version")
            if table is not None:
                self.metadata.remove(table)
            return {"ok": True, "revisions": revisions, "diffs": self.diffs(connection)}

    def diffs(self, connection):
        return [repr(diff) for diff in api.compare_metadata(MigrationContext.configure(connection, opts={"include_schemas": False}), self.metadata)]

    def planted(self, request):
        kind, chance = request["kind"], random.Random(f"{request['kind']} {request['seed']}")
        edits = {path: Edit(path, text) for path, text in sorted(self.files.items())}
        if kind in ("drop a revision", "swap two revisions"):
            change = moved(kind, edits, chance)
        else:
            spots = [(path, new) for path, edit in edits.items() for new in places(kind, edit)]
            path, new = chance.choice(spots) if spots else (None, None)
            change = ({path: new()}, []) if spots else None
        if change is None:
            return {"none": True}
        changed, gone = change
        files = {path: text for path, text in {**self.files, **changed}.items() if path not in gone}
        answer = {"files": changed, "gone": gone}
        with connect(self.db) as connection:
            try:
                upgrade(connection, self.db, files)
            except Exception as error:  # whatever the database or Alembic says is the answer
                return {**answer, "ok": False, "error": f"{type(error).__name__}: {error}"[:600]}
            return {**answer, "ok": True, "diffs": self.diffs(connection)}


judge = Judge()
for line in sys.stdin:
    try:
        asked = json.loads(line)
        result = judge.planted(asked) if "kind" in asked else judge.whole(asked)
    except Exception as error:
        result = {"ok": False, "broken": f"{type(error).__name__}: {error}"[:600]}
    print(json.dumps(result), flush=True)
