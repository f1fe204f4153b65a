//! Models that are not read, because something before them stops or is not known: an edit of them is told, as a doubt where
//! it cannot be judged and as what it is where it can.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may")]

mod support;
#[path = "support/verdict.rs"]
mod verdict;

use support::TestRepo;

const HEAD: &str = "from sqlalchemy import Column, Integer\nfrom sqlalchemy.orm import declarative_base\nBase = declarative_base()\nclass A(Base):\n    __tablename__ = \"a\"\n    id = Column(Integer, primary_key=True)\n";
const B: &str = "class B(Base):\n    __tablename__ = \"b\"\n    id = Column(Integer, primary_key=True)\n";
const MORE: &str = "    z = Column(Integer)\n";
const ENV: &str = "from alembic import context\nfrom models import Base\n\ntarget_metadata = Base.metadata\ncontext.configure(target_metadata=target_metadata)\n";
const REVISION: &str = "from alembic import op\nimport sqlalchemy as sa\n\nrevision = \"a1\"\ndown_revision = None\n\n\ndef upgrade():\n    op.create_table(\"a\", sa.Column(\"id\", sa.Integer(), primary_key=True))\n    op.create_table(\"b\", sa.Column(\"id\", sa.Integer(), primary_key=True))\n";

/// What is said of a change of some files: each finding's level, rule, file and message.
fn said(before: &[(&str, String)], after: &[(&str, String)]) -> Vec<String> {
    let repo = project(before);
    for (path, text) in after {
        repo.write(path, text);
    }
    findings(&repo)
}

/// The same of a file that is moved, and has another text then.
fn said_of_move(before: &[(&str, String)], (from, to): (&str, &str), text: &str) -> Vec<String> {
    let repo = project(before);
    repo.git(&["mv", from, to]);
    repo.write(to, text);
    findings(&repo)
}

fn project(before: &[(&str, String)]) -> TestRepo {
    let repo = TestRepo::new();
    repo.write("alembic.ini", "[alembic]\nscript_location = alembic\nsqlalchemy.url = postgresql://localhost/app\n");
    repo.write("alembic/env.py", ENV);
    repo.write("alembic/versions/a1_start.py", REVISION);
    for (path, text) in before {
        repo.write(path, text);
    }
    repo.commit("A project");
    repo
}

fn findings(repo: &TestRepo) -> Vec<String> {
    verdict::staged(repo).iter().map(ToString::to_string).collect()
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("    {line}\n")).collect()
}

/// What is said when a column is put into the model `B`, which stands between two texts of one module.
fn added(before: &str, after: &str) -> Vec<String> {
    let with = |model: &str| {
        let model = if before.ends_with(":\n") { indented(model) } else { model.to_owned() };
        vec![("models.py", format!("{HEAD}{before}{model}{after}"))]
    };
    said(&with(B), &with(&format!("{B}{MORE}")))
}

const MISSING: &str = "error missing-migration: the column b.z is declared but no migration adds it";

/// The one thing that is said, about a place that is not judged.
fn is_doubt(said: &[String], reason: &str) -> bool {
    matches!(said, [only] if only.starts_with("warning unjudged-change: ") && only.contains(reason))
}

#[test]
fn a_model_behind_the_place_where_its_module_stops() {
    let cases = [
        ("raise TypeError(\"x\")\n", "the module raises builtins.TypeError('x')"),
        ("raise SystemExit\n", "the module raises builtins.SystemExit"),
        ("exit()\n", "the module raises builtins.SystemExit"),
        ("assert False\n", "the module raises builtins.AssertionError"),
        ("{}[\"x\"]\n", "the module raises builtins.KeyError"),
        ("n = 0\nwhile n < 10000000:\n    n += 1\n", "a loop that goes on longer than is evaluated"),
        ("x = [n for n in range(200000)]\n", "than are evaluated"),
        ("def f(n):\n    return f(n + 1)\nf(0)\n", "than is evaluated"),
    ];
    for (before, reason) in cases {
        assert!(is_doubt(&added(before, ""), reason), "{before}: {:?}", added(before, ""));
    }
    // What stands before it is read, as ever; and what does not stop hides nothing.
    assert_eq!(added("", "raise TypeError(\"x\")\n").len(), 1);
    for before in ["if UNKNOWN:\n    raise TypeError(\"x\")\n", "import sys\nif len(sys.argv) > 9:\n    sys.exit(1)\n"]
    {
        assert_eq!(added(before, ""), [MISSING], "{before}");
    }
}

