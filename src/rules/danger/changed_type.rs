//! `changed-type`.

use super::deeds::Deeds;
use super::{allow, finding};
use crate::catalog::apply::Effect;
use crate::catalog::types::sqlite_affinity;
use crate::catalog::{ColumnType, Dialect, TypeKind};
use crate::finding::Finding;
use crate::project::ProjectChange;
use crate::rules::{RuleId, RuleSettings};

page! {
    /// ## What it stops
    ///
    /// A type change of a column that was there, if it narrows what the column takes or makes the database write the
    /// table anew. Growing a `varchar`, `varchar` to `text`, more digits at the same scale are free and not reported; for
    /// SQLite only the affinity counts; an enum that is swapped for a new one of its name is left to
    /// `dropped-enum-value`.
    ///
    /// ## Why it matters
    ///
    /// A value that does not fit fails the migration, or is cut. A rewrite holds the table locked for as long as it takes.
    /// And what depends on the column may refuse: the retyping in
    /// [AutoGPT#13796](https://github.com/Significant-Gravitas/AutoGPT/pull/13796) failed where analytics views
    /// read the column.
    ///
    /// ## Example that fails
    ///
    /// ```prisma title="prisma/user.prisma"
    /// model User {
    ///   id    Int    @id @default(autoincrement())
    ///   email String @unique @db.VarChar(40)
    /// }
    /// ```
    ///
    /// ```sql title="prisma/migrations/20260112090000_shorten_email/migration.sql"
    /// ALTER TABLE "User" ALTER COLUMN "email" SET DATA TYPE VARCHAR(40);
    /// ```
    ///
    /// ## The same repaired
    ///
    /// ```sql title="prisma/migrations/20260112090000_shorten_email/migration.sql"
    /// -- driftgate: allow changed-type: the longest address has 31 characters, and the form takes 40
    /// ALTER TABLE "User" ALTER COLUMN "email" SET DATA TYPE VARCHAR(40);
    /// ```
    ///
    /// ## How to allow it
    ///
    /// As above, or in `driftgate.toml`:
    ///
    /// ```toml
    /// [[allow]]
    /// rule = "changed-type"
    /// object = "User.email"
    /// reason = "the longest address has 31 characters, and the form takes 40"
    /// ```
}

pub(in crate::rules) fn check(change: &ProjectChange<'_>, _: &RuleSettings) -> Vec<Finding> {
    let dialect = change.project.dialect();
    let all = Deeds::of(change);
    let deeds = &all.done;
    let changed = deeds.iter().filter_map(|deed| match &deed.effect {
        Effect::ColumnChanged { table, before, after } => {
            harm(dialect, &before.ty, &after.ty).map(|harm| (deed, table, before, after, harm))
        }
        _ => None,
    });
    changed
        .map(|(deed, table, before, after, harm)| {
            let object = format!("{table}.{}", after.name);
            let message = match harm {
                Harm::Narrows => format!("the type of {object} narrows from {} to {}", before.ty, after.ty),
                Harm::Rewrites => format!("the type of {object} changes from {} to {}", before.ty, after.ty),
            };
            let reason = match harm {
                Harm::Narrows => "a value that does not fit fails the migration, or is cut",
                Harm::Rewrites => "the table is written anew and locked meanwhile; what reads the column may refuse",
            };
            let help = format!(
                "add a column of the new type, move the values and switch over; or say why above the statement:\n  {}",
                allow(change, RuleId::ChangedType)
            );
            finding(RuleId::ChangedType, &deed.place, object, message, help).because(reason)
        })
        .collect()
}

/// What a type change does to a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Harm {
    /// Not every value fits.
    Narrows,
    /// Every row is written anew.
    Rewrites,
}

/// What harm a change of type does; none where it does none, or where one of the types is not known.
fn harm(dialect: Dialect, before: &ColumnType, after: &ColumnType) -> Option<Harm> {
    if before == after || before.kind == TypeKind::Unknown || after.kind == TypeKind::Unknown {
        return None;
    }
    if before.array != after.array {
        return Some(Harm::Rewrites);
    }
    let (TypeKind::Builtin { name: old, unsigned: was, .. }, TypeKind::Builtin { name: new, unsigned: is, .. }) =
        (&before.kind, &after.kind)
    else {
        // Labels of an inline enum may be added freely; lost ones are another rule's business.
        let inline = matches!((&before.kind, &after.kind), (TypeKind::Inline { .. }, TypeKind::Inline { .. }));
        return (!inline).then_some(Harm::Rewrites);
    };
    if dialect == Dialect::Sqlite {
        return (sqlite_affinity(old) != sqlite_affinity(new)).then_some(Harm::Rewrites);
    }
    let (old_args, new_args) = (before.args(), after.args());
    if let (Some(old), Some(new)) = (integer_width(old), integer_width(new)) {
        return match (old.cmp(&new), was == is) {
            (std::cmp::Ordering::Greater, _) | (_, false) => Some(Harm::Narrows),
            (std::cmp::Ordering::Less, true) => Some(Harm::Rewrites),
            (std::cmp::Ordering::Equal, true) => None,
        };
    }
    if let (Some(old), Some(new)) = (text_limit(old, old_args), text_limit(new, new_args)) {
        // MySQL and SQL Server copy the table where the length's own size changes, which no statement shows.
        return (new < old).then_some(Harm::Narrows);
    }
    if old == new && matches!(old.as_str(), "numeric" | "decimal") {
        return numeric_harm(old_args, new_args);
    }
    if old == new && is_time(old) {
        let precision = |args: &[i64]| args.first().copied().unwrap_or(6);
        return (precision(new_args) < precision(old_args)).then_some(Harm::Narrows);
    }
    Some(Harm::Rewrites)
}

