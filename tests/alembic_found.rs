//! Which modules of a repository the models are taken from, and what is said where they are not found.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may")]

mod support;
#[path = "support/verdict.rs"]
mod verdict;

use support::TestRepo;

const MODELS: &str = "from sqlalchemy import Column, Integer\nfrom sqlalchemy.orm import declarative_base\nBase = declarative_base()\n\n\nclass A(Base):\n    __tablename__ = \"a\"\n    id = Column(Integer, primary_key=True)\n";
const MORE: &str = "    b = Column(Integer)\n";
const MISSING: &str = "error missing-migration: the column a.b is declared but no migration adds it";
const NOTHING: [&str; 0] = [];

/// An `env.py` that takes its models by these statements, and compares `Base.metadata`.
fn env(imports: &str) -> String {
    format!(
        "from alembic import context\n{imports}\n\ntarget_metadata = Base.metadata\ncontext.configure(target_metadata=target_metadata)\n"
    )
}

/// A committed project with these files beside its revision, which makes the table `a`.
fn project(files: &[(&str, &str)]) -> TestRepo {
    let repo = TestRepo::new();
    repo.write(
        "alembic.ini",
        "[alembic]\nscript_location = alembic\nprepend_sys_path = .\nsqlalchemy.url = postgresql://localhost/app\n",
    );
    repo.write(
        "alembic/versions/a1_start.py",
        "from alembic import op\nimport sqlalchemy as sa\n\nrevision = \"a1\"\ndown_revision = None\n\n\ndef upgrade():\n    op.create_table(\"a\", sa.Column(\"id\", sa.Integer(), primary_key=True))\n",
    );
    for (path, text) in files {
        repo.write(path, text);
    }
    repo.commit("A project");
    repo
}

/// What is said of all that was written since.
fn said(repo: &TestRepo) -> Vec<String> {
    verdict::staged(repo).iter().map(ToString::to_string).collect()
}

#[test]
fn a_namespace_package_in_several_folders() {
    for imports in [
        "from ns.db.models import Base",
        "from ns.db import models\nBase = models.Base",
        "import ns.db.models\nBase = ns.db.models.Base",
        "from ns.tool.core import Base",
        "from app.models import Base",
    ] {
        for path in ["components/ns/db/models.py", "components/ns/db/models/__init__.py"] {
            let repo = project(&[
                ("alembic/env.py", &env(imports)),
                ("bases/ns/tool/core.py", "from ..db.models import Base\nfrom ..db import models\n"),
                ("components/ns/db/__init__.py", ""),
                ("app/models.py", "from ns.db.models import Base\n"),
                (path, MODELS),
            ]);
            repo.write(path, &format!("{MODELS}{MORE}"));
            assert_eq!(said(&repo), [MISSING], "{imports} {path}");
        }
    }
}

#[test]
fn of_several_folders_with_one_name_the_one_that_the_package_manager_has() {
    let with = |pyproject: &str| {
        let repo = project(&[
            ("alembic/env.py", &env("from ns.db.models import Base")),
            ("components/ns/db/models.py", MODELS),
            ("old/ns/db/models.py", MODELS),
            ("pyproject.toml", pyproject),
        ]);
        repo.write("components/ns/db/models.py", &format!("{MODELS}{MORE}"));
        said(&repo)
    };
    for pyproject in [
        "[tool.poetry]\npackages = [{ include = \"ns/db\", from = \"components\" }]\n",
        "[tool.polylith.bricks]\n\"components/ns/db\" = \"ns/db\"\n",
        "[tool.setuptools.packages.find]\nwhere = ['components']\n",
    ] {
        assert_eq!(with(pyproject), [MISSING], "{pyproject}");
    }
    let told = with("");
    assert!(matches!(told.as_slice(), [only] if only.starts_with("warning unjudged-change: ")), "{told:?}");
}

#[test]
fn models_that_are_not_found_are_never_passed_over_in_silence() {
    let other = MODELS.replace("\"a\"", "\"other\"");
    for imports in [
        "from corp.db.models import Base",
        "from corp.db import Base",
        "from corp import db\nBase = db.Base",
        "import corp.db\nBase = corp.db.Base",
        "from db.corp import Base",
        "from ..db.models import Base",
        "from corp import make\nBase = make()",
        "from corp import make\nBase = make().registry",
        "import os\nBase = os.environ[\"BASE\"]",
    ] {
        let repo = project(&[("alembic/env.py", &env(imports)), ("db/__init__.py", ""), ("lib/corp/x.py", MODELS)]);
        repo.write("lib/corp/x.py", &format!("{MODELS}{MORE}"));
        let told = said(&repo);
        assert!(
            matches!(told.as_slice(), [only] if only == MISSING || only.starts_with("warning unjudged-change: ")),
            "{imports} {told:?}"
        );
        // A file that declares nothing is no concern of it.
        repo.commit("A column");
        repo.write("lib/corp/y.py", "x = 1\n");
        assert_eq!(said(&repo), NOTHING, "{imports}");
        repo.write("lib/corp/z.py", &other);
        assert_ne!(said(&repo), NOTHING, "{imports}");
    }
}