#[test]
fn an_edit_before_the_place_where_a_module_stops_says_nothing_of_what_is_behind_it() {
    let text = |comment: &str| vec![("models.py", format!("{HEAD}# {comment}\nraise TypeError(\"x\")\n{B}"))];
    assert_eq!(said(&text("one"), &text("another")), [""; 0]);
}

#[test]
fn a_model_behind_an_exception_that_is_caught() {
    let cases = [
        ("try:\n    {}[\"x\"]\n", "except KeyError:\n    pass\n"),
        ("try:\n    from pkg.missing import X\n", "except ImportError:\n    pass\n"),
        ("import os\nif os.environ.get(\"X\"):\n    {}[\"x\"]\n", ""),
        ("def make():\n    {}[\"x\"]\n", "make()\n"),
    ];
    for (before, after) in cases {
        let with = |model: &str| {
            vec![("pkg/__init__.py", String::new()), ("models.py", format!("{HEAD}{before}{}{after}", indented(model)))]
        };
        let said = said(&with(B), &with(&format!("{B}{MORE}")));
        assert!(is_doubt(&said, "models that are not read: it stands behind builtins."), "{before}: {said:?}");
    }
    // An optional package is taken to be there, and what Python would not run either declares nothing.
    assert_eq!(added("try:\n    import geoalchemy2\nexcept ImportError:\n    geoalchemy2 = None\n", ""), [MISSING]);
    for before in ["if False:\n", "for x in []:\n", "def never_called():\n"] {
        assert_eq!(added(before, ""), [""; 0], "{before}");
    }
}

#[test]
fn a_doubt_about_one_table_hides_nothing_of_another() {
    let with = |column: &str| {
        let tried = format!("try:\n    {{}}[\"x\"]\n{}except KeyError:\n    pass\n", indented(B));
        vec![("models.py", format!("{HEAD}{column}{tried}"))]
    };
    let missing = "error missing-migration: the column a.n is declared but no migration adds it";
    assert_eq!(said(&with(""), &with("    n = Column(Integer)\n")), [missing]);
}

#[test]
fn what_a_function_of_another_module_raises_is_told_where_the_models_are() {
    let helpers = ("helpers.py", "def f():\n    raise TypeError(\"x\")\n".to_owned());
    let with = |model: &str| vec![helpers.clone(), ("models.py", format!("{HEAD}from helpers import f\nf()\n{model}"))];
    assert!(is_doubt(&said(&with(B), &with(&format!("{B}{MORE}"))), "the module raises"));
}

