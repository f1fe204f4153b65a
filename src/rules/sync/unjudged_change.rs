//! `unjudged-change`.

use std::collections::BTreeSet;

use super::gap::{NewGap, unread_before};
use super::standing::Doubt;
use crate::catalog::difference::Difference;
use crate::catalog::{Opaque, Reach};
use crate::finding::Finding;
use crate::project::{ProjectChange, ProjectState, Unjudged};
use crate::rules::text::count;
use crate::rules::{RuleId, RuleSettings};
use crate::source::RepoPath;

page! {
    /// ## What it stops
    ///
    /// Something that the change brings and that cannot be told without running it: SQL or a name that is computed, a call
    /// into another package, a file beyond the limits of what is read. Such a place is listed under *not judged* in every
    /// report, and what it could explain is no finding of another rule. This rule gives it a level: a team that wants proof
    /// of every change sets it to `error`. A place that was there before is told again only where it hides something that the
    /// change brings, and under `--all` only where it hides a difference. That the models are compared with nothing
    /// (`target_metadata = None`) hides whatever a change brings: it is told by the change that brings it, by one that touches that
    /// file and under `--all`, and listed under *not judged* in between. A difference of a type or a default is told here too
    /// where the very same stood at three or more other columns before the change. A project without any folder of migrations is kept in
    /// step by other means, and is left alone.
    ///
    /// ## Why it matters
    ///
    /// "Not judged" is not "in order". A migration that runs `op.execute(statement)` may add the column that the models
    /// declare, and it may not; who looks at the exit code alone takes the one for the other.
    ///
    /// ## Example that fails
    ///
    /// ```python title="app/models.py"
    /// from sqlalchemy import Text
    /// from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
    ///
    ///
    /// class Base(DeclarativeBase):
    ///     pass
    ///
    ///
    /// class User(Base):
    ///     __tablename__ = "users"
    ///
    ///     id: Mapped[int] = mapped_column(primary_key=True)
    ///     email: Mapped[str] = mapped_column(Text)
    ///     name: Mapped[str | None] = mapped_column(Text)
    /// ```
    ///
    /// ```python title="alembic/versions/2b3c4d5e6f7a_add_names.py"
    /// import os
    ///
    /// from alembic import op
    ///
    /// revision = "2b3c4d5e6f7a"
    /// down_revision = "1a2b3c4d5e6f"
    ///
    ///
    /// def upgrade():
    ///     op.execute(os.environ["ADD_NAMES"])
    ///
    ///
    /// def downgrade():
    ///     op.drop_column("users", "name")
    /// ```
    ///
    /// ## The same repaired
    ///
    /// ```python title="alembic/versions/2b3c4d5e6f7a_add_names.py"
    /// import sqlalchemy as sa
    /// from alembic import op
    ///
    /// revision = "2b3c4d5e6f7a"
    /// down_revision = "1a2b3c4d5e6f"
    ///
    ///
    /// def upgrade():
    ///     op.add_column("users", sa.Column("name", sa.Text(), nullable=True))
    ///
    ///
    /// def downgrade():
    ///     op.drop_column("users", "name")
    /// ```
    ///
    /// ## How to allow it
    ///
    /// Above the place; it stays listed as not judged:
    ///
    /// ```python
    /// # driftgate: allow unjudged-change: the statement is made by a script that is tested by itself
    /// op.execute(os.environ["ADD_NAMES"])
    /// ```
}

/// The most differences that one finding names.
const MOST_NAMED: usize = 3;

/// The most further places that one finding points at.
const MOST_RELATED: usize = 12;