#[test]
fn a_script_that_nothing_imports_and_that_never_ends() {
    let script = "from sqlalchemy import MetaData, Table\nt = Table(\"traceback\", MetaData())\nwhile 1:\n    for file in [1, 2]:\n        t.insert().values(file)\n";
    let base = "from sqlalchemy.orm import declarative_base\nBase = declarative_base()\n";
    let models = MODELS.replace(
        "from sqlalchemy.orm import declarative_base\nBase = declarative_base()\n",
        "from app.base import Base\n",
    );
    let files = [
        ("alembic/env.py", &*env("from app.base import Base")),
        ("app/base.py", base),
        ("app/models.py", &*models),
        ("app/a_script.py", script),
    ];
    let edited = |files: &[(&str, &str)], path: &str, text: &str| {
        let repo = project(files);
        repo.write(path, text);
        said(&repo)
    };
    // Every module with models is read, the script first.
    assert_eq!(edited(&files, "app/models.py", &format!("{models}{MORE}")), [MISSING]);
    // What the script itself does not get to is said.
    let more = "class B(Base):\n    __tablename__ = \"b\"\n    id = Column(Integer, primary_key=True)\n";
    let told = edited(&files, "app/a_script.py", &format!("from app.models import *\n{script}{more}"));
    assert!(matches!(told.as_slice(), [only] if only.starts_with("warning unjudged-change: ")), "{told:?}");
    // One that the models import is theirs: then nothing is known for certain.
    let importing = models.replacen("from", "import app.a_script\nfrom", 1);
    let mut imported = files;
    imported[2].1 = &importing;
    let told = edited(&imported, "app/models.py", &format!("{importing}{MORE}"));
    assert!(
        matches!(told.as_slice(), [only] if only.starts_with("warning unjudged-change: ") && only.contains("a.b")),
        "{told:?}"
    );
}

#[test]
fn a_new_module_that_something_may_import() {
    let base = "from sqlalchemy.orm import declarative_base\nBase = declarative_base()\n";
    let model = |class: &str, table: &str| {
        format!(
            "from sqlalchemy import Column, Integer\nfrom app.base import Base\n\n\nclass {class}(Base):\n    __tablename__ = \"{table}\"\n    id = Column(Integer, primary_key=True)\n"
        )
    };
    let loader = "import importlib\nimport os\n\n\ndef load_modules(directory, base=None, depth=0):\n    for root, dirs, files in os.walk(directory):\n        for f in files:\n            if f.endswith(\".py\"):\n                yield importlib.import_module(f\"{base}.{f[:-3]}\")\n\n\ndef get_dir():\n    return os.path.dirname(os.path.abspath(__file__))\n";
    let (first, second) = (model("A", "a"), model("B", "b"));
    let rules = |imports: &str| -> Vec<String> {
        let repo = project(&[
            ("alembic/env.py", &env(imports)),
            ("app/__init__.py", ""),
            ("app/base.py", base),
            ("app/load.py", loader),
            ("app/named.py", &model("N", "n")),
            ("app/plugins/__init__.py", ""),
            ("app/other/__init__.py", ""),
            ("app/plugins/first.py", &first),
            (
                "alembic/versions/b2_n.py",
                "from alembic import op\nimport sqlalchemy as sa\n\nrevision = \"b2\"\ndown_revision = \"a1\"\n\n\ndef upgrade():\n    op.create_table(\"n\", sa.Column(\"id\", sa.Integer(), primary_key=True))\n",
            ),
        ]);
        repo.write("app/plugins/second.py", &second);
        verdict::staged(&repo).into_iter().map(|one| one.rule).collect()
    };
    let told = ["unregistered-model"];
    for imports in [
        "from app.base import Base",
        "import os\nfrom app.base import Base\nfrom app.load import get_dir, load_modules\nlist(load_modules(os.path.join(get_dir(), \"plugins\"), depth=1))",
        "import os\nfrom app.base import Base\nimport app.named\nfrom app.load import get_dir, load_modules\nlist(load_modules(os.path.join(get_dir(), \"plugins\"), depth=1))",
        "import glob, importlib\nfrom app.base import Base\nimport app.named\nfor path in glob.glob(\"app/plugins/*.py\"):\n    importlib.import_module(path.replace(\"/\", \".\"))",
        "from oslo_utils import importutils\nfrom app.base import Base\nimport app.named\nimportutils.try_import(\"app.plugins.second\")",
        "from gatherer import gather\nfrom app.base import Base\nimport app.named\ngather(include=[\"app.plugins\"])",
        "from straight.plugin import load\nfrom app.base import Base\nimport app.named\nload(\"app.plugins\", subclasses=Base)",
    ] {
        assert!(!rules(imports).contains(&told[0].to_owned()), "{imports} {:?}", rules(imports));
    }
    for imports in [
        "from app.base import Base\nimport app.named",
        "from app.base import Base\nimport app.named, app.plugins.first",
        "from oslo_utils import importutils\nfrom app.base import Base\nimport app.named\nimportutils.try_import(\"app.plugins.first\")",
        "from gatherer import gather\nfrom app.base import Base\nimport app.named\ngather(include=[\"app.other\"])",
        "from straight.plugin import load\nfrom app.base import Base\nimport app.named\nload(\"app.other\", subclasses=Base)",
        "import logging\nfrom app.base import Base\nimport app.named\nlogging.getLogger(\"app.plugins\")",
    ] {
        assert!(rules(imports).contains(&told[0].to_owned()), "{imports} {:?}", rules(imports));
    }
}