#[test]
fn a_module_that_is_imported_behind_the_place_where_another_stops() {
    let other =
        |model: &str| ("b.py", format!("from sqlalchemy import Column, Integer\nfrom models import Base\n{model}"));
    let first = ("models.py", format!("{HEAD}raise TypeError(\"x\")\nfrom b import B\n"));
    let said_of = |first: &(&'static str, String)| said(&[first.clone(), other(B)], &[other(&format!("{B}{MORE}"))]);
    assert!(is_doubt(&said_of(&first), "it is imported behind what is not run of models.py: the module raises"));
    let fine = ("models.py", format!("{HEAD}from b import B\n"));
    assert_eq!(said_of(&fine), [MISSING]);
    let env = ENV.replace("from models", "raise TypeError(\"x\")\nfrom models");
    let edited = [("models.py", format!("{HEAD}{B}{MORE}"))];
    let found = said(&[("alembic/env.py", env), ("models.py", format!("{HEAD}{B}"))], &edited);
    assert!(is_doubt(&found, "it is imported behind what is not run of alembic/env.py"), "{found:?}");
}

#[test]
fn what_stands_behind_an_exception_in_the_body_of_a_class() {
    let model = |more: &str| vec![("models.py", format!("{HEAD}{B}    {{}}[\"x\"]\n{more}"))];
    assert!(is_doubt(&said(&model(""), &model(MORE)), "the body of the class raises builtins.KeyError"));
    // The name of its table may stand there as well, and a mixin's body stops like a model's.
    let late = |more: &str| {
        let class =
            "class B(Base):\n    id = Column(Integer, primary_key=True)\n    {}[\"x\"]\n    __tablename__ = \"b\"\n";
        vec![("models.py", format!("{HEAD}{class}{more}"))]
    };
    assert!(is_doubt(&said(&late(""), &late(MORE)), "the body of the class raises builtins.KeyError"));
    let mixed = |more: &str| {
        let model = B.replace("(Base)", "(M, Base)");
        vec![("models.py", format!("{HEAD}class M:\n    {{}}[\"x\"]\n{more}{model}"))]
    };
    assert!(is_doubt(&said(&mixed(""), &mixed(MORE)), "the body of the class raises builtins.KeyError"));
}

#[test]
fn a_model_whose_base_is_not_known() {
    let made = "from somelib import make\nBase = make(1)\n";
    for (before, reason) in [
        (made, "the base class that `somelib.make()` makes"),
        (
            "from .nothing import Base\n",
            "a base class that is not known: the module `.nothing` is not in the repository",
        ),
    ] {
        let found = added(before, "");
        assert!(is_doubt(&found, reason), "{before}: {found:?}");
        assert!(found[0].contains("the column b.z"), "{before}: {found:?}");
    }
    // A class without a table's name is no model on that account.
    let other = made.replace("Base", "Made");
    let plain = |more: &str| vec![("models.py", format!("{HEAD}{other}class C(Made):\n    x = 1\n{more}"))];
    assert_eq!(said(&plain(""), &plain("    y = 2\n")), [""; 0]);
    let mixed = B.replace("(Base)", "(with_metaclass(type, Base))");
    let with = |more: &str| vec![("models.py", format!("{HEAD}from six import with_metaclass\n{mixed}{more}"))];
    assert_eq!(said(&with(""), &with(MORE)), [MISSING]);
}

/// `@reopen(A) class __A: …` puts what a class without bases holds into another one.
#[test]
fn a_class_that_another_is_reopened_by() {
    let reopen = |bases: &str| {
        format!(
            "def reopen(cls):\n    def decorator(other):\n        if other.__bases__ != (object,):\n            raise TypeError(\"x\")\n        if other.__class__ is not type:\n            raise TypeError(\"y\")\n        for name, value in list(other.__dict__.items()):\n            setattr(cls, name, value)\n            delattr(other, name)\n        return cls\n    return decorator\n@reopen(A)\nclass __A{bases}:\n    def f(self):\n        pass\n"
        )
    };
    assert_eq!(added(&reopen(""), ""), [MISSING]);
    let refused = added(&reopen("(object, A)"), "");
    assert!(refused.iter().any(|one| one.contains("the module raises builtins.TypeError('x')")), "{refused:?}");
    let with = |more: &str| vec![("models.py", format!("{HEAD}{}{more}{B}", reopen("")))];
    let missing = "error missing-migration: the column a.z is declared but no migration adds it";
    assert_eq!(said(&with(""), &with(MORE)), [missing]);
}

/// `table=True` is SQLModel's, whoever made the class that it inherits from.
#[test]
fn a_table_of_sqlmodel_on_a_base_of_another_package() {
    let revision = REVISION.replace("\"b\", sa.Column(\"id\", sa.Integer()", "\"b\", sa.Column(\"id\", sa.Uuid()");
    let env = ENV.replace("from models import Base", "import models\nfrom sqlmodel import SQLModel as Base");
    let said_of = |keyword: &str, more_a: &str, more_b: &str| {
        let models = |more_a: &str, more_b: &str| {
            format!(
                "from typing import Optional\nfrom sqlmodel import SQLModel, Field\nfrom elsewhere import UserBase\n\
                 class B(UserBase{keyword}):\n    __tablename__ = \"b\"\n{more_b}class A(SQLModel, table=True):\n    id: Optional[int] = Field(default=None, primary_key=True)\n{more_a}"
            )
        };
        let after = [("models.py", models(more_a, more_b))];
        let before = [
            ("alembic/env.py", env.clone()),
            ("alembic/versions/a1_start.py", revision.clone()),
            ("models.py", models("", "")),
        ];
        said(&before, &after)
    };
    let column = "    n: Optional[int] = None\n";
    let missing = "error missing-migration: the column a.n is declared but no migration adds it";
    assert_eq!(said_of(", table=True", column, ""), [missing]);
    let found = said_of(", table=True", "", column);
    assert!(is_doubt(&found, "the column b.n cannot be judged: the base class `elsewhere.UserBase`"), "{found:?}");
    // A schema for data is no table.
    assert_eq!(said_of(", table=False", "", column), [""; 0]);
}

#[test]
fn one_name_in_the_metadata_of_two_databases() {
    let models = |more_a: &str, more_c: &str| {
        let other = "Other = declarative_base(metadata=MetaData(schema=\"other\"))\nclass C(Other):\n    __tablename__ = \"a\"\n    id = Column(Integer, primary_key=True)\n";
        let head = HEAD.replace("Column, Integer", "Column, Integer, MetaData");
        vec![("models.py", format!("{head}{more_a}{B}{other}{more_c}"))]
    };
    let env = ENV
        .replace("import Base", "import Base, Other")
        .replace("= Base.metadata", "= {\"one\": Base.metadata, \"two\": Other.metadata}");
    let ini = "[alembic]\nscript_location = alembic\nsqlalchemy.url = mysql://localhost/app\n".to_owned();
    let before = [vec![("alembic/env.py", env), ("alembic.ini", ini)], models("", "")].concat();
    // Which of the two the history is of is not known; the tables that have one name are judged as ever.
    let with_b = |more: &str| {
        let text = models("", "")[0].1.replace(B, &format!("{B}{more}"));
        said(&before, &[("models.py", text)])
    };
    assert_eq!(with_b(MORE), [MISSING]);
    let found = said(&before, &models(MORE, ""));
    assert!(is_doubt(&found, "the column a.z cannot be judged: another table is called a too"), "{found:?}");
    let found = said(&before, &models("", MORE));
    assert!(is_doubt(&found, "another table is called a too"), "{found:?}");
}

#[test]
fn a_key_to_a_table_of_which_not_all_is_known() {
    let models = |base: &str, target: &str, more: &str| {
        let head = HEAD.replace("Column, Integer", "Column, ForeignKey, Integer");
        format!(
            "{head}    b_id = Column(Integer, ForeignKey(\"b.{target}\"))\n{more}from elsewhere import IdMixin\nclass B({base}):\n    __tablename__ = \"b\"\n    x = Column(Integer)\n    __mapper_args__ = {{\"primary_key\": [x]}}\n"
        )
    };
    let (head, _) = REVISION.split_once("    op.").unwrap();
    let made = format!(
        "{head}    op.create_table(\"b\", sa.Column(\"id\", sa.Integer(), primary_key=True), sa.Column(\"x\", sa.Integer()))\n    op.create_table(\"a\", sa.Column(\"id\", sa.Integer(), primary_key=True), sa.Column(\"b_id\", sa.Integer(), sa.ForeignKey(\"b.id\")), sa.Column(\"c\", sa.Integer()))\n"
    );
    let said_of = |base: &str, more: &str| {
        let before = [
            ("alembic/versions/a1_start.py", made.clone()),
            ("models.py", models(base, "id", "    c = Column(Integer)\n")),
        ];
        said(&before, &[("models.py", models(base, "id", &format!("    c = Column(Integer)\n{more}")))])
    };
    let missing = "error missing-migration: the column a.n is declared but no migration adds it";
    assert_eq!(said_of("IdMixin, Base", "    n = Column(Integer)\n"), [missing]);
    // Where all of the table is known, the models contradict themselves.
    let found = said_of("Base", "    n = Column(Integer)\n");
    assert!(is_doubt(&found, "the column a.n cannot be judged: the column b.id does not exist"), "{found:?}");
    // The key itself is judged.
    let before = [
        ("alembic/versions/a1_start.py", made.clone()),
        ("models.py", models("IdMixin, Base", "id", "    c = Column(Integer)\n")),
    ];
    let after = [("models.py", models("IdMixin, Base", "id", "    c = Column(Integer, ForeignKey(\"b.id\"))\n"))];
    let found = said(&before, &after);
    assert!(
        matches!(found.as_slice(), [only] if only.contains("missing-migration: the foreign key (c) of a is declared but no migration adds it")),
        "{found:?}"
    );
}

#[test]
fn a_place_that_is_moved_or_set_anew_is_the_same_place() {
    let models = ("models.py", format!("{HEAD}{B}"));
    let revision = |statement: &str| {
        REVISION.replace("a1", "b2").replace("= None", "= \"a1\"").split("    op.").next().unwrap().to_owned()
            + &format!("    op.conjure({statement})\n")
    };
    let one = "alembic/versions/b2_one.py";
    let told = |path: &'static str, text: String| {
        let before = [models.clone(), (one, revision("'x', [1, 2]"))];
        let found =
            if path == one { said(&before, &[(path, text)]) } else { said_of_move(&before, (one, path), &text) };
        found.into_iter().filter(|one| one.contains("unjudged-change")).count()
    };
    assert_eq!(told(one, revision("\n        \"x\",\n        [1, 2],\n    ")), 0);
    assert_eq!(told(one, revision("'x', [1, 3]")), 1, "another place");
    assert_eq!(told("alembic/versions/b2_two.py", revision("'x', [1, 2]")), 0);
    assert_eq!(told("alembic/versions/b2_two.py", revision("'y', [1, 2]")), 1, "another place in a moved file");
}

