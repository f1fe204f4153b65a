//! The labelled cases without their revisions: what models declare against the database that real Alembic built.

use serde_json::Value as Json;

use super::super::*;
use crate::alembic::{compare, env};

use crate::git::MemorySnapshot;

/// The statements that make the database of a label.
fn statements(schema: &Json, postgres: bool) -> String {
    let text = |value: &Json| value.as_str().unwrap_or_default().to_owned();
    let quote = |name: &str| format!("\"{name}\"");
    let list = |value: &Json| {
        let names: Vec<String> =
            value.as_array().into_iter().flatten().map(|name| quote(name.as_str().unwrap_or_default())).collect();
        names.join(", ")
    };
    let mut sql = String::new();
    for (name, labels) in schema["enums"].as_object().into_iter().flatten() {
        let labels: Vec<String> = labels.as_array().into_iter().flatten().map(|l| format!("'{}'", text(l))).collect();
        sql.push_str(&format!("CREATE TYPE {} AS ENUM ({});\n", quote(name), labels.join(", ")));
    }
    let mut keys = String::new();
    for (name, table) in schema["tables"].as_object().into_iter().flatten() {
        let mut items = Vec::new();
        let mut serials = Vec::new();
        for (column, facts) in table["columns"].as_object().into_iter().flatten() {
            let ty = text(&facts["type"]);
            let ty = ty.split(" enum[").next().unwrap_or(&ty).to_owned();
            let mut item = format!("{} {ty}", quote(column));
            let default = facts["default"].as_str();
            match default {
                Some(default) if default.starts_with("nextval('") => serials.push(column.clone()),
                Some(default) => item.push_str(&format!(" DEFAULT {default}")),
                None => {}
            }
            if let Some(expression) = facts["computed"].as_str().filter(|text| !text.is_empty()) {
                item.push_str(&format!(" GENERATED ALWAYS AS ({expression}) STORED"));
            }
            if facts["identity"].as_bool() == Some(true) {
                item.push_str(" GENERATED ALWAYS AS IDENTITY");
            }
            if facts["nullable"].as_bool() == Some(false) {
                item.push_str(" NOT NULL");
            }
            if let Some(comment) = facts["comment"].as_str() {
                keys.push_str(&format!("COMMENT ON COLUMN {}.{} IS '{comment}';\n", quote(name), quote(column)));
            }
            if serials.last() == Some(column) {
                item = item.replacen(&ty, if ty == "BIGINT" { "BIGSERIAL" } else { "SERIAL" }, 1);
            }
            items.push(item);
        }
        let primary = list(&table["pk"][1]);
        if !primary.is_empty() {
            let named = table["pk"][0].as_str().map(|name| format!("CONSTRAINT {} ", quote(name))).unwrap_or_default();
            items.push(format!("{named}PRIMARY KEY ({primary})"));
        }
        for constraint in table["constraints"].as_array().into_iter().flatten() {
            let named = constraint[1].as_str().map(|name| format!("CONSTRAINT {} ", quote(name))).unwrap_or_default();
            match constraint[0].as_str() {
                Some("unique") => items.push(format!("{named}UNIQUE ({})", list(&constraint[2]))),
                Some("check") => items.push(format!("{named}CHECK ({})", text(&constraint[2]))),
                Some("fk") => {
                    let mut key = format!(
                        "{named}FOREIGN KEY ({}) REFERENCES {} ({})",
                        list(&constraint[2]),
                        quote(&text(&constraint[3])),
                        list(&constraint[4])
                    );
                    for option in constraint[5].as_array().into_iter().flatten() {
                        let what = if option[0] == "ondelete" { "DELETE" } else { "UPDATE" };
                        key.push_str(&format!(" ON {what} {}", text(&option[1])));
                    }
                    if postgres {
                        keys.push_str(&format!("ALTER TABLE {} ADD {key};\n", quote(name)));
                    } else {
                        items.push(key);
                    }
                }
                _ => {}
            }
        }
        sql.push_str(&format!("CREATE TABLE {} (\n  {}\n);\n", quote(name), items.join(",\n  ")));
        for index in table["indexes"].as_array().into_iter().flatten() {
            let unique = if index[3].as_bool() == Some(true) { "UNIQUE " } else { "" };
            let sorting = index[4].as_array().cloned().unwrap_or_default();
            let columns: Vec<String> = index[2]
                .as_array()
                .into_iter()
                .flatten()
                .map(|column| {
                    let descending = sorting.iter().any(|sort| sort[0] == *column);
                    let column = text(column);
                    let column = if column.contains('(') { column } else { quote(&column) };
                    format!("{column}{}", if descending { " DESC" } else { "" })
                })
                .collect();
            let option = |end: &str| {
                let options = index[5].as_array().cloned().unwrap_or_default();
                options.iter().find(|option| text(&option[0]).ends_with(end)).map(|option| text(&option[1]))
            };
            let using = option("_using").map(|method| format!(" USING {method}")).unwrap_or_default();
            let condition = option("_where").map(|text| format!(" WHERE {text}")).unwrap_or_default();
            sql.push_str(&format!(
                "CREATE {unique}INDEX {} ON {}{using} ({}){condition};\n",
                quote(&text(&index[1])),
                quote(name),
                columns.join(", ")
            ));
        }
    }
    sql + &keys
}

