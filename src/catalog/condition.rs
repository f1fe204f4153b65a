//! Questions that a script asks the database about itself (`IF NOT EXISTS (SELECT … FROM pg_type …)`).

use super::operation::{ConstraintKind, Guard, Operation};
use super::{Catalog, Column, ColumnType, Name, Object, ObjectName, Reach, Table, TypeKind};

/// A question with yes or no for an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    /// Whether something is there.
    Exists(Subject),
    /// The opposite.
    Not(Box<Condition>),
    /// Whether all hold.
    All(Vec<Condition>),
    /// Whether any holds.
    Any(Vec<Condition>),
    /// Known without asking.
    Known(bool),
    /// What a catalog cannot answer: rows, settings, roles, functions.
    Unknown,
}

/// What a question is about. Names are as the database stores them.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Subject {
    /// A schema.
    Schema(String),
    /// A table; views do not count.
    Table(ObjectName),
    /// A view or a materialized view; which, where the question says it.
    View(ObjectName, Option<bool>),
    /// Anything that can be selected from, and indexes and sequences (`pg_class`, `to_regclass`).
    Relation(ObjectName),
    /// A column.
    Column {
        /// The table; none where any will do.
        table: Option<ObjectName>,
        /// The column.
        column: String,
        /// Whether it takes NULL, where that is asked.
        nullable: Option<bool>,
        /// Its type, where that is asked; modifiers do not count.
        ty: Option<ColumnType>,
    },
    /// An index, those of unique constraints and primary keys among them.
    Index {
        /// The table; none where any will do.
        table: Option<ObjectName>,
        /// The index.
        name: String,
    },
    /// A constraint.
    Constraint {
        /// The table; none where any will do.
        table: Option<ObjectName>,
        /// Its name; none where any of the kind will do.
        name: Option<String>,
        /// Its kind, where that is asked.
        kind: Option<ConstraintKind>,
    },
    /// An enum, a domain or another type of the user.
    Type(ObjectName),
    /// A label of an enum.
    EnumValue(ObjectName, String),
    /// A sequence.
    Sequence(ObjectName),
    /// An installed extension.
    Extension(String),
}

impl std::ops::Not for Condition {
    type Output = Self;

    fn not(self) -> Self {
        match self {
            Self::Not(inner) => *inner,
            Self::Known(value) => Self::Known(!value),
            Self::Unknown => Self::Unknown,
            other => Self::Not(Box::new(other)),
        }
    }
}

impl Condition {
    /// Whether a part of it is one that no catalog could answer.
    pub fn asks_more(&self) -> bool {
        match self {
            Self::Unknown => true,
            Self::Not(inner) => inner.asks_more(),
            Self::All(of) | Self::Any(of) => of.iter().any(Self::asks_more),
            Self::Exists(_) | Self::Known(_) => false,
        }
    }

    /// Whether no catalog could answer it.
    pub fn is_unknown(&self) -> bool {
        match self {
            Self::Unknown => true,
            Self::Not(inner) => inner.is_unknown(),
            Self::All(of) | Self::Any(of) => !of.is_empty() && of.iter().all(Self::is_unknown),
            Self::Exists(_) | Self::Known(_) => false,
        }
    }
}

impl Catalog {
    /// The answer to a question; none where it is not known or a doubt stands in the way.
    pub fn holds(&self, condition: &Condition) -> Option<bool> {
        match condition {
            Condition::Exists(subject) => self.has(subject),
            Condition::Not(inner) => self.holds(inner).map(|answer| !answer),
            Condition::All(of) => self.first(of, false),
            Condition::Any(of) => self.first(of, true),
            Condition::Known(answer) => Some(*answer),
            Condition::Unknown => None,
        }
    }

    /// The operations to be done at this moment. Where the answer is not known, both branches are in doubt.
    pub fn choose(&self, condition: &Condition, then: &[Operation], otherwise: &[Operation]) -> Vec<Operation> {
        match self.holds(condition) {
            Some(true) => then.to_vec(),
            Some(false) => otherwise.to_vec(),
            None => {
                let one_way =
                    [then, otherwise].iter().filter(|way| way.iter().any(Operation::changes_catalog)).count() < 2;
                let both = then.iter().chain(otherwise).cloned();
                if one_way && !condition.asks_more() {
                    // A guard that only a doubt leaves open: whether it was done before or is done now, it is done.
                    return both.map(|operation| operation.guarded(Guard::Tolerant)).collect();
                }
                let why = "a condition that depends on what could not be read";
                both.flat_map(|operation| operation.doubted(why)).collect()
            }
        }
    }

