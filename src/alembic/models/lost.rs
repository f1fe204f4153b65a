//! What was not read of the models: modules that stop before their end, and what only stands behind such a place. It is on
//! neither side of a change, so that its edits would go by unseen; each doubt holds the text that it is about, and an
//! edit of that text is another doubt.

use std::collections::BTreeSet;

use super::Reading;
use crate::alembic::discover;
use crate::alembic::python::{AT_RUN_TIME, Interpreter, Modules};
use crate::catalog::{ObjectName, Opaque, Reach};
use crate::git::SnapshotError;
use crate::source::{Place, RepoPath, Span};

impl Reading<'_> {
    /// Doubts what modules did not get to.
    pub(super) fn doubt_lost(
        &mut self,
        interpreter: &Interpreter<'_>,
        modules: &dyn Modules,
    ) -> Result<(), SnapshotError> {
        let mut stops: Vec<(Place, String)> = Vec::new();
        for unknown in interpreter.doubts() {
            let what = unknown.reason.as_str();
            let raises = what.starts_with("the module raises");
            let exhausted = what.ends_with("than is evaluated") || what.ends_with("than are evaluated");
            if raises || exhausted {
                stops.push((unknown.place.clone(), unknown.reason.clone()));
            }
            let lost = raises && discover::declares_tables(unknown.place.text());
            // Bases, types and enums of tables that are read elsewhere.
            let parts = raises && discover::declares(unknown.place.text());
            // What the models' own modules make so may be models; elsewhere it seldom is.
            let made = what.ends_with(AT_RUN_TIME) && discover::glance(&unknown.place.source).tables;
            self.clean = self.clean && !lost && !exhausted && !made;
            // A script that nothing imports costs itself alone.
            let file = unknown.place.path();
            let apart = exhausted && !self.imported.contains(file) && !self.may_be_imported(modules, file);
            if apart && discover::declares_tables(unknown.place.text()) {
                for reach in reaches(unknown.place.text()) {
                    self.doubts.push(Opaque { place: unknown.place.clone(), reason: unknown.reason.clone(), reach });
                }
                continue;
            }
            let reach = if lost || (exhausted && !apart) {
                Reach::Everything
            } else if apart {
                Reach::Table(ObjectName::bare(""))
            } else if made || parts {
                // A table whose name is not known.
                Reach::Table(ObjectName::bare(""))
            } else {
                Reach::Nothing
            };
            self.doubts.push(Opaque { place: unknown.place.clone(), reason: unknown.reason.clone(), reach });
        }
        for skipped in interpreter.skipped() {
            let (place, reason) = (&skipped.place, &skipped.reason);
            stops.push((place.clone(), reason.clone()));
            if !discover::declares_tables(place.text()) {
                continue;
            }
            self.clean = false;
            let reason = format!("models that are not read: {reason}");
            for reach in reaches(place.text()) {
                self.doubts.push(Opaque { place: place.clone(), reason: reason.clone(), reach });
            }
        }
        self.doubt_unrun(interpreter, modules, &stops)
    }

    /// Doubts the files with models that are imported nowhere but behind a place where a module stops.
    fn doubt_unrun(
        &mut self,
        interpreter: &Interpreter<'_>,
        modules: &dyn Modules,
        stops: &[(Place, String)],
    ) -> Result<(), SnapshotError> {
        let mut told: BTreeSet<RepoPath> = BTreeSet::new();
        for (place, reason) in stops {
            if !place.text().contains("import") {
                continue;
            }
            for path in discover::imported_by(self.snapshot, modules, place)? {
                if interpreter.has_run(&path) || !self.project.schema.contains(&path) || !told.insert(path.clone()) {
                    continue;
                }
                let Some(source) = self.snapshot.read(&path)?.text() else { continue };
                if discover::glance(&source).tables {
                    let end = u32::try_from(source.text().len()).unwrap_or(u32::MAX);
                    let reason = format!("it is imported behind what is not run of {}: {reason}", place.path());
                    let place = Place::new(&source, Span { start: 0, end });
                    self.clean = false;
                    self.doubts.push(Opaque { place, reason, reach: Reach::Everything });
                }
            }
        }
        Ok(())
    }
}

/// How far models may reach that are not read: the tables that their text names, or everything where it does not name all.
fn reaches(text: &str) -> Vec<Reach> {
    let named = |mark: &str, rest: &dyn Fn(&str) -> Option<String>| -> Vec<Option<String>> {
        text.match_indices(mark).map(|(at, mark)| rest(text.get(at + mark.len()..).unwrap_or_default())).collect()
    };
    let literal = |text: &str| {
        let text = text.trim_start();
        let quote = text.chars().next().filter(|c| matches!(c, '"' | '\''))?;
        text.get(1..)?.split_once(quote).map(|(name, _)| name.to_owned())
    };
    let assigned = |text: &str| literal(text.split_once('\n').map_or(text, |(line, _)| line).split_once('=')?.1);
    let mut tables = named("__tablename__", &assigned);
    let classes = text.lines().filter(|line| line.trim_start().starts_with("class ")).count();
    let unnamed = classes > tables.len() || text.contains("import ");
    tables.extend(named("Table(", &literal));
    let all: Option<Vec<String>> = tables.into_iter().collect();
    match all {
        Some(tables) if !unnamed && !tables.is_empty() => {
            tables.into_iter().map(|table| Reach::Table(ObjectName::bare(table))).collect()
        }
        _ => vec![Reach::Everything],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn models_that_are_not_read_reach_as_far_as_the_tables_that_they_name() {
        let table = |name: &str| Reach::Table(ObjectName::bare(name));
        let class = "class B(Base):\n    __tablename__ = \"b\"\n    id = Column(Integer)\n";
        assert_eq!(reaches(class), [table("b")]);
        assert_eq!(reaches("t = Table('c', meta)\nu = Table(\n    \"d\", meta)\n"), [table("c"), table("d")]);
        for text in [
            "class B(db.Model):\n    id = db.Column(db.Integer)\n",
            &format!("{class}class C(db.Model):\n    id = db.Column(db.Integer)\n"),
            "class B(Base):\n    __tablename__ = PREFIX + \"b\"\n",
            &format!("from x import y\n{class}"),
            "make(Column(Integer))\n",
        ] {
            assert_eq!(reaches(text), [Reach::Everything], "{text}");
        }
    }
}