#[test]
fn a_name_that_has_a_stand_in() {
    let config = "from shop_settings import config\nprefix = config[\"prefix\"] or \"x\"\nLONG = prefix + \".long\"\n";
    // Nothing behind it is lost.
    assert_eq!(added(config, ""), [MISSING]);
    // What is in a schema that is not known is not compared: an edit of it is a doubt, and no pass.
    let environment = "import os\nprefix = os.environ[\"S\"]\n";
    for (schema, reason) in
        [(config, "the schema of a table, which is no text"), (environment, "an environment variable")]
    {
        let model = B.replace("    id", "    __table_args__ = {\"schema\": prefix}\n    id");
        let with = |model: &str| vec![("models.py", format!("{HEAD}{schema}{model}"))];
        let told = said(&with(&model), &with(&format!("{model}{MORE}")));
        assert!(is_doubt(&told, reason), "{told:?}");
        // An edit elsewhere is none of it.
        let told = said(&with(&model), &with(&format!("{model}other = 1\n")));
        assert!(told.is_empty(), "{told:?}");
    }
}

#[test]
fn models_of_python_2_are_compared() {
    let methods = "    def find(self, q):\n        print \"at\", q\n        print >>log, q\n        exec q in {}\n        try:\n            q = q.replace(u'%', ur'\\%')\n        except (A, B), e:\n            raise E, 'x'\n        return q <> 10L\n";
    let old = |model: &str| vec![("models.py", format!("{HEAD}{methods}{model}"))];
    // Of a file that is so already nothing is said, and an edit of a model in it is judged.
    assert_eq!(said(&old(B), &old(&format!("{B}{MORE}"))), [MISSING]);
    assert!(said(&old(B), &old(&format!("{B}# why\n"))).is_empty());
    // One that becomes so is told: on Python 3 it does not run.
    let told = said(&[("models.py", format!("{HEAD}{B}"))], &old(B));
    assert!(
        matches!(&told[..], [only] if only.contains("unreadable-source: models.py cannot be read by Python 3")),
        "{told:?}"
    );
    // A mistake in Python 3 is one whatever it looks like, and so is what is no Python 2 either.
    for text in [
        format!("{HEAD}{B}X: int = 1\nprint X\n"),
        format!("{HEAD}{B}x = f''\nprint x\n"),
        format!("{HEAD}{B}print x\ny = = 1\n"),
    ] {
        let told = said(&[("models.py", text.clone())], &[("models.py", text.replace(B, &format!("{B}{MORE}")))]);
        assert!(
            told.iter().any(|line| line.contains("unreadable-source: models.py cannot be read: this is")),
            "{told:?}"
        );
    }
}

