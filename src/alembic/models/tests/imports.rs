//! Which modules are read: those that a package lists, and those that nothing imports.

use super::features::{project, read, told};
use crate::catalog::{ObjectName, Reach};
use crate::git::MemorySnapshot;

#[test]
fn modules_that_a_package_lists_for_a_star_are_read() {
    let base = "from sqlalchemy import Column, Integer\nfrom sqlalchemy.orm import declarative_base\nBase = declarative_base()\nclass T(Base):\n    __tablename__ = 't'\n    id = Column(Integer, primary_key=True)\n";
    let model = |name: &str| {
        format!(
            "from sqlalchemy import Column, Integer\nfrom base import Base\nclass M(Base):\n    __tablename__ = '{name}'\n    id = Column(Integer, primary_key=True)\n"
        )
    };
    let (one, deep) = (model("one"), model("deep"));
    let read_with = |init: &str, imports: &str| {
        let files = [("base.py", base), ("db/__init__.py", init), ("db/one.py", &one), ("db/more/deep.py", &deep)];
        told(&read(&project(&files, imports, "Base.metadata")).catalog)
    };
    let star = "from base import Base\nfrom db import *";
    let globbed = "import glob\nfrom os.path import basename, dirname, isfile, join\nfound = glob.glob(join(dirname(__file__), '*.py'))\n__all__ = [basename(f)[:-3] for f in found if isfile(f) and not f.endswith('__init__.py')]\n";
    let listed = "import os\n__all__ = [f[:-3] for f in os.listdir(os.path.dirname(__file__)) if f.endswith('.py') and f != '__init__.py']\n";
    for init in [globbed, listed] {
        assert_eq!(read_with(init, star), ["one(id integer)", "t(id integer)"], "{init}");
        // Without a star a package's `__all__` imports nothing.
        assert_eq!(read_with(init, "from base import Base\nimport db"), ["t(id integer)"], "{init}");
    }
    // Names that are written are imported, and they alone; what is computed otherwise names no modules.
    assert_eq!(read_with("__all__ = ['one']\n", star), ["one(id integer)", "t(id integer)"]);
    for init in ["__all__ = []  # glob\n", "import settings\n__all__ = settings.names()\n", "glob = 1\n"] {
        assert_eq!(read_with(init, star), ["t(id integer)"], "{init}");
    }
}

#[test]
fn modules_that_a_library_imports_by_name_are_read() {
    let base = "from sqlalchemy import Column, Integer\nfrom sqlalchemy.orm import declarative_base\nBase = declarative_base()\n";
    let model = |name: &str| {
        format!(
            "from sqlalchemy import Column, Integer\nfrom base import Base\nclass M(Base):\n    __tablename__ = '{name}'\n    id = Column(Integer, primary_key=True)\n"
        )
    };
    let (one, two, deep) = (model("one"), model("two"), model("deep"));
    let tables = |imports: &str| {
        let files = [
            ("base.py", base),
            ("db/__init__.py", ""),
            ("db/one.py", &one),
            ("db/two.py", &two),
            ("db/more/__init__.py", ""),
            ("db/more/deep.py", &deep),
        ];
        told(&read(&project(&files, &format!("from base import Base\n{imports}\n"), "Base.metadata")).catalog)
    };
    let [one, two, deep] = ["one", "two", "deep"].map(|name| format!("{name}(id integer)"));
    for path in
        ["oslo_utils import importutils\nimportutils.try_import", "importlib import import_module\nimport_module"]
    {
        assert_eq!(tables(&format!("from {path}('db.one')")), [&*one], "{path}");
    }
    for imports in [
        "from straight.plugin import load\nload('db', subclasses=Base)",
        "from werkzeug.utils import find_modules\nfor name in find_modules('db'):\n    pass",
    ] {
        assert_eq!(tables(imports), [&*one, &*two], "{imports}");
    }
    let imports = "from werkzeug.utils import find_modules\nfor name in find_modules('db', recursive=True):\n    pass";
    assert_eq!(tables(imports), [deep, one, two]);
}

#[test]
fn a_model_that_nothing_imports_refuses_no_other() {
    let keyless =
        "from app import db\nclass Word(db.Model):\n    __tablename__ = 'words'\n    text = db.Column(db.Text)\n";
    let reaches = |more: &[(&str, &str)]| {
        let mut files = vec![
            ("migrations/alembic.ini", "[alembic]\n"),
            (
                "migrations/env.py",
                "from flask import current_app\nfrom alembic import context\nget = current_app.extensions['migrate'].db",
            ),
            (
                "app/__init__.py",
                "from flask_sqlalchemy import SQLAlchemy\nfrom flask_migrate import Migrate\ndb = SQLAlchemy()\nmigrate = Migrate()\n",
            ),
            (
                "app/user.py",
                "from app import db\nclass User(db.Model):\n    id = db.Column(db.Integer, primary_key=True)\n",
            ),
            ("app/word.py", keyless),
        ];
        files.extend(more);
        let declared = read(&MemorySnapshot::new(files));
        assert_eq!(told(&declared.catalog), ["user(id integer)"]);
        let refused = declared.catalog.doubts.iter().filter(|doubt| doubt.reason.contains("no primary key"));
        refused.map(|doubt| doubt.reach.clone()).collect::<Vec<_>>()
    };
    let apart = vec![Reach::Table(ObjectName::bare("words"))];
    assert_eq!(reaches(&[]), apart);
    assert_eq!(reaches(&[("tests/test_word.py", "from app.word import Word")]), apart, "a test is not the application");
    // The models are refused where something imports it, by whatever name.
    for (path, text) in [
        ("app/views.py", "def show():\n    from app.word import Word\n"),
        ("app/views.py", "from . import word"),
        ("run.py", "import app.word"),
        ("app/load.py", "import importlib\nimportlib.import_module(name)"),
        ("app/models/__init__.py", "import os\n__all__ = [f[:-3] for f in os.listdir('.')]"),
    ] {
        assert_eq!(reaches(&[(path, text)]), [Reach::Everything], "{path}: {text}");
    }
}