/// The width of an integer type, in bytes.
fn integer_width(name: &str) -> Option<u8> {
    Some(match name {
        "tinyint" => 1,
        "smallint" | "smallserial" => 2,
        "mediumint" => 3,
        "integer" | "int" | "serial" => 4,
        "bigint" | "bigserial" => 8,
        _ => return None,
    })
}

/// How many characters a text type takes; the most there is for unbounded ones.
fn text_limit(name: &str, args: &[i64]) -> Option<i64> {
    let unbounded = |args: &[i64]| args.first().copied().filter(|&limit| limit >= 0).unwrap_or(i64::MAX);
    Some(match name {
        "varchar" | "nvarchar" => unbounded(args),
        "tinytext" => 255,
        "text" if args.is_empty() => i64::MAX,
        "mediumtext" | "longtext" | "ntext" => i64::MAX,
        _ => return None,
    })
}

/// PostgreSQL writes nothing anew where digits are added before the point alone.
fn numeric_harm(old: &[i64], new: &[i64]) -> Option<Harm> {
    match (old, new) {
        ([.., _], []) => None,
        ([old_precision, old_scale], [precision, scale]) => {
            if precision - scale < old_precision - old_scale || scale < old_scale {
                Some(Harm::Narrows)
            } else if scale == old_scale {
                None
            } else {
                Some(Harm::Rewrites)
            }
        }
        _ => Some(Harm::Narrows),
    }
}

fn is_time(name: &str) -> bool {
    matches!(name, "timestamp" | "timestamptz" | "time" | "timetz" | "datetime" | "datetime2")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::types::canonical;
    use crate::rules::testing::World;

    fn judge(dialect: Dialect, before: (&str, &[i64]), after: (&str, &[i64])) -> Option<Harm> {
        let ty = |(words, args): (&str, &[i64])| canonical(dialect, words, args).expect("a type");
        harm(dialect, &ty(before), &ty(after))
    }

    #[test]
    fn narrowing_and_rewriting_changes_are_reported() {
        for world in World::both() {
            let id = world.new_id();
            let sql =
                "ALTER TABLE users ALTER COLUMN name TYPE VARCHAR(40);\nALTER TABLE users ALTER COLUMN id TYPE BIGINT;";
            let findings = world.new_migration(id, sql).run(RuleId::ChangedType);
            let messages: Vec<&str> = findings.iter().map(|finding| finding.message.as_str()).collect();
            assert_eq!(
                messages,
                [
                    "the type of users.name narrows from text to varchar(40)",
                    "the type of users.id changes from integer to bigint"
                ]
            );
        }
    }

    #[test]
    fn changes_that_cost_nothing_are_fine() {
        let pg = Dialect::PostgreSql;
        assert_eq!(judge(pg, ("varchar", &[10]), ("varchar", &[20])), None);
        assert_eq!(judge(pg, ("varchar", &[10]), ("text", &[])), None);
        assert_eq!(judge(pg, ("text", &[]), ("varchar", &[])), None);
        assert_eq!(judge(pg, ("numeric", &[10, 2]), ("numeric", &[12, 2])), None);
        assert_eq!(judge(pg, ("timestamp", &[3]), ("timestamp", &[6])), None);
        assert_eq!(judge(Dialect::Sqlite, ("varchar", &[10]), ("text", &[])), None);
        assert_eq!(judge(Dialect::MySql, ("varchar", &[191]), ("text", &[])), None);
    }

    #[test]
    fn the_boundary_is_what_fits() {
        let pg = Dialect::PostgreSql;
        assert_eq!(judge(pg, ("varchar", &[20]), ("varchar", &[19])), Some(Harm::Narrows));
        assert_eq!(judge(pg, ("numeric", &[10, 2]), ("numeric", &[10, 3])), Some(Harm::Narrows));
        assert_eq!(judge(pg, ("numeric", &[10, 2]), ("numeric", &[12, 4])), Some(Harm::Rewrites));
        assert_eq!(judge(pg, ("bigint", &[]), ("integer", &[])), Some(Harm::Narrows));
        assert_eq!(judge(pg, ("timestamp", &[3]), ("timestamptz", &[3])), Some(Harm::Rewrites));
        assert_eq!(judge(pg, ("text", &[]), ("jsonb", &[])), Some(Harm::Rewrites));
        assert_eq!(judge(Dialect::Sqlite, ("text", &[]), ("integer", &[])), Some(Harm::Rewrites));
    }

    #[test]
    fn a_table_that_is_built_anew_with_another_type_changes_it() {
        let table = "CREATE TABLE pairs (a INTEGER NOT NULL PRIMARY KEY, b TEXT);";
        let world = World::prisma().on(Dialect::Sqlite).new_migration("20260106090000_a", table).commit();
        let anew = |ty: &str| {
            let sql = format!(
                "CREATE TABLE new_pairs (a INTEGER NOT NULL PRIMARY KEY, b {ty});\n\
                 INSERT INTO new_pairs (a, b) SELECT a, b FROM pairs;\n\
                 DROP TABLE pairs; ALTER TABLE new_pairs RENAME TO pairs;"
            );
            let findings = world.clone().new_migration(world.new_id(), &sql).run(RuleId::ChangedType);
            findings.into_iter().map(|finding| finding.message).collect::<Vec<_>>()
        };
        assert_eq!(anew("INTEGER"), ["the type of pairs.b changes from text to integer"]);
        assert_eq!(anew("TEXT"), Vec::<String>::new());
    }
}