#[test]
fn revisions_of_python_2_are_run() {
    let second = |body: &str| {
        let head = REVISION.replace("\"a1\"", "\"b2\"").replace("= None", "= \"a1\"");
        let head = head.split("    op.create_table").next().unwrap().to_owned();
        ("alembic/versions/b2_more.py", format!("{head}{body}"))
    };
    let add = "    print \"adding\", 0755\n    op.add_column(\"b\", sa.Column(\"z\", sa.Integer()))\n";
    let more = ("models.py", format!("{HEAD}{B}{MORE}"));
    let old =
        [("models.py", format!("{HEAD}{B}")), ("alembic/versions/a1_start.py", format!("{REVISION}    print 1\n"))];
    // A project of Python 2: what its revisions do is what they do.
    assert!(said(&old, &[more.clone(), second(add)]).is_empty());
    assert_eq!(
        said(&old, &[more.clone(), second("    print \"adding\"\n")]),
        ["error uncovered-change: the column b.z is declared but no migration adds it"]
    );
    assert!(
        said(&[second(add), more.clone()], &[("models.py", format!("{HEAD}{B}"))])[0].contains("no longer declared")
    );
    // In a project of Python 3 the first one is told, for it stops there.
    let new = [("models.py", format!("{HEAD}{B}"))];
    let told = said(&new, &[more, second(add)]);
    assert!(
        matches!(&told[..], [only] if only.contains("b2_more.py cannot be read by Python 3: this is Python 2")),
        "{told:?}"
    );
}

