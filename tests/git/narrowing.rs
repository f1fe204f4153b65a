//! Changes that take something out of what is checked, and changes of the same form that do not.

use crate::passes::{FIRST, SCHEMA, SECOND, SECOND_PATH, check, project, wider};
use crate::support::TestRepo;

const NOTHING: [&str; 0] = [];

/// The findings of the rule with their levels.
fn narrowed(repo: &TestRepo) -> Vec<String> {
    let output = check(repo, &["--staged"]);
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).expect("the report is JSON");
    let findings = report["findings"].as_array().unwrap().iter();
    let own = findings.filter(|finding| finding["rule"] == "narrowed-check");
    own.map(|finding| format!("{}: {}", finding["level"], finding["message"]).replace('"', "")).collect()
}

/// Stages a change of a committed project, and says what is told of it.
fn after(repo: TestRepo, change: impl FnOnce(&TestRepo)) -> Vec<String> {
    repo.commit("base");
    change(&repo);
    repo.add();
    narrowed(&repo)
}

#[test]
fn a_schema_that_is_gone_from_its_migrations_is_told() {
    let gone = "error: the schema prisma/schema.prisma is gone, and nothing is compared with the migrations in prisma/migrations";
    assert_eq!(after(project(), |repo| drop(repo.git(&["rm", "-q", "prisma/schema.prisma"]))), [gone]);
    let moved = |to: &'static str| {
        move |repo: &TestRepo| {
            std::fs::create_dir_all(repo.root().join(to).parent().unwrap()).unwrap();
            repo.git(&["mv", "prisma/schema.prisma", to]);
        }
    };
    assert_eq!(after(project(), moved("src/db/schema.prisma")), [gone]);
    assert_eq!(after(project(), moved("tests/fixtures/schema.prisma")), [gone]);
    assert_eq!(after(project(), moved("prisma/schema.txt")), [gone]);
}

#[test]
fn a_project_that_is_moved_out_of_sight_is_told() {
    let told = after(project(), |repo| {
        std::fs::create_dir_all(repo.root().join("dist")).unwrap();
        repo.git(&["mv", "prisma", "dist/prisma"]);
    });
    assert_eq!(
        told,
        [
            "error: the project . was moved to where none is looked for: its migrations are now in dist/prisma/migrations"
        ]
    );
}

#[test]
fn a_project_that_is_retired_or_moved_as_a_whole_is_fine() {
    assert_eq!(after(project(), |repo| drop(repo.git(&["rm", "-rq", "prisma"]))), NOTHING);
    assert_eq!(after(project(), |repo| drop(repo.git(&["mv", "prisma", "db"]))), NOTHING);
}

#[test]
fn what_a_moved_project_lacked_before_is_not_told_again() {
    let repo = project();
    repo.write("prisma/schema.prisma", &wider());
    repo.commit("base");
    std::fs::create_dir_all(repo.root().join("packages/database")).unwrap();
    repo.git(&["mv", "prisma", "packages/database/prisma"]);
    let findings = |repo: &TestRepo| {
        repo.add();
        let report: serde_json::Value = serde_json::from_slice(&check(repo, &["--staged"]).stdout).unwrap();
        let findings = report["findings"].as_array().unwrap().iter();
        findings.map(|finding| finding["rule"].as_str().unwrap().to_owned()).collect::<Vec<String>>()
    };
    assert_eq!(findings(&repo), NOTHING);
    // What the move brings along is.
    repo.write("packages/database/prisma/schema.prisma", &wider().replace("nick", "nickname"));
    assert_eq!(findings(&repo), ["missing-migration"]);
}

const CONFIG: &str = "export default { schema: 'a/schema.prisma' }\n";

/// Two schemas, the first of which `prisma.config.ts` names; the second is as given.
fn two(second: &str) -> TestRepo {
    let repo = TestRepo::new();
    for (folder, schema) in [("a", SCHEMA), ("b", second)] {
        repo.write(&format!("{folder}/schema.prisma"), schema);
        repo.write(&format!("{folder}/migrations/migration_lock.toml"), "provider = \"postgresql\"\n");
        repo.write(&format!("{folder}/migrations/20240101000000_init/migration.sql"), FIRST);
    }
    repo.write("prisma.config.ts", CONFIG);
    repo
}