    /// `decisive` if any answer is that; the opposite if all are; none otherwise.
    fn first(&self, of: &[Condition], decisive: bool) -> Option<bool> {
        let mut unknown = false;
        for condition in of {
            match self.holds(condition) {
                Some(answer) if answer == decisive => return Some(decisive),
                Some(_) => {}
                None => unknown = true,
            }
        }
        (!unknown).then_some(!decisive)
    }

    fn has(&self, subject: &Subject) -> Option<bool> {
        let anything = || self.doubts.iter().any(|doubt| doubt.reach == Reach::Everything);
        // What is there is there; what is not may still be, where a doubt reaches so far.
        let unless = |found: bool, doubted: bool| if found { Some(true) } else { (!doubted).then_some(false) };
        let in_doubt = |name: &ObjectName| self.doubt_about(&Object::Table(&self.new_name(name))).is_some();
        match subject {
            Subject::Schema(name) => unless(self.schemas.contains(name), anything()),
            Subject::Table(name) => unless(self.table(name).is_some(), in_doubt(name)),
            Subject::View(name, materialized) => {
                let view = self.resolve(&self.views, name).and_then(|name| self.views.get(&name));
                let found = view.is_some_and(|view| materialized.is_none_or(|wanted| view.materialized == wanted));
                unless(found, in_doubt(name))
            }
            Subject::Relation(name) => {
                let found = self.table(name).is_some()
                    || self.resolve(&self.views, name).is_some()
                    || self.resolve(&self.sequences, name).is_some()
                    || self.index_named(None, &name.name);
                unless(found, in_doubt(name) || anything())
            }
            Subject::Column { table, column, nullable, ty } => {
                let doubted = match table {
                    Some(table) => {
                        self.doubt_about(&Object::Column(&self.new_name(table), column)).is_some() || in_doubt(table)
                    }
                    None => anything(),
                };
                let found = self.tables_named(table.as_ref()).find_map(|found| found.column(self.dialect, column));
                match found {
                    None => unless(false, doubted),
                    Some(_) if doubted && (nullable.is_some() || ty.is_some()) => None,
                    Some(found) => {
                        let same_null = nullable.is_none_or(|wanted| found.nullable == wanted);
                        let same_type = ty.as_ref().map_or(Some(true), |wanted| same_type(found, wanted));
                        if same_null { same_type } else { Some(false) }
                    }
                }
            }
            Subject::Index { table, name } => {
                let doubted = table.as_ref().map_or_else(anything, in_doubt);
                unless(self.index_named(table.as_ref(), name), doubted)
            }
            Subject::Constraint { table, name, kind } => {
                let doubted = table.as_ref().map_or_else(anything, in_doubt);
                let mut tables = self.tables_named(table.as_ref());
                unless(tables.any(|table| self.has_constraint(table, name.as_deref(), *kind)), doubted)
            }
            Subject::Type(name) => {
                let found = self.enumeration(name).is_some() || self.resolve(&self.types, name).is_some();
                unless(found, self.doubt_about(&Object::Type(&self.new_name(name))).is_some())
            }
            Subject::EnumValue(name, label) => {
                let found = self.enumeration(name).is_some_and(|found| found.labels.contains(label));
                unless(found, self.doubt_about(&Object::Type(&self.new_name(name))).is_some())
            }
            Subject::Sequence(name) => unless(self.resolve(&self.sequences, name).is_some(), anything()),
            Subject::Extension(name) => unless(self.extensions.contains_key(name), anything()),
        }
    }

    /// The one table of that name, or all.
    fn tables_named(&self, name: Option<&ObjectName>) -> impl Iterator<Item = &Table> {
        let one: Option<Option<Name>> = name.map(|name| self.resolve(&self.tables, name));
        self.tables.values().filter(move |table| match &one {
            None => true,
            Some(found) => found.as_ref() == Some(&table.name),
        })
    }

    fn index_named(&self, table: Option<&ObjectName>, name: &str) -> bool {
        let same = |own: Option<&str>| own.is_some_and(|own| self.dialect.same_name(own, name));
        self.tables_named(table).any(|table| {
            same(table.primary_key.as_ref().and_then(|key| key.name.as_deref()))
                || table.indexes.iter().any(|index| same(index.name.as_deref()))
        })
    }