pub(in crate::rules) fn check(change: &ProjectChange<'_>, settings: &RuleSettings) -> Vec<Finding> {
    if let Some(path) = unread_before(change) {
        return vec![beside_unread(path)];
    }
    if change.project.facts.contains_key("no-migrations") && change.after.history.migrations.is_empty() {
        return Vec::new();
    }
    let unjudged = change.unjudged();
    // A place that reaches several things and hides one of them is told for that.
    let hides_another = |one: &Unjudged<'_>| {
        unjudged.iter().any(|other| !other.hides.is_empty() && is_one_place(one.opaque, other.opaque))
    };
    let unjudged: Vec<&Unjudged<'_>> = unjudged.iter().filter(|one| !is_told_before(change, one.opaque)).collect();
    let told = unjudged.iter().copied().filter(|one| {
        let is_due = if change.whole_state { is_reason(change.after, one.opaque) } else { !hides_another(one) };
        is_due || !one.hides.is_empty()
    });
    let mut groups: Vec<Vec<&Unjudged<'_>>> = Vec::new();
    for one in told {
        match groups.iter_mut().find(|group| group.first().is_some_and(|first| belong_together(first, one))) {
            Some(group) => group.push(one),
            None => groups.push(vec![one]),
        }
    }
    let mut findings: Vec<Finding> = groups.iter().filter_map(|group| finding(group)).collect();
    let mut forms: Vec<Vec<Doubt<'_>>> = Vec::new();
    for doubt in NewGap::of(change, settings).doubted {
        let is_alike = |one: &Doubt<'_>| one.difference.sides() == doubt.difference.sides() && one.count == doubt.count;
        match forms.iter_mut().find(|form| form.first().is_some_and(is_alike)) {
            Some(form) => form.push(doubt),
            None => forms.push(vec![doubt]),
        }
    }
    findings.extend(forms.iter().filter_map(|form| doubted(form)));
    findings
}

