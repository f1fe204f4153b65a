use super::*;
use crate::git::MemorySnapshot;

#[test]
fn zz_debug() {
    let only = std::env::var("CASE").unwrap_or_default();
    let mut seen = std::collections::BTreeSet::new();
    for file in ["sqlite", "postgresql"] {
        let text = std::fs::read_to_string(format!("tests/cases/alembic/{file}.jsonl")).unwrap();
        for line in text.lines() {
            let case: serde_json::Value = serde_json::from_str(line).unwrap();
            let base = case["base"].as_str().unwrap();
            let id = case["id"].as_str().unwrap();
            if if only.is_empty() { !seen.insert((file, base.to_owned())) } else { id != only } {
                continue;
            }
            let files: Vec<(String, String)> = case["files"]
                .as_object()
                .unwrap()
                .iter()
                .map(|(p, t)| (p.clone(), t.as_str().unwrap().to_owned()))
                .collect();
            let snapshot = MemorySnapshot::new(files);
            let projects = discover::discover(&snapshot, &[]).unwrap();
            println!("=== {file} {id} {base}: {} projects", projects.len());
            for project in &projects {
                let declared = declared(project, &snapshot, project.dialect.unwrap()).unwrap();
                for table in declared.catalog.tables.values() {
                    println!("  {}", table.name);
                    for c in &table.columns {
                        println!(
                            "     {} {} null={} default={:?} auto={:?} gen={:?} comment={:?}",
                            c.name, c.ty, c.nullable, c.default, c.auto_increment, c.generated, c.comment
                        );
                    }
                    println!(
                        "     pk {:?}",
                        table.primary_key.as_ref().map(|k| (
                            k.name.clone(),
                            k.columns.iter().map(|p| p.column().map(str::to_owned)).collect::<Vec<_>>()
                        ))
                    );
                    for i in &table.indexes {
                        println!(
                            "     ix {:?} u={} c={} gen={} {:?} where {:?} using {:?}",
                            i.name,
                            i.unique,
                            i.constraint,
                            i.generated_name,
                            i.parts
                                .iter()
                                .map(|p| format!("{:?}{}", p.on, if p.descending { " desc" } else { "" }))
                                .collect::<Vec<_>>(),
                            i.predicate,
                            i.method
                        );
                    }
                    for k in &table.foreign_keys {
                        println!(
                            "     fk {:?} {:?} -> {} {:?} {:?} {:?}",
                            k.name, k.columns, k.target, k.target_columns, k.on_delete, k.on_update
                        );
                    }
                    for k in &table.checks {
                        println!("     ck {:?} {:?}", k.name, k.expression);
                    }
                }
                for e in declared.catalog.enums.values() {
                    println!("  enum {} {:?}", e.name, e.labels);
                }
                for d in &declared.catalog.doubts {
                    println!("  DOUBT {:?} {} {:?}", d.place, d.reason, d.reach);
                }
                for p in &declared.problems {
                    println!("  PROBLEM {} {}", p.path, p.message);
                }
            }
        }
    }
}