#[test]
fn another_schema_is_told_by_what_it_lacks() {
    let to = |name: &'static str| {
        move |repo: &TestRepo| {
            repo.write("prisma.config.ts", &CONFIG.replace("a/schema", name));
        }
    };
    assert_eq!(
        after(two(&wider()), to("b/schema")),
        [
            "error: prisma.config.ts names b/schema.prisma in place of a/schema.prisma, which differs from its migrations: the \
          column A.nick"
        ]
    );
    assert_eq!(
        after(two(SCHEMA), to("b/schema")),
        ["note: prisma.config.ts names b/schema.prisma in place of a/schema.prisma, which agrees with its migrations"]
    );
    assert_eq!(
        after(two(SCHEMA), to("../elsewhere/schema")),
        ["warning: prisma.config.ts named a/schema.prisma and now names no schema of this repository"]
    );
    let bare = two(SCHEMA);
    bare.write("c/schema.prisma", SCHEMA);
    assert_eq!(
        after(bare, to("c/schema")),
        ["error: prisma.config.ts names c/schema.prisma in place of a/schema.prisma, which has no migrations"]
    );
}

#[test]
fn settings_that_say_the_same_in_another_way_are_fine() {
    assert_eq!(
        after(two(SCHEMA), |repo| {
            repo.write("prisma.config.ts", &format!("// note\n{CONFIG}"));
        }),
        NOTHING
    );
    let moved = after(two(SCHEMA), |repo| {
        repo.git(&["rm", "-q", "prisma.config.ts"]);
        repo.write("package.json", "{ \"prisma\": { \"schema\": \"a/schema.prisma\" } }");
    });
    assert_eq!(moved, NOTHING);
    let renamed = after(project(), |repo| {
        repo.git(&["mv", "prisma", "db"]);
        repo.write("prisma.config.ts", &CONFIG.replace("a/schema", "db/schema"));
    });
    assert_eq!(renamed, NOTHING);
}

#[test]
fn a_policy_that_hides_the_drift_it_comes_with_is_told() {
    let drift = "the column A.nick is declared but no migration adds it (missing-migration)";
    let hides = format!("warning: the edit of driftgate.toml hides 1 error of this change: {drift}");
    for (policy, more) in [
        ("exclude = [\"prisma\"]\n", Some("note: driftgate.toml leaves prisma/schema.prisma out of what is checked")),
        ("[rules]\nmissing-migration = \"off\"\n", None),
        ("[rules]\nmissing-migration = \"warning\"\n", None),
        ("[[allow]]\nrule = \"missing-migration\"\nobject = \"A.nick\"\nreason = \"later\"\n", None),
        // It cannot allow itself.
        (
            "[rules]\nmissing-migration = \"off\"\n\n[[allow]]\nrule = \"narrowed-check\"\npath = \"driftgate.toml\"\nreason = \
             \"later\"\n",
            None,
        ),
    ] {
        let told = after(project(), |repo| {
            repo.write("prisma/schema.prisma", &wider()).write("driftgate.toml", policy);
        });
        let wanted: Vec<&str> = std::iter::once(hides.as_str()).chain(more).collect();
        assert_eq!(told, wanted, "{policy}");
    }
    let never = after(project(), |repo| {
        repo.write("prisma/schema.prisma", &wider()).write("driftgate.toml", "fail-on = \"never\"\n");
    });
    assert_eq!(never, ["warning: driftgate.toml lets this change pass: fail-on was error and is never"]);
}

#[test]
fn a_policy_that_hides_nothing_is_fine() {
    for policy in
        ["[rules]\nmissing-migration = \"off\"\n", "fail-on = \"warning\"\n", "[rules]\nschema-push = \"off\"\n"]
    {
        assert_eq!(
            after(project(), |repo| {
                repo.write("driftgate.toml", policy);
            }),
            NOTHING,
            "{policy}"
        );
        let with_migration = after(project(), |repo| {
            repo.write("prisma/schema.prisma", &wider()).write(SECOND_PATH, SECOND).write("driftgate.toml", policy);
        });
        assert_eq!(with_migration, NOTHING, "{policy}");
    }
    // A drop that is allowed with its reason where the documentation says so.
    let dropped = after(project(), |repo| {
        repo.write("prisma/schema.prisma", &wider()).write(SECOND_PATH, SECOND).commit("nick");
        repo.write("prisma/schema.prisma", SCHEMA);
        repo.write(
            "prisma/migrations/20240103000000_drop_nick/migration.sql",
            "ALTER TABLE \"A\" DROP COLUMN \"nick\";\n",
        );
        repo.write(
            "driftgate.toml",
            "[[allow]]\nrule = \"dropped-column\"\nobject = \"A.nick\"\nreason = \"unused\"\n",
        );
    });
    assert!(dropped.iter().all(|told| told.starts_with("note: ")), "{dropped:?}");
}