#[test]
fn a_module_beside_the_one_that_imports_it() {
    let mixin = |more: &str| {
        format!("from sqlalchemy import Column, Integer\nclass Mixin(object):\n    m = Column(Integer)\n{more}")
    };
    let models = |head: &str, import: &str| {
        format!(
            "{HEAD}{import}\nclass C(Mixin, Base):\n    __tablename__ = \"c\"\n    id = Column(Integer, primary_key=True)\n{head}"
        )
    };
    let said_of = |head: &str, import: &str, sibling: &'static str, top: Option<&'static str>| {
        let mut files = vec![
            ("alembic/env.py", ENV.replace("from models", "from pkg.models")),
            ("pkg/__init__.py", String::new()),
            ("pkg/auth/__init__.py", String::new()),
            ("pkg/models.py", models(head, import)),
            (sibling, mixin("")),
        ];
        files.extend(top.map(|path| (path, "class Mixin(object):\n    pass\n".to_owned())));
        said(&files, &[(sibling, mixin("    z = Column(Integer)\n"))])
    };
    let missing = ["error missing-migration: the column c.z is declared but no migration adds it"];
    let old = "def f():\n    print 'x'\n";
    for (head, import, sibling) in [
        (old, "from auth.models import Mixin", "pkg/auth/models.py"),
        (old, "from mixins import Mixin", "pkg/mixins.py"),
        ("", "from auth.models import Mixin", "pkg/auth/models.py"),
        ("", "from mixins import Mixin", "pkg/mixins.py"),
    ] {
        assert_eq!(said_of(head, import, sibling, None), missing, "{head}{import}");
    }
    // In Python 2 it goes before one of the same name elsewhere, in Python 3 it does not.
    let mixins = |head: &str| said_of(head, "from mixins import Mixin", "pkg/mixins.py", Some("mixins.py"));
    assert_eq!(mixins(old), missing);
    assert_eq!(mixins(""), [""; 0]);
    assert_eq!(mixins(&format!("{old}from __future__ import absolute_import\n")), [""; 0]);
}

#[test]
fn a_table_of_a_database_that_is_not_known() {
    // The revision makes "b"; whether this `db` is one of Flask-SQLAlchemy is not known, so neither is what "b" has.
    for (db, reason) in [
        ("db = None\n", "None has no attribute `Table`"),
        ("from shop_base.db import db\n", "`shop_base.db.db` of another package"),
    ] {
        let known = [("models.py", format!("{HEAD}{B}"))];
        let table = "t = db.Table(\"b\", Base.metadata, Column(\"id\", Integer, primary_key=True))\n";
        let told = said(&known, &[("models.py", format!("{HEAD}{db}{table}"))]);
        assert!(is_doubt(&told, reason), "{told:?}");
        // Another table is none of it, and what other people call a table neither.
        let told = said(&known, &[("models.py", format!("{HEAD}{db}{}", table.replace("\"b\"", "\"c\"")))]);
        assert!(told.iter().any(|line| line.contains("the table b is no longer declared")), "{told:?}");
        let told = said(&known, &[("models.py", format!("{HEAD}from rich.table import Table\nt = Table(\"b\")\n"))]);
        assert!(told.iter().any(|line| line.contains("the table b is no longer declared")), "{told:?}");
    }
}

#[test]
fn a_model_whose_base_names_its_table() {
    let base = "import shop_base\nShop = shop_base.make_base()\n";
    let model = "class B(Shop):\n    id = Column(Integer, primary_key=True)\n";
    let known = [("models.py", format!("{HEAD}{B}"))];
    // The revision makes "b", and what `Shop` calls the table of the class is not known.
    let told = said(&known, &[("models.py", format!("{HEAD}{base}{model}"))]);
    assert!(is_doubt(&told, "the table of the class B, which a base that another package makes names"), "{told:?}");
    // Two such classes are two places, however many names either may have.
    let told = said(
        &known,
        &[(
            "models.py",
            format!("{HEAD}{B}{base}{}{}", model.replace("class B", "class C"), model.replace("class B", "class D")),
        )],
    );
    assert!(is_doubt(&told, "and 1 further place"), "{told:?}");
    // An edit of it is a doubt as well, and one elsewhere is none.
    let with = |model: &str| vec![("models.py", format!("{HEAD}{B}{base}{}", model.replace("class B", "class C")))];
    let told = said(&with(model), &with(&format!("{model}{MORE}")));
    assert!(is_doubt(&told, "the table of the class C"), "{told:?}");
    assert!(said(&with(model), &with(&format!("{model}other = 1\n"))).is_empty());
    // Neither a class without a key nor one of no base is a model, and other tables are judged.
    for other in [
        model.replace("primary_key=True", "index=True"),
        model.replace("(Shop)", ""),
        model.replace("class B", "class Other"),
    ] {
        let told = said(&known, &[("models.py", format!("{HEAD}{base}{other}"))]);
        assert!(told.iter().any(|line| line.contains("the table b is no longer declared")), "{told:?}");
    }
}