/// Differences of a form that stands elsewhere since before the change.
fn doubted(form: &[Doubt<'_>]) -> Option<Finding> {
    let first = form.first()?;
    let (one, other) = (first.difference, first.first);
    let place = [&one.migrated_at, &one.declared_at].into_iter().flatten().next()?;
    let all: Vec<&Difference> = form.iter().map(|doubt| doubt.difference).collect();
    let table = other.table.as_ref().map(ToString::to_string).unwrap_or_default();
    let (declared, replayed) = one.sides();
    let message = format!(
        "{} cannot be judged: the same stands at {} since before this change, first {table}.{}",
        objects(&all),
        count(first.count, "other column"),
        other.name
    );
    let help = format!(
        "see whether it is meant: declared {}, made {} by the migrations; if so, say at this place why:\n  {} driftgate: allow \
         {}: <reason>",
        declared.unwrap_or("without one"),
        replayed.unwrap_or("without one"),
        comment(place.path()),
        RuleId::UnjudgedChange
    );
    let found = Finding::new(RuleId::UnjudgedChange, place.path().clone(), message, help)
        .at(place)
        .because("what differs so often is most probably a custom of the project, or is read wrongly");
    Some(match all.as_slice() {
        [only] => found.about(only.object()),
        _ => found,
    })
}

/// Whether a place says why the models are compared with nothing, as it said before: every change of such a project would be told
/// the same. Who wants to know it sees it when it begins, where the file that says it is touched, and in the whole state; in
/// between it is counted under what is not judged.
fn is_told_before(change: &ProjectChange<'_>, opaque: &Opaque) -> bool {
    let is_touched = change.touched.iter().any(|(path, _)| path.path == *opaque.place.path());
    !change.whole_state
        && !is_touched
        && is_reason(change.after, opaque)
        && change.before.is_some_and(|before| is_reason(before, opaque))
}

/// Whether a place says why the models of a project are compared with nothing at all.
fn is_reason(state: &ProjectState, opaque: &Opaque) -> bool {
    state.declared.unnamed.as_ref().is_some_and(|why| {
        why.reach == Reach::Everything
            && opaque.reach == why.reach
            && opaque.reason == why.reason
            && opaque.place.path() == why.place.path()
    })
}

/// Whether two places are one matter: they hide the same differences, hide none and stand in one file, or are one place that
/// reaches several tables, each of which differs in its own way.
fn belong_together(one: &Unjudged<'_>, other: &Unjudged<'_>) -> bool {
    let hide_the_same = one.hides.len() == other.hides.len()
        && one.hides.iter().zip(&other.hides).all(|(one, other)| std::ptr::eq(*one, *other));
    let in_one_file = one.opaque.place.path() == other.opaque.place.path();
    let at_one_place = is_one_place(one.opaque, other.opaque) && one.hides.is_empty() == other.hides.is_empty();
    at_one_place || (hide_the_same && (!one.hides.is_empty() || in_one_file))
}

/// Whether one place is told of twice, for two tables that it reaches.
fn is_one_place(one: &Opaque, other: &Opaque) -> bool {
    one.place.path() == other.place.path() && one.place.span == other.place.span && one.reason == other.reason
}

/// A change of a project that nothing can be proved about, on account of a file that the change has nothing to do with.
fn beside_unread(path: &RepoPath) -> Finding {
    let message = format!("the change cannot be compared with the migrations: {path} cannot be read");
    let help = format!("make {path} readable, or leave it out of the project by `exclude` in driftgate.toml");
    Finding::new(RuleId::UnjudgedChange, path.clone(), message, help)
        .because("it could not be read before the change either, and hides whatever the change brings")
}

/// One finding about places that belong together, at the first of them.
fn finding(group: &[&Unjudged<'_>]) -> Option<Finding> {
    let (one, others) = group.split_first()?;
    let place = &one.opaque.place;
    let mut seen: BTreeSet<*const Difference> = BTreeSet::new();
    let all = group.iter().flat_map(|one| &one.hides).copied();
    let hides: Vec<&Difference> = all.filter(|hidden| seen.insert(std::ptr::from_ref(*hidden))).collect();
    let mut further: Vec<&Unjudged<'_>> = Vec::new();
    for other in others.iter().copied() {
        let is_told = |known: &Unjudged<'_>| is_one_place(known.opaque, other.opaque);
        if !is_told(one) && !further.iter().any(|known| is_told(known)) {
            further.push(other);
        }
    }
    let others = further;
    let (what, reason) = if hides.is_empty() {
        ("what this does".to_owned(), "what cannot be read may change what is compared")
    } else {
        (objects(&hides), "what cannot be read may be what makes the difference")
    };
    let more = match others.len() {
        0 => String::new(),
        more => format!(", and {}", count(more, "further place")),
    };
    let message = format!("{what} cannot be judged: {}{more}", one.opaque.reason);
    let help = format!(
        "write it so that it can be read without running it, or say at this place why it is meant:\n  {} driftgate: allow {}: \
         <reason>",
        comment(place.path()),
        RuleId::UnjudgedChange
    );
    let found = Finding::new(RuleId::UnjudgedChange, place.path().clone(), message, help).at(place).because(reason);
    let found = others
        .iter()
        .take(MOST_RELATED)
        .fold(found, |found, other| found.related(&other.opaque.place, other.opaque.reason.clone()));
    Some(match hides.as_slice() {
        [only] => found.about(only.object()),
        _ => found,
    })
}

/// The differences in a person's words: the first by name, the rest by number.
fn objects(hidden: &[&Difference]) -> String {
    let all: BTreeSet<String> = hidden.iter().map(|difference| difference.object()).collect();
    let named: Vec<&str> = all.iter().take(MOST_NAMED).map(String::as_str).collect();
    match all.len().saturating_sub(MOST_NAMED) {
        0 => named.join(", "),
        more => format!("{} and {}", named.join(", "), count(more, "further difference")),
    }
}

/// What opens a comment in such a file.
fn comment(path: &RepoPath) -> &'static str {
    match path.extension() {
        Some("sql") => "--",
        Some("prisma") => "//",
        _ => "#",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::difference::{Aspect, Side};
    use crate::finding::Level;
    use crate::rules::testing::{World, column, difference};

    /// A statement that is not read.
    const OPAQUE: &str = "DO $$ BEGIN EXECUTE 'ALTER TABLE ' || t || ' ADD COLUMN age INT'; END $$;";

    fn doubtful(table: &str, name: &str) -> Difference {
        let mut difference = column(Side::Missing, table, name);
        difference.certain = false;
        difference
    }

    #[test]
    fn what_a_new_migration_hides_is_reported() {
        for world in World::both() {
            let id = world.new_id();
            let world = world.new_migration(id, OPAQUE);
            let findings = world.run(RuleId::UnjudgedChange);
            assert_eq!(findings.len(), 1);
            assert_eq!(findings[0].level, Level::Warning);
            assert!(findings[0].message.starts_with("what this does cannot be judged: "), "{}", findings[0].message);
            let findings = world.gap_after(doubtful("users", "age")).run(RuleId::UnjudgedChange);
            assert!(
                findings[0].message.starts_with("the column users.age cannot be judged: "),
                "{}",
                findings[0].message
            );
            assert_eq!(findings[0].object.as_deref(), Some("the column users.age"));
        }
    }

    #[test]
    fn an_old_place_is_told_only_where_it_hides_what_the_change_brings() {
        for world in World::both() {
            let id = world.new_id();
            let old = world.new_migration(id, OPAQUE).gap_after(doubtful("users", "age")).commit();
            assert!(old.clone().touch_schema().silent(RuleId::UnjudgedChange), "the doubt was there before");
            let findings = old.gap_after(doubtful("users", "size")).run(RuleId::UnjudgedChange);
            assert!(
                findings[0].message.starts_with("the column users.size cannot be judged: "),
                "{}",
                findings[0].message
            );
        }
    }

    #[test]
    fn an_old_place_whose_lines_moved_is_no_new_one() {
        let world = World::prisma().new_migration("20260112090000_x", OPAQUE).commit();
        let moved = world.clone().rewrite_migration("20260112090000_x", &format!("\n\n{OPAQUE}"));
        assert!(moved.silent(RuleId::UnjudgedChange));
        let twice = world.rewrite_migration("20260112090000_x", &format!("{OPAQUE}\n{OPAQUE}"));
        assert_eq!(twice.run(RuleId::UnjudgedChange).len(), 1, "the second one is new");
    }

    #[test]
    fn the_whole_state_tells_of_what_hides_a_difference() {
        let world = World::alembic().new_migration("b2c3d4e5f6a7_x", OPAQUE);
        assert!(world.clone().whole_state().silent(RuleId::UnjudgedChange));
        let world = world.gap_after(doubtful("users", "age")).whole_state();
        assert_eq!(world.run(RuleId::UnjudgedChange).len(), 1);
    }

    #[test]
    fn places_that_belong_together_are_one_finding() {
        let world = World::prisma().new_migration("20260112090000_x", &format!("{OPAQUE}\n{OPAQUE}\n{OPAQUE}"));
        let findings = world.clone().run(RuleId::UnjudgedChange);
        assert_eq!(findings.len(), 1);
        assert!(findings[0].message.ends_with(", and 2 further places"), "{}", findings[0].message);
        assert_eq!(findings[0].related.len(), 2);
        assert_eq!(world.gap_after(doubtful("users", "age")).run(RuleId::UnjudgedChange).len(), 1);
        let world = World::prisma().new_migration("20260112090000_x", OPAQUE).new_migration("20260113090000_y", OPAQUE);
        assert_eq!(world.run(RuleId::UnjudgedChange).len(), 2, "two files");
    }

    #[test]
    fn what_was_read_is_fine() {
        for world in World::both() {
            let id = world.new_id();
            assert!(world.new_migration(id, "ALTER TABLE users ADD COLUMN age INT;").silent(RuleId::UnjudgedChange));
        }
    }

    #[test]
    fn many_differences_are_counted() {
        let world = World::prisma().new_migration("20260112090000_x", OPAQUE);
        let names = ["a", "b", "c", "d", "e"];
        let world = names.iter().fold(world, |world, name| world.gap_after(doubtful("users", name)));
        let findings = world.run(RuleId::UnjudgedChange);
        assert!(
            findings[0].message.starts_with(
                "the column users.a, the column users.b, the column users.c and 2 further differences cannot be judged: "
            ),
            "{}",
            findings[0].message
        );
    }

    /// A difference of a type or a default, with the text of both sides.
    fn differing(aspect: Aspect, name: &str, declared: &str, replayed: &str) -> Difference {
        let mut one = difference(Side::Changed, aspect, "users", name);
        (one.declared, one.replayed) = (Some(declared.to_owned()), Some(replayed.to_owned()));
        let source = crate::source::Source::new("app/models.py".into(), "class User: ...");
        one.with_declared_at(&crate::source::Place::start_of(&source))
    }

    /// What each of the three rules says of a new difference beside others that stood before.
    fn beside(standing: &[Difference], new: Difference) -> (usize, Vec<String>) {
        let [one, other] = World::both().map(|world| beside_in(world, standing, new.clone()));
        assert_eq!(one, other, "in both ecosystems");
        one
    }

    fn beside_in(world: World, standing: &[Difference], new: Difference) -> (usize, Vec<String>) {
        let world = standing.iter().cloned().fold(world, World::gap_after).commit().touch_schema();
        let world = world.gap_after(new);
        let told = [RuleId::MissingMigration, RuleId::UncoveredChange, RuleId::UndeclaredChange];
        let errors = told.into_iter().map(|rule| world.run(rule).len()).sum();
        let doubts = world.run(RuleId::UnjudgedChange);
        assert!(doubts.iter().all(|one| one.level == Level::Warning));
        (errors, doubts.into_iter().map(|one| one.message).collect())
    }

    #[test]
    fn what_stands_at_three_other_columns_is_a_doubt() {
        let at = |aspect, name: &str| differing(aspect, name, "text", "varchar(10)");
        for aspect in [Aspect::Type, Aspect::Default] {
            let standing = [at(aspect, "a"), at(aspect, "b"), at(aspect, "c")];
            let (errors, doubts) = beside(&standing, at(aspect, "size"));
            assert_eq!(errors, 0);
            let what = if aspect == Aspect::Type { "type" } else { "default" };
            let expected = format!(
                "the {what} of users.size cannot be judged: the same stands at 3 other columns since before this change, first users.a"
            );
            assert_eq!(doubts, [expected]);
            assert_eq!(beside(&standing[..2], at(aspect, "size")), (1, vec![]), "two may be two faults");
            for other in
                [differing(aspect, "size", "text", "integer"), differing(aspect, "size", "integer", "varchar(10)")]
            {
                let (errors, doubts) = beside(&standing, other);
                assert_eq!((errors, doubts.len()), (1, 0));
            }
        }
        let nullable = |name: &str| differing(Aspect::Nullability, name, "null", "not null");
        let standing = [nullable("a"), nullable("b"), nullable("c")];
        assert_eq!(beside(&standing, nullable("size")), (1, vec![]));
        // One that stands at this column itself in another way is none of the others.
        let standing = [at(Aspect::Type, "a"), at(Aspect::Type, "b"), at(Aspect::Default, "c")];
        assert_eq!(beside(&standing, at(Aspect::Type, "size")), (1, vec![]));
    }

    #[test]
    fn of_the_whole_state_every_difference_is_told() {
        let world = ["a", "b", "c", "d"].iter().fold(World::alembic(), |world, name| {
            world.gap_after(differing(Aspect::Type, name, "text", "varchar(10)"))
        });
        let world = world.whole_state();
        assert!(world.silent(RuleId::UnjudgedChange));
        assert_eq!(world.run(RuleId::Drift).len(), 1);
    }
}