#[test]
fn a_policy_that_is_no_file_stops_the_check() {
    let repo = project();
    repo.write("driftgate.toml/x", "1").commit("a folder");
    repo.write("prisma/schema.prisma", &wider()).add();
    for scope in ["--staged", "--worktree", "--all"] {
        assert_eq!(check(&repo, &[scope]).status.code(), Some(2), "{scope}");
    }
}

#[test]
fn a_folder_of_migrations_that_is_misspelt_is_no_folder() {
    let code = |migrations: &str| {
        let repo = project();
        let schema = "[[project]]\nname = \"p\"\nschema = [\"prisma/schema.prisma\"]\n";
        repo.write("driftgate.toml", &format!("{schema}migrations = [\"{migrations}\"]\n")).commit("policy");
        repo.write("other", "1").add();
        check(&repo, &["--all"]).status.code()
    };
    assert_eq!(code("prisma/migrations"), Some(0));
    assert_eq!(code("prisma/migration"), Some(2));
    assert_eq!(code("prsima/migrations"), Some(2));
    // One that the first migration will make.
    assert_eq!(code("prisma/history"), Some(1), "the table is made by no migration");
}

const ENV: &str = "from alembic import context\nfrom app.models import Base\ntarget_metadata = Base.metadata\n\
    context.configure(connection=None, target_metadata=target_metadata)\n";
const MODELS: &str = "from sqlalchemy import Column, Integer\nfrom sqlalchemy.orm import declarative_base\n\
    Base = declarative_base()\nclass A(Base):\n    __tablename__ = 'a'\n    id = Column(Integer, primary_key=True)\n";
const REVISION: &str = "from alembic import op\nimport sqlalchemy as sa\nrevision = 'aaaa'\ndown_revision = None\n\
    def upgrade():\n    op.create_table('a', sa.Column('id', sa.Integer(), nullable=False), sa.PrimaryKeyConstraint('id'))\n\
    def downgrade():\n    op.drop_table('a')\n";

fn alembic() -> TestRepo {
    let repo = TestRepo::new();
    repo.write("alembic.ini", "[alembic]\nscript_location = alembic\nsqlalchemy.url = postgresql://x/y\n");
    repo.write("alembic/env.py", ENV).write("alembic/script.py.mako", "x");
    repo.write("app/__init__.py", "").write("app/models.py", MODELS).write("alembic/versions/aaaa_init.py", REVISION);
    repo
}

#[test]
fn an_environment_that_names_nothing_any_more_is_told() {
    let told = after(alembic(), |repo| drop(repo.git(&["rm", "-q", "alembic/env.py"])));
    assert_eq!(
        told,
        ["error: there is no env.py here: what it hands to Alembic is not known (1 table was compared before)"]
    );
    let told = after(alembic(), |repo| {
        repo.write("alembic/env.py", &ENV.replace("= Base.metadata", "= None"));
    });
    assert_eq!(
        told,
        ["error: env.py names no target_metadata, so there is nothing to compare (1 table was compared before)"]
    );
}

#[test]
fn an_environment_that_never_named_any_is_left_alone() {
    let repo = alembic();
    repo.write("alembic/env.py", &ENV.replace("= Base.metadata", "= None"));
    assert_eq!(
        after(repo, |repo| {
            repo.write("app/models.py", &format!("{MODELS}# more\n"));
        }),
        NOTHING
    );
    assert_eq!(after(alembic(), |repo| drop(repo.git(&["rm", "-rq", "alembic", "alembic.ini", "app"]))), NOTHING);
}