#[test]
fn a_model_whose_base_a_decorator_of_another_package_makes() {
    // As `residue.declarative_base` does: the class below it has the key, and what names the tables is not here.
    let key = "    id = Column(Integer, primary_key=True)\n";
    let shop = |decorator: &str| format!("import shop_base\n{decorator}class Shop:\n{key}");
    let known = [("models.py", format!("{HEAD}{B}"))];
    for decorator in ["@shop_base.declarative_base\n", "@shop_base.declarative_base(metadata=Base.metadata)\n"] {
        let with = |more: &str| vec![("models.py", format!("{HEAD}{}{more}", shop(decorator)))];
        let b = "class B(Shop):\n    x = Column(Integer)\n";
        let reason = "the table of the class B, which a base that another package makes names";
        let told = said(&known, &with(b));
        assert!(is_doubt(&told, reason), "{told:?}");
        // Below a class between them it is the same, and an edit of it is another doubt.
        let between = format!("class Between(Shop):\n    pass\n{}", b.replace("Shop", "Between"));
        let told = said(&known, &with(&between));
        assert!(told.iter().all(|line| line.starts_with("warning unjudged-change: ")), "{told:?}");
        assert!(told.iter().any(|line| line.contains(reason)), "{told:?}");
        let told = said(&with(b), &with(&format!("{b}{MORE}")));
        assert!(is_doubt(&told, reason), "{told:?}");
        // One that names its table itself is judged where its metadata is known, and never passes.
        let named = format!("{b}    __tablename__ = \"b\"\n");
        let told = said(&known, &with(&named));
        assert!(told.iter().any(|line| line.contains("b.x") || line.contains("the table b")), "{told:?}");
        let told = said(&with(&named), &with(&format!("{named}{MORE}")));
        let metadata = decorator.contains("metadata");
        assert!(told.iter().any(|line| line.contains("b.z") && line.starts_with("error") || !metadata), "{told:?}");
        assert!(!told.is_empty(), "{decorator}");
        // What refers to such a table is not refused on that account.
        let refers = "from sqlalchemy import ForeignKey\nclass N(Base):\n    __tablename__ = \"n\"\n    id = Column(Integer, ForeignKey(\"b.id\"), primary_key=True)\n";
        let told = said(&known, &with(&format!("{b}{refers}")));
        assert!(told.iter().all(|line| !line.contains("SQLAlchemy refuses")), "{told:?}");
        // A migration that makes the table of no such class is told, and so is a model of the project's that goes.
        for other in ["", "class Other(Shop):\n    pass\n", "class B:\n    x = Column(Integer)\n"] {
            let told = said(&known, &with(other));
            assert!(told.iter().any(|line| line.contains("the table b is no longer declared")), "{told:?}");
        }
    }
    // The class that is decorated is the base and has no table, and decorators that make nothing make no base.
    let told = said(&known, &[("models.py", format!("{HEAD}{}", shop("@shop_base.base\n").replace("Shop", "B")))]);
    assert!(told.iter().any(|line| line.contains("the table b is no longer declared")), "{told:?}");
    for decorator in ["@functools.total_ordering\n", "@dataclasses.dataclass\n", ""] {
        let text = format!("{HEAD}import dataclasses, functools\n{}class B(Shop):\n    pass\n", shop(decorator));
        let told = said(&known, &[("models.py", text)]);
        assert!(told.iter().any(|line| line.contains("the table b is no longer declared")), "{told:?}");
    }
}

#[test]
fn a_model_to_which_a_mixin_of_another_package_may_give_its_table() {
    let mixed = "from parts import GroupMixin\nclass Group(GroupMixin, Base):\n    pass\n";
    let known = [("models.py", format!("{HEAD}{mixed}{B}"))];
    let of = |more: &str| said(&known, &[("models.py", format!("{HEAD}{mixed}{B}{more}"))]);
    // Of its table alone nothing is known: another is judged, and so is a model that is new or goes.
    assert_eq!(of(MORE), [MISSING]);
    assert_eq!(
        of(&B.replace("B(", "C(").replace("\"b\"", "\"c\"")),
        ["error missing-migration: the table c is declared but no migration creates it"]
    );
    let told = said(&known, &[("models.py", format!("{HEAD}{mixed}"))]);
    assert!(told.iter().any(|line| line.contains("the table b is no longer declared")), "{told:?}");
    // An edit of it, and a table that may be its own, are doubts; so is a key to that.
    for class in ["Group", "GroupThing"] {
        let class = mixed.replace("Group(", &format!("{class}("));
        let told = said(&[("models.py", format!("{HEAD}{B}"))], &[("models.py", format!("{HEAD}{class}{B}"))]);
        assert!(is_doubt(&told, "the base class `parts.GroupMixin` of another package"), "{told:?}");
    }
    let made = "    op.create_table(\"groups\", sa.Column(\"id\", sa.Integer(), primary_key=True))\n";
    let told = said(&known, &[("alembic/versions/a1_start.py", format!("{REVISION}{made}"))]);
    assert!(told.iter().all(|line| !line.contains("undeclared-change")), "{told:?}");
    let other = made.replace("groups", "other");
    let told = said(&known, &[("alembic/versions/a1_start.py", format!("{REVISION}{other}"))]);
    assert!(told.iter().any(|line| line.contains("the table other")), "{told:?}");
    let key = "    g = Column(Integer, ForeignKey(\"groups.id\"))\n";
    let with_key = format!("{HEAD}from sqlalchemy import ForeignKey\n{mixed}{B}{key}");
    let told = said(&known, &[("models.py", with_key)]);
    assert!(told.iter().any(|line| line.contains("the column b.g")), "{told:?}");
    // Where every model is so, each is in doubt for itself.
    let alone = |more: &str| {
        vec![(
            "models.py",
            format!(
                "{}{mixed}{more}",
                HEAD.replace("(Base)", "(M, Base)")
                    .replace("Base = ", "from parts import M\nBase = ")
                    .replace("    __tablename__ = \"a\"\n", "")
            ),
        )]
    };
    let told = said(&alone(""), &alone("class Note(M, Base):\n    x = Column(Integer)\n"));
    assert!(is_doubt(&told, "the table of the class Note"), "{told:?}");
    // A class of the project alone that has no name for its table is refused, as it was.
    let told = said(&known, &[("models.py", format!("{HEAD}{mixed}{B}class D(Base):\n    pass\n"))]);
    assert!(is_doubt(&told, "the class D has neither a __table__ nor a __tablename__"), "{told:?}");
}