    fn has_constraint(&self, table: &Table, name: Option<&str>, kind: Option<ConstraintKind>) -> bool {
        let same = |own: Option<&str>| name.is_none_or(|name| own.is_some_and(|own| self.dialect.same_name(own, name)));
        let asked = |of: ConstraintKind| kind.is_none_or(|kind| kind == of);
        asked(ConstraintKind::PrimaryKey) && table.primary_key.as_ref().is_some_and(|key| same(key.name.as_deref()))
            || asked(ConstraintKind::Unique)
                && table.indexes.iter().any(|index| index.constraint && same(index.name.as_deref()))
            || asked(ConstraintKind::ForeignKey) && table.foreign_keys.iter().any(|key| same(key.name.as_deref()))
            || asked(ConstraintKind::Check) && table.checks.iter().any(|check| same(check.name.as_deref()))
            || kind.is_none() && table.excludes.iter().any(|own| same(Some(own)))
    }
}

/// Whether a column is of a type, modifiers aside; none where that cannot be said.
fn same_type(column: &Column, wanted: &ColumnType) -> Option<bool> {
    match (&column.ty.kind, &wanted.kind) {
        _ if column.ty.array != wanted.array => Some(false),
        (TypeKind::Builtin { name, .. }, TypeKind::Builtin { name: wanted, .. }) => Some(name == wanted),
        (TypeKind::Named(name), TypeKind::Named(wanted)) => Some(name.name == wanted.name),
        (TypeKind::Builtin { .. }, TypeKind::Named(_)) | (TypeKind::Named(_), TypeKind::Builtin { .. }) => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::{Dialect, Index, IndexPart, Opaque};
    use crate::source::{Place, Source};

    fn catalog() -> Catalog {
        let mut catalog = Catalog::new(Dialect::PostgreSql);
        let name = Name::new("public", "users");
        let mut table = Table::new(name.clone());
        table.columns.push(Column::new("id", ColumnType::builtin("integer"), false));
        table.indexes.push(Index::new(Some("users_idx".to_owned()), vec![IndexPart::named("id")], false));
        catalog.tables.insert(name, table);
        catalog
    }

    fn column(name: &str, nullable: Option<bool>, ty: Option<ColumnType>) -> Condition {
        let table = Some(ObjectName::bare("users"));
        Condition::Exists(Subject::Column { table, column: name.to_owned(), nullable, ty })
    }

    #[test]
    fn a_catalog_answers_what_it_knows() {
        let catalog = catalog();
        assert_eq!(catalog.holds(&Condition::Exists(Subject::Table(ObjectName::bare("users")))), Some(true));
        assert_eq!(catalog.holds(&!Condition::Exists(Subject::Table(ObjectName::bare("gone")))), Some(true));
        assert_eq!(catalog.holds(&column("id", None, None)), Some(true));
        assert_eq!(catalog.holds(&column("id", Some(true), None)), Some(false));
        assert_eq!(catalog.holds(&column("id", None, Some(ColumnType::builtin("text")))), Some(false));
        assert_eq!(catalog.holds(&column("id", None, Some(ColumnType::unknown()))), None);
        let index = Subject::Index { table: None, name: "users_idx".to_owned() };
        assert_eq!(catalog.holds(&Condition::Exists(index)), Some(true));
    }

    #[test]
    fn what_is_unknown_decides_nothing() {
        let catalog = catalog();
        let (yes, no) = (Condition::Known(true), Condition::Known(false));
        assert_eq!(catalog.holds(&Condition::All(vec![Condition::Unknown, no.clone()])), Some(false));
        assert_eq!(catalog.holds(&Condition::All(vec![Condition::Unknown, yes.clone()])), None);
        assert_eq!(catalog.holds(&Condition::Any(vec![Condition::Unknown, yes])), Some(true));
        assert_eq!(catalog.holds(&Condition::Any(vec![Condition::Unknown, no])), None);
    }

    #[test]
    fn a_doubt_leaves_absence_open() {
        let mut catalog = catalog();
        let place = Place::start_of(&Source::new("m.sql".into(), ""));
        let reach = Reach::Table(ObjectName::bare("gone"));
        catalog.doubts.push(Opaque { place, reason: "dynamic SQL".to_owned(), reach });
        assert_eq!(catalog.holds(&Condition::Exists(Subject::Table(ObjectName::bare("gone")))), None);
        assert_eq!(catalog.holds(&Condition::Exists(Subject::Table(ObjectName::bare("users")))), Some(true));
        assert_eq!(catalog.holds(&Condition::Exists(Subject::Table(ObjectName::bare("other")))), Some(false));
    }
}