/// The database of a label.
fn database(schema: &Json, dialect: Dialect) -> Catalog {
    let source = Source::new("schema.sql".into(), statements(schema, dialect == Dialect::PostgreSql));
    let script = crate::sql::read(&source, dialect);
    assert!(script.error.is_none(), "{:?}", script.error);
    let mut catalog = Catalog::new(dialect);
    for operation in script.operations {
        let result = catalog.apply(&operation);
        assert!(result.is_ok(), "{result:?}\n{}", source.text());
    }
    catalog
}

#[test]
fn models_differ_from_the_database_as_autogenerate_says() {
    let mut wrong: Vec<String> = Vec::new();
    let mut all = 0;
    for text in [
        include_str!("../../../../tests/cases/alembic/sqlite.jsonl"),
        include_str!("../../../../tests/cases/alembic/postgresql.jsonl"),
    ] {
        for line in text.lines() {
            let case: Json = serde_json::from_str(line).unwrap();
            let verdict = case["verdict"].as_str().unwrap_or_default();
            if !matches!(verdict, "in_sync" | "drift" | "drift_unseen_by_autogenerate" | "models_fail")
                || case["schema_after_upgrade"].is_null()
            {
                continue;
            }
            all += 1;
            let files = case["files"].as_object().into_iter().flatten();
            let snapshot =
                MemorySnapshot::new(files.map(|(path, text)| (path.as_str(), text.as_str().unwrap_or_default())));
            let projects = discover::discover(&snapshot, &[]).unwrap_or_default();
            let [project] = projects.as_slice() else { panic!("{} projects", projects.len()) };
            let dialect = project.dialect();
            let declared = declared(project, &snapshot, dialect).unwrap();
            let mut made = database(&case["schema_after_upgrade"], dialect);
            if dialect == Dialect::Sqlite {
                // SQLite's reflection brings back no expressions of computed columns.
                for (name, table) in &mut made.tables {
                    let Some(model) = declared.catalog.tables.get(name) else { continue };
                    for column in &mut table.columns {
                        let wanted = model.column(dialect, &column.name).and_then(|wanted| wanted.generated.clone());
                        column.generated = column.generated.take().or(wanted);
                    }
                }
            }
            let gap = compare::compare(&declared.catalog, &made, &env::options(project));
            let certain = gap.iter().all(|difference| difference.certain);
            let seen = gap.iter().any(|difference| !difference.beyond_engine);
            let agreed = match verdict {
                "in_sync" if case["create_all_delta"].is_null() => certain && !seen,
                "in_sync" => gap.is_empty(),
                "drift" => certain && seen,
                "drift_unseen_by_autogenerate" => certain && !seen && !gap.is_empty(),
                _ => declared.catalog.doubts.iter().any(|doubt| doubt.reach == Reach::Everything),
            };
            if !agreed {
                let told: Vec<String> = gap
                    .iter()
                    .map(|d| {
                        format!(
                            "{}{}{} {:?} -> {:?}",
                            if d.certain { "" } else { "? " },
                            if d.beyond_engine { "* " } else { "" },
                            format_args!("{} {}", d.kind, d.object()),
                            d.replayed,
                            d.declared
                        )
                    })
                    .chain(declared.catalog.doubts.iter().map(|doubt| format!("doubt: {}", doubt.reason)))
                    .collect();
                wrong.push(format!(
                    "{} {verdict} {}\n      {}\n    engine: {} {}",
                    case["id"],
                    case["mutation"]["kind"],
                    told.join("\n      "),
                    case["autogenerate"]["diffs"],
                    case["create_all_delta"]
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {all} cases disagree:\n{}", wrong.len(), wrong.join("\n"));
}