#[test]
fn an_environment_that_keeps_more_out_of_the_comparison_is_told() {
    let filter =
        "def include_object(object, name, type_, reflected, compare_to):\n    return name not in ('b', 'later')\n";
    let filtered = ENV.replace("metadata)", "metadata, include_object=include_object)");
    let env = format!("{filter}{filtered}");
    let model = "class B(Base):\n    __tablename__ = 'b'\n    id = Column(Integer, primary_key=True)\n";
    let told = after(alembic(), |repo| {
        repo.write("alembic/env.py", &env).write("app/models.py", &format!("{MODELS}{model}"));
    });
    assert_eq!(told, ["warning: alembic/env.py now keeps out of the comparison what differs: the table b"]);
    // Nothing differs, what differs did so before, and what was kept out before.
    assert_eq!(
        after(alembic(), |repo| {
            repo.write("alembic/env.py", &env);
        }),
        NOTHING
    );
    let old = alembic();
    old.write("alembic/env.py", &env);
    assert_eq!(
        after(old, |repo| {
            repo.write("alembic/env.py", &format!("{env}# more\n")).write("app/models.py", &format!("{MODELS}{model}"));
        }),
        NOTHING
    );
}

/// The rules and messages of everything that is told of more text behind the models.
fn told_of_models(more: &str) -> Vec<String> {
    let repo = alembic();
    repo.commit("base");
    repo.write("app/models.py", &format!("{MODELS}{more}")).add();
    let output = check(&repo, &["--staged"]);
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).expect("the report is JSON");
    let findings = report["findings"].as_array().unwrap().iter();
    findings.map(|finding| format!("{} {}", finding["rule"], finding["message"]).replace('"', "")).collect()
}

#[test]
fn classes_that_are_made_by_a_call_are_read_or_told() {
    let body = "{'__tablename__': 'b', 'id': Column(Integer, primary_key=True)}";
    assert_eq!(
        told_of_models(&format!("B = type('B', (Base,), {body})\n")),
        ["missing-migration the table b is declared but no migration creates it"]
    );
    assert_eq!(
        told_of_models(&format!("for n in ('b', 'c'):\n    type(n, (Base,), dict({body}, __tablename__=n))\n")).len(),
        2
    );
    for (more, what) in [
        ("from lib import made\nB = type('B', (Base,), made())\n", "a class that type() makes at run time"),
        (
            "import types\nB = types.new_class('B', (Base,), {}, fill)\n",
            "a class that types.new_class() makes at run time",
        ),
        ("exec(open('more.py').read())\n", "what exec() makes at run time"),
    ] {
        let told = told_of_models(more);
        assert_eq!(told, [format!("unjudged-change what this does cannot be judged: {what}")], "{more}");
    }
    let innocent = "from lib import made\nK = type(Base)\nclass Z: pass\nQ = type('Q', (Z,), {})\nE = type('E', (Exception,), made())\n";
    assert_eq!(told_of_models(innocent), NOTHING);
}

#[test]
fn models_that_are_no_longer_where_they_are_imported_from_are_told() {
    let told = after(alembic(), |repo| drop(repo.git(&["mv", "app", "core"])));
    assert_eq!(
        told,
        [
            "error: target_metadata is that of app.models.Base, which is not in this repository (1 table was compared before)"
        ]
    );
    let renamed = after(alembic(), |repo| {
        repo.git(&["mv", "app", "core"]);
        repo.write("alembic/env.py", &ENV.replace("app.models", "core.models"));
    });
    assert_eq!(renamed, NOTHING);
}

#[test]
fn tables_that_become_external_are_told() {
    let external = |tables: &'static str| {
        move |repo: &TestRepo| {
            let config =
                format!("export default {{ schema: 'prisma/schema.prisma', tables: {{ external: [{tables}] }} }}\n");
            repo.write("prisma.config.ts", &config);
        }
    };
    let told = after(project(), external("'public.A'"));
    assert_eq!(told, ["warning: prisma.config.ts calls tables external that the migrations make: public.A"]);
    assert_eq!(after(project(), external("'public.spatial_ref_sys'")), NOTHING);
}

#[test]
fn tables_in_a_schema_that_is_listed_no_more_are_told() {
    let schema = |listed: &str, own: &str| {
        format!(
            "datasource db {{\n  provider = \"postgresql\"\n  schemas = [{listed}]\n}}\n\nmodel A {{\n  id Int @id\n  @@schema(\"{own}\")\n}}\n"
        )
    };
    let listed = |listed: &'static str, sql: &'static str| {
        let repo = project();
        repo.write("prisma/schema.prisma", &schema("\"public\"", "public"));
        repo.write(SECOND_PATH, "");
        repo.commit("lists");
        after(repo, move |repo| {
            repo.write("prisma/schema.prisma", &schema(listed, "own"));
            repo.write("prisma/migrations/20260301000000_own/migration.sql", sql);
        })
    };
    let anew = "CREATE SCHEMA own; CREATE TABLE own.\"A\" (\"id\" INTEGER NOT NULL PRIMARY KEY);";
    assert_eq!(
        listed("\"own\"", anew),
        ["warning: the datasource leaves out the schema of tables that the migrations make: A"]
    );
    assert_eq!(listed("\"own\", \"public\"", anew), NOTHING);
    let moved = "CREATE SCHEMA own; ALTER TABLE \"A\" SET SCHEMA own;";
    assert_eq!(listed("\"own\"", moved), NOTHING);
}