#[test]
fn a_model_that_env_py_imports_from_now_on_is_not_hidden() {
    let base = "from sqlalchemy.orm import declarative_base\nBase = declarative_base()\n".to_owned();
    let models = HEAD
        .replace("from sqlalchemy.orm import declarative_base\nBase = declarative_base()\n", "from base import Base\n");
    let env = |import: &str| ENV.replace("from models import Base\n", &format!("from base import Base\n{import}"));
    let before = [
        ("base.py", base),
        ("models.py", format!("{models}{B}")),
        ("alembic/env.py", env("")),
        ("other.py", "x = 1\n".to_owned()),
    ];
    let narrowed = |env: String| {
        let told = said(&before, &[("alembic/env.py", env)]);
        told.into_iter().filter(|line| line.contains("narrowed-check")).collect::<Vec<_>>()
    };
    assert_eq!(narrowed(env("import models\n")), <[&str; 0]>::default());
    // What it leaves out besides is told.
    let filter = "import models\n\n\ndef include_object(object, name, type_, reflected, compare_to):\n    return name != \"b\"\n";
    let filtered = env(filter)
        .replace("target_metadata=target_metadata)", "target_metadata=target_metadata, include_object=include_object)");
    let without_b = [&before[..], &[("models.py", models)]].concat();
    let told = said(&without_b, &[("alembic/env.py", filtered)]);
    assert!(told.iter().any(|line| line.contains("narrowed-check") && line.contains("the table b")), "{told:?}");
}

#[test]
fn a_table_that_was_there_and_that_a_base_names() {
    // The database was there before the migrations, and made of these models.
    let base = "import shop_base\nfrom sqlalchemy import Column, Integer\nfrom sqlalchemy.orm import declarative_base\nBase = declarative_base()\nShop = shop_base.make_base()\n";
    let model = |name: &str| format!("class {name}(Shop):\n    id = Column(Integer, primary_key=True)\n");
    let start = "from alembic import op\nrevision = \"a1\"\ndown_revision = None\n\n\ndef upgrade():\n    pass\n";
    let next = |id: u8, table: &str| {
        let before = id - 1;
        format!(
            "from alembic import op\nimport sqlalchemy as sa\nrevision = \"a{id}\"\ndown_revision = \"a{before}\"\n\n\ndef upgrade():\n    op.add_column(\"{table}\", sa.Column(\"z{id}\", sa.Integer()))\n"
        )
    };
    let before = [
        ("alembic/versions/a1_start.py", start.to_owned()),
        ("alembic/versions/a2_next.py", next(2, "order")),
        ("models.py", format!("{base}{}", model("Order"))),
    ];
    let broken = |table: &str| {
        let told = said(&before, &[("alembic/versions/a3_next.py", next(3, table))]);
        told.into_iter().filter(|line| line.contains("broken-history")).collect::<Vec<_>>()
    };
    assert_eq!(broken("order"), <[&str; 0]>::default());
    // One that no model can be of is nobody's.
    assert!(
        broken("basket").iter().any(|line| line.contains("the table basket does not exist")),
        "{:?}",
        broken("basket")
    );
}
