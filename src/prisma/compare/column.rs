//! Columns that both sides have: type, nullability, default.

use super::{Comparison, Pair, defaults, enum_of, in_table, or_table, text, types};
use crate::catalog::contrast::Contrast;
use crate::catalog::difference::{Aspect, Difference, Side};
use crate::catalog::{Column, Dialect, Object, TypeKind};

impl<'a> Comparison<'a> {
    pub(super) fn column(&mut self, pair: Pair<'a>, declared: &'a Column, replayed: &'a Column) {
        if !types::same((self.declared, declared), (self.replayed, replayed)) {
            let mut difference = changed(Aspect::Type, pair, declared, replayed);
            difference.declared = Some(declared.ty.to_string());
            difference.replayed = Some(replayed.ty.to_string());
            self.note_column(difference, pair, declared, replayed);
        }
        let lists = declared.ty.array || replayed.ty.array;
        let nullable = self.seen_nullable(pair, replayed);
        if !lists && declared.nullable != nullable {
            let word = |nullable| Some(if nullable { "null" } else { "not null" }.to_owned());
            let mut difference = changed(Aspect::Nullability, pair, declared, replayed);
            difference.declared = word(declared.nullable);
            difference.replayed = word(nullable);
            self.note_column(difference, pair, declared, replayed);
        }
        if !defaults::same((self.declared, declared), (self.replayed, replayed)) {
            let mut difference = changed(Aspect::Default, pair, declared, replayed);
            difference.declared = Some(default_words(declared));
            difference.replayed = Some(default_words(replayed));
            difference.contrast = self.default_names(declared, replayed);
            self.note_column(difference, pair, declared, replayed);
        }
    }

    /// What differs of two defaults of SQL Server that have another name alone.
    fn default_names(&self, declared: &Column, replayed: &Column) -> Option<Contrast> {
        let renamed = Column { default_name: declared.default_name.clone(), ..replayed.clone() };
        let is_same = defaults::same((self.declared, declared), (self.replayed, &renamed));
        let name = declared.default_name.as_deref().filter(|_| is_same)?;
        Some(Contrast::renamed(name, replayed.default_name.as_deref(), "without a name of its own"))
    }

    /// Whether the describer reports a column as nullable: an INTEGER PRIMARY KEY of SQLite never is.
    fn seen_nullable(&self, pair: Pair<'_>, column: &Column) -> bool {
        // `information_schema.columns` takes a domain that is NOT NULL for a column that is.
        if let (Dialect::PostgreSql, TypeKind::Named(name)) = (self.dialect(), &column.ty.kind) {
            let domain = self.replayed.resolve(&self.replayed.types, name);
            let required = domain.and_then(|name| self.replayed.types.get(&name)).is_some_and(|one| one.required);
            return column.nullable && (column.ty.array || !required);
        }
        if self.dialect() != Dialect::Sqlite {
            return column.nullable;
        }
        let rowid = pair
            .replayed
            .primary_key
            .as_ref()
            .is_some_and(|key| key.columns.len() == 1 && key.columns[0].column() == Some(&column.name));
        column.nullable && !(rowid && column.ty.builtin_name() == Some("integer") && column.ty.args().is_empty())
    }

    fn note_column(&mut self, difference: Difference, pair: Pair<'_>, declared: &Column, replayed: &Column) {
        let mut objects = vec![Object::Column(&pair.declared.name, &declared.name)];
        if pair.replayed.name != pair.declared.name {
            objects.push(Object::Column(&pair.replayed.name, &replayed.name));
        }
        let enums = [enum_of(self.declared, declared), enum_of(self.replayed, replayed)];
        objects.extend(enums.into_iter().flatten().map(|one| Object::Type(&one.name)));
        self.note(difference, &objects);
    }
}

fn changed(aspect: Aspect, pair: Pair<'_>, declared: &Column, replayed: &Column) -> Difference {
    let mut difference = in_table(Side::Changed, aspect, pair, &declared.name);
    difference.declared_at = or_table(declared.place.as_ref(), pair.declared);
    difference.migrated_at = or_table(replayed.place.as_ref(), pair.replayed);
    difference
}

/// A default with the word for none; under its name, where it has one.
fn default_words(column: &Column) -> String {
    match (text::counter(column), &column.default) {
        (Some(counter), _) => counter.to_owned(),
        (None, Some(default)) => match &column.default_name {
            Some(name) => format!("constraint {name} default {}", text::default(default)),
            None => format!("default {}", text::default(default)),
        },
        (None, None) => "no default".to_owned(),
    }
}