#[test]
fn scripts_that_a_second_file_of_settings_names_as_well_are_fine() {
    let repo = alembic();
    repo.write("pyproject.toml", "[tool.alembic]\nscript_location = 'alembic'\n");
    repo.git(&["rm", "-q", "--cached", "--ignore-unmatch", "alembic.ini"]);
    std::fs::remove_file(repo.root().join("alembic.ini")).unwrap();
    let told = after(repo, |repo| {
        repo.write("pyproject.toml", "[tool.alembic]\nscript_location = 'alembic'\n\n[tool.other]\n");
        repo.write("app/alembic.ini", "[alembic]\nscript_location = ../alembic\n");
    });
    assert_eq!(told, NOTHING);
}

#[test]
fn settings_of_alembic_that_name_other_scripts_are_told() {
    let repo = alembic();
    repo.write("two/env.py", ENV).write("two/script.py.mako", "x");
    repo.write("two/versions/cccc_z.py", &REVISION.replace("'a'", "'z'").replace("aaaa", "cccc"));
    let told = after(repo, |repo| {
        repo.write("alembic.ini", "[alembic]\nscript_location = two\nsqlalchemy.url = postgresql://x/y\n");
    });
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(
        told[0].starts_with("error: alembic.ini names two/versions in place of alembic/versions, which differs"),
        "{told:?}"
    );
}

/// Every finding of a staged change, with its level, rule and place.
fn told(repo: &TestRepo) -> Vec<String> {
    let output = check(repo, &["--staged"]);
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).expect("the report is JSON");
    let findings = report["findings"].as_array().unwrap().iter();
    findings.map(|one| format!("{} {}: {}", one["level"], one["rule"], one["message"]).replace('"', "")).collect()
}

/// Puts a submodule, which nobody has fetched, in the place of a folder.
fn make_submodule(repo: &TestRepo, path: &str) {
    let commit = repo.git(&["rev-parse", "HEAD"]);
    repo.git(&["rm", "-rq", "--cached", "--ignore-unmatch", path]);
    std::fs::remove_dir_all(repo.root().join(path)).ok();
    std::fs::create_dir_all(repo.root().join(path)).unwrap();
    repo.git(&["update-index", "--add", "--cacheinfo", &format!("160000,{commit},{path}")]);
}

#[test]
fn migrations_in_a_submodule_are_said_to_be_elsewhere() {
    let apart = |what: &str| {
        format!(
            "warning unjudged-change: {what} cannot be judged: prisma/migrations is a submodule: the migrations in it are another repository's"
        )
    };
    let repo = project();
    make_submodule(&repo, "prisma/migrations");
    let gone = "error deleted-migration: the migration 20240101000000_init exists in the history and is gone";
    assert_eq!(told(&repo), [gone.to_owned(), apart("the table A")], "the change that puts them there");
    repo.git(&["commit", "-qm", "apart"]);
    repo.write("prisma/schema.prisma", &wider());
    repo.git(&["add", "prisma/schema.prisma"]);
    assert_eq!(told(&repo), [apart("the column A.nick")], "each one after it that changes the schema");
    // What lies on the disk in it is not this repository's either.
    repo.write(SECOND_PATH, SECOND);
    assert_eq!(told(&repo), [apart("the column A.nick")]);
    // A submodule that has nothing to do with the migrations takes nothing from the verdict.
    let beside = project();
    make_submodule(&beside, "prisma/vendor");
    beside.git(&["commit", "-qm", "beside"]);
    beside.write("prisma/schema.prisma", &wider());
    beside.git(&["add", "prisma/schema.prisma"]);
    let missing = "error missing-migration: the column A.nick is declared but no migration adds it";
    assert_eq!(told(&beside), [missing]);
}
