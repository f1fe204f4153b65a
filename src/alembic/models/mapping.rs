//! Mapped classes: which classes have a table, under which name, with which columns.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::annotations::{Versions, mapped};
use super::columns::{self, Attribute, Settings, is_column};
use super::packages;
use super::registry::{Root, address, class_meta, is_made_elsewhere, root, symbol_address};
use super::sqlmodel;
use super::table::{TableColumn, TableSpec};
use crate::alembic::python;
use crate::alembic::python::{Annotation, Args, Class, Interpreter, SymbolKind, Value};
use crate::source::Place;

/// What a class is to the mapper.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// Not declarative: a mixin, or any other class.
    Plain,
    /// A declarative base, or `__abstract__`: its attributes are those of its subclasses.
    Abstract,
    /// Mapped.
    Mapped,
}

/// What came of mapping one class.
pub(super) enum Outcome {
    /// A table of its own.
    Table(Box<TableSpec>),
    /// Single-table inheritance: further columns for the table of an ancestor.
    Joined {
        /// The ancestor whose table it is.
        ancestor: usize,
        /// Its further columns.
        columns: Vec<TableColumn>,
        /// What could not be evaluated, as column name, reason and place.
        doubts: Vec<(String, String, Place)>,
    },
    /// `__table__`: the `Table(…)` that it names.
    Given(Value),
    /// SQLAlchemy would refuse the class.
    Refused(String, Place),
    /// It cannot be told which table it is.
    Doubt(String, Place),
    /// A base of another package names its table, or maps it to none.
    Unnamed(String),
    /// No table.
    None,
}

/// Standings of classes, each found once.
#[derive(Default)]
pub(super) struct Mapper {
    standings: BTreeMap<usize, Standing>,
    /// The columns that mapped classes have themselves: the class and the attribute, by the address of what was assigned.
    own: BTreeMap<usize, (usize, String)>,
}

impl Mapper {
    /// What a class is.
    pub(super) fn standing(&mut self, class: &Rc<Class>) -> Standing {
        if let Some(known) = self.standings.get(&address(class)) {
            return *known;
        }
        let found = self.find_standing(class);
        self.standings.insert(address(class), found);
        found
    }

    fn find_standing(&mut self, class: &Rc<Class>) -> Standing {
        let Some((root, itself)) = root(class) else { return Standing::Plain };
        if itself {
            return Standing::Abstract;
        }
        let abstract_here = class
            .own("__abstract__")
            .and_then(|attribute| attribute.value)
            .is_some_and(|value| value.as_bool() == Some(true));
        let concrete_base = class.bases.iter().any(|base| {
            matches!(
                base.path().as_deref(),
                Some(
                    "sqlalchemy.orm.AbstractConcreteBase"
                        | "sqlalchemy.ext.declarative.AbstractConcreteBase"
                        | "sqlalchemy.orm.DeferredReflection"
                )
            )
        });
        if abstract_here || concrete_base {
            return Standing::Abstract;
        }
        // The class that is handed to Flask-SQLAlchemy or `declarative_base` as a base is none of its models.
        if let Some(mixin) = root.mixin()
            && Rc::ptr_eq(&mixin, class)
        {
            return Standing::Abstract;
        }
        if matches!(root, Root::SqlModel) {
            let config = class.own("model_config").and_then(|attribute| attribute.value);
            let by_config = config.is_some_and(|config| match &config {
                Value::Dict(entries) => {
                    entries.borrow().get_str("table").is_some_and(|value| value.as_bool() == Some(true))
                }
                other => other
                    .call_of()
                    .is_some_and(|(_, args)| args.keyword("table").is_some_and(|value| value.as_bool() == Some(true))),
            });
            let by_keyword =
                class.keywords.iter().any(|(key, value)| &**key == "table" && value.as_bool() == Some(true));
            // A model that inherits from a table is data, not another table.
            let inherits = class.mro().iter().skip(1).any(|ancestor| {
                ancestor.keywords.iter().any(|(key, value)| &**key == "table" && value.as_bool() == Some(true))
            });
            return if (by_keyword || by_config) && !inherits { Standing::Mapped } else { Standing::Abstract };
        }
        Standing::Mapped
    }

    /// The nearest mapped ancestor.
    fn mapped_ancestor(&mut self, class: &Rc<Class>) -> Option<Rc<Class>> {
        class.mro().into_iter().skip(1).find(|ancestor| self.standing(ancestor) == Standing::Mapped)
    }

    /// Whether a class inherits from a mapped one (`sqlalchemy.orm.has_inherited_table`).
    pub(super) fn has_inherited_table(&mut self, class: &Rc<Class>) -> bool {
        self.mapped_ancestor(class).is_some()
    }

    /// The classes that attributes are looked for in: the class's own order, then those of the root's mixin.
    fn lineage(class: &Rc<Class>, root: &Root) -> Vec<Rc<Class>> {
        let mut lineage = class.mro();
        if let Some(mixin) = root.mixin() {
            for ancestor in mixin.mro() {
                if !lineage.iter().any(|known| Rc::ptr_eq(known, &ancestor)) {
                    lineage.push(ancestor);
                }
            }
        }
        lineage
    }

    /// Maps one class.
    pub(super) fn map(&mut self, interpreter: &mut Interpreter<'_>, class: &Rc<Class>, versions: Versions) -> Outcome {
        if self.standing(class) != Standing::Mapped {
            return Outcome::None;
        }
        let Some((root, _)) = root(class) else { return Outcome::None };
        let meta = class_meta(class, 0);
        let place = class.place.clone();
        if let Some(table) = class.own("__table__").and_then(|attribute| attribute.value).or_else(|| {
            let unmapped: Vec<Rc<Class>> = class.mro().into_iter().skip(1).collect();
            unmapped
                .iter()
                .filter(|ancestor| self.standing(ancestor) != Standing::Mapped)
                .find_map(|ancestor| ancestor.own("__table__").and_then(|attribute| attribute.value))
        }) {
            return self.given_table(interpreter, class, table, &place);
        }
        // Which table it is may stand behind the place where its body stops.
        let stopped = class.doubts.borrow().iter().find(|doubt| doubt.place.text().contains("__tablename__")).cloned();
        if let Some(doubt) = stopped {
            return Outcome::Doubt(doubt.reason.clone(), doubt.place.clone());
        }
        let ancestor = self.mapped_ancestor(class);
        let lineage = Self::lineage(class, &root);
        let collected = self.collect(interpreter, class, &root, &lineage, versions);
        let (columns, doubts, mut table_doubt) = match collected {
            Ok(found) => found,
            Err(reason) => return Outcome::Refused(reason, place),
        };
        let has_key = columns.iter().any(TableColumn::is_primary_key);
        let args = self.directive(interpreter, class, &lineage, "__table_args__");
        let args_have_key = args.as_ref().is_some_and(|args| {
            args.items()
                .unwrap_or_default()
                .iter()
                .any(|item| matches!(item.call_of(), Some(("sqlalchemy.PrimaryKeyConstraint", _))))
        });
        let name = match self.table_name(interpreter, class, &root, &lineage) {
            Name::Known(name) => name,
            Name::Unknown(reason, at) => return Outcome::Doubt(reason, at),
            Name::None => match ancestor {
                Some(ancestor) => {
                    return Outcome::Joined { ancestor: address(&ancestor), columns, doubts };
                }
                None if let Some(base) = lineage.iter().flat_map(|one| &one.bases).find_map(foreign_mixin) => {
                    return Outcome::Unnamed(format!("the table of the class {}: {base}", class.name));
                }
                None => {
                    let reason = format!("the class {} has neither a __table__ nor a __tablename__", class.name);
                    return Outcome::Refused(reason, place);
                }
            },
        };
        // Flask-SQLAlchemy: a subclass without a primary key shares the table of its parent.
        if let (Root::Flask(_), Some(ancestor)) = (&root, &ancestor)
            && !has_key
            && !args_have_key
        {
            return Outcome::Joined { ancestor: address(ancestor), columns, doubts };
        }
        if table_doubt.is_none() {
            table_doubt = class.doubts.borrow().first().map(|unknown| (unknown.reason.clone(), unknown.place.clone()));
        }
        let mapper_key =
            self.directive(interpreter, class, &lineage, "__mapper_args__").is_some_and(|value| match &value {
                Value::Dict(entries) => entries.borrow().get_str("primary_key").is_some(),
                Value::None => false,
                Value::Unknown(_) => true,
                _ => false,
            });
        if !has_key && !args_have_key && !mapper_key && doubts.is_empty() && table_doubt.is_none() {
            return Outcome::Refused(format!("the class {} has no primary key", class.name), place);
        }
        let mut spec = TableSpec::new(name, meta, place);
        spec.columns = columns;
        spec.column_doubts = doubts;
        spec.doubt = table_doubt;
        if let Some(args) = args {
            spec.take_args(&args);
        }
        Outcome::Table(Box::new(spec))
    }

    fn given_table(
        &mut self,
        interpreter: &mut Interpreter<'_>,
        class: &Rc<Class>,
        table: Value,
        place: &Place,
    ) -> Outcome {
        let table = match &table {
            Value::Symbol(symbol) => match &symbol.kind {
                SymbolKind::Decorated { .. } => interpreter
                    .attribute(&Value::Class(Rc::clone(class)), "__table__", place)
                    .unwrap_or_else(|_| Value::unknown("a computed __table__", place.clone())),
                _ => table,
            },
            _ => table,
        };
        if let Value::Unknown(unknown) = &table {
            return Outcome::Doubt(unknown.reason.clone(), unknown.place.clone());
        }
        let names = super::table::column_names_of(&table);
        let added = class.attributes.borrow().iter().find_map(|attribute| {
            let value = attribute.value.as_ref()?;
            let is_new = match value.call_of() {
                Some((columns::COLUMN | columns::MAPPED_COLUMN, args)) => {
                    let name = args.positional.first().and_then(Value::as_str);
                    let name = name.as_deref().unwrap_or(&attribute.name).to_owned();
                    names.as_ref().is_some_and(|names| !names.contains(&name))
                }
                _ => false,
            };
            is_new.then(|| attribute.place.clone())
        });
        if let Some(at) = added {
            return Outcome::Refused(format!("the class {} adds a column beside its __table__", class.name), at);
        }
        Outcome::Given(table)
    }

    /// Every column that a class adds to its table, with the doubts about some and about all.
    #[expect(clippy::type_complexity, reason = "three lists that are taken apart at once")]
    fn collect(
        &mut self,
        interpreter: &mut Interpreter<'_>,
        class: &Rc<Class>,
        root: &Root,
        lineage: &[Rc<Class>],
        versions: Versions,
    ) -> Result<(Vec<TableColumn>, Vec<(String, String, Place)>, Option<(String, Place)>), String> {
        let maps = root.type_maps(class);
        let settings = Settings { maps: &maps, versions };
        let sqlmodel = matches!(root, Root::SqlModel);
        let mut seen: BTreeSet<String> = BTreeSet::new();
        let mut columns: Vec<TableColumn> = Vec::new();
        let mut doubts: Vec<(String, String, Place)> = Vec::new();
        let mut table_doubt = None;
        for ancestor in lineage {
            let is_self = Rc::ptr_eq(ancestor, class);
            if !is_self && self.standing(ancestor) == Standing::Mapped {
                // What a mapped ancestor has, and all it inherits, is its own.
                for further in ancestor.mro() {
                    seen.extend(further.attributes.borrow().iter().map(|attribute| attribute.name.to_string()));
                }
                continue;
            }
            if !is_self && let Some(unknown) = ancestor.doubts.borrow().first() {
                table_doubt.get_or_insert((unknown.reason.clone(), unknown.place.clone()));
            }
            if let Some(found) = ancestor.bases.iter().find_map(foreign_mixin) {
                table_doubt.get_or_insert((found, class.place.clone()));
            }
            let attributes = ancestor.attributes.borrow().clone();
            for found in &attributes {
                let name = found.name.to_string();
                if (name.starts_with("__") && name.ends_with("__")) || !seen.insert(name.clone()) {
                    continue;
                }
                if is_self && self.is_synonym(class, found) {
                    continue;
                }
                let outcome = if sqlmodel {
                    self.sqlmodel_attribute(interpreter, class, ancestor, found, versions)?
                } else {
                    self.declarative_attribute(interpreter, class, ancestor, found, &settings)
                };
                let made = found.value.as_ref().and_then(|value| interpreter.declared_for(class, value));
                let make = |column| {
                    let mut column = TableColumn::new(&name, column, found);
                    column.made = made.and_then(symbol_address);
                    // What another package declares is pointed at where the model takes it from.
                    if packages::holds(column.place.path()) {
                        column.place = class.place.clone();
                    }
                    column
                };
                let doubted = packages::why_not(found.place.path(), &name, versions);
                if let Some(reason) = doubted {
                    doubts.push((name, reason, class.place.clone()));
                    continue;
                }
                match outcome {
                    Attribute::Column(column) => columns.push(make(column)),
                    Attribute::Columns(several) => columns.extend(several.into_iter().map(make)),
                    Attribute::Doubt(reason, at) => {
                        doubts.push((name, reason, at.unwrap_or_else(|| found.place.clone())));
                    }
                    Attribute::None => {}
                }
            }
        }
        Ok((columns, doubts, table_doubt))
    }

    /// Whether an attribute of a mapped class is a column that it, or another mapped class, has under another name already.
    ///
    /// `Model.b = Model.a` makes a synonym, and what is another model's never becomes a column (`_add_attribute` in
    /// `orm/decl_base.py`); of two names for one column in the class body only one is used, as its warning says.
    fn is_synonym(&mut self, class: &Rc<Class>, found: &python::Attribute) -> bool {
        let column = found.value.as_ref().filter(|value| is_column(value));
        let Some(origin) = column.and_then(symbol_address) else { return false };
        let holder = (address(class), found.name.to_string());
        *self.own.entry(origin).or_insert_with(|| holder.clone()) != holder
    }

    fn sqlmodel_attribute(
        &mut self,
        interpreter: &mut Interpreter<'_>,
        class: &Rc<Class>,
        owner: &Rc<Class>,
        found: &python::Attribute,
        versions: Versions,
    ) -> Result<Attribute, String> {
        let Some(annotation) = &found.annotation else {
            // Without an annotation a column can only come from `declared_attr`.
            return Ok(match &found.value {
                Some(value) if decorator_is_declared_attr(value) => {
                    let settings = Settings { maps: &[], versions };
                    self.declarative_attribute(interpreter, class, owner, found, &settings)
                }
                _ => Attribute::None,
            });
        };
        let annotation = interpreter.annotation(owner, annotation);
        if !sqlmodel::is_field(&found.name, &annotation, found.value.as_ref()) {
            return Ok(Attribute::None);
        }
        sqlmodel::field(&found.name, &annotation, found.value.as_ref(), versions, &found.place)
    }

    fn declarative_attribute(
        &mut self,
        interpreter: &mut Interpreter<'_>,
        class: &Rc<Class>,
        owner: &Rc<Class>,
        found: &python::Attribute,
        settings: &Settings<'_>,
    ) -> Attribute {
        if let Some(column) = found.value.as_ref().and_then(aggregated) {
            return columns::attribute(interpreter, settings, &found.name, Some(&column), None, &found.place);
        }
        let annotation = found.annotation.as_ref().map(|annotation| interpreter.annotation(owner, annotation));
        if let Some(value) = &found.value
            && decorator_is_declared_attr(value)
        {
            let made = interpreter.attribute(&Value::Class(Rc::clone(class)), &found.name, &found.place);
            let returned = returned_annotation(value).map(|annotation| interpreter.annotation(owner, &annotation));
            let inner = returned.as_ref().and_then(mapped);
            return match made {
                Ok(made) => {
                    columns::attribute(interpreter, settings, &found.name, Some(&made), inner.as_ref(), &found.place)
                }
                Err(_) => Attribute::Doubt("a declared_attr that stops".to_owned(), Some(found.place.clone())),
            };
        }
        let inner = match &annotation {
            // An annotation that is not known may be a `Mapped`.
            Some(Value::Unknown(unknown)) if found.annotation.as_ref().is_some_and(|a| a.text().contains("Mapped")) => {
                match &found.value {
                    Some(value) if !is_column(value) => return Attribute::None,
                    Some(value) if value.call_of().is_some_and(|(_, args)| args.keyword("nullable").is_some()) => {
                        Some(Value::Unknown(Rc::clone(unknown)))
                    }
                    _ => return Attribute::Doubt(unknown.reason.clone(), Some(unknown.place.clone())),
                }
            }
            Some(annotation) => mapped(annotation),
            None => None,
        };
        if found.value.is_none() && inner.is_none() {
            return Attribute::None;
        }
        // A function, a class, a plain value: not the mapper's business.
        match &found.value {
            Some(
                Value::Function(_)
                | Value::Bound(_)
                | Value::Class(_)
                | Value::Module(_)
                | Value::Str(_)
                | Value::Int(_)
                | Value::Bool(_)
                | Value::Dict(_)
                | Value::List(_)
                | Value::Tuple(_)
                | Value::Set(_)
                | Value::Float(_)
                | Value::Bytes(_)
                | Value::None
                | Value::Ellipsis,
            ) => Attribute::None,
            Some(Value::Instance(instance))
                if instance.class.inherits(columns::COLUMN) || instance.class.inherits(columns::MAPPED_COLUMN) =>
            {
                Attribute::Doubt(format!("a column of the class {}", instance.class.name), instance.place.clone())
            }
            value => {
                columns::attribute(interpreter, settings, &found.name, value.as_ref(), inner.as_ref(), &found.place)
            }
        }
    }

    /// A directive (`__tablename__`, `__table_args__`): the first along the class's order that is its own, a mixin's, or
    /// computed for every class anew.
    fn directive(
        &mut self,
        interpreter: &mut Interpreter<'_>,
        class: &Rc<Class>,
        lineage: &[Rc<Class>],
        name: &str,
    ) -> Option<Value> {
        for ancestor in lineage {
            let Some(found) = ancestor.own(name) else { continue };
            let value = found.value?;
            let computed = decorator_is_declared_attr(&value);
            if !Rc::ptr_eq(ancestor, class) && self.standing(ancestor) == Standing::Mapped && !computed {
                return None;
            }
            if !computed && !is_classmethod(&value) {
                return Some(value);
            }
            let in_mro = class.mro().iter().any(|known| Rc::ptr_eq(known, ancestor));
            let made = if in_mro {
                interpreter.attribute(&Value::Class(Rc::clone(class)), name, &found.place)
            } else {
                let function = undecorated(&value);
                interpreter.call(&function, Args::positional(vec![Value::Class(Rc::clone(class))]), &found.place)
            };
            return Some(made.unwrap_or_else(|_| Value::unknown(format!("a computed {name}"), found.place.clone())));
        }
        None
    }

    fn table_name(
        &mut self,
        interpreter: &mut Interpreter<'_>,
        class: &Rc<Class>,
        root: &Root,
        lineage: &[Rc<Class>],
    ) -> Name {
        let given = self.directive(interpreter, class, lineage, "__tablename__");
        if let Some(value) = &given {
            return match value.as_str() {
                Some(name) => Name::Known(name.to_string()),
                None if value.is_none() => match root {
                    Root::Flask(_) => Name::None,
                    _ => Name::None,
                },
                None => match value.as_unknown() {
                    Some(unknown) => Name::Unknown(unknown.reason.clone(), unknown.place.clone()),
                    None => Name::Unknown(format!("the table name {value:?}"), class.place.clone()),
                },
            };
        }
        match root {
            Root::SqlModel => Name::Known(class.name.to_lowercase()),
            Root::Flask(_) => Name::Known(snake_case(&class.name)),
            _ => Name::None,
        }
    }
}

enum Name {
    Known(String),
    Unknown(String, Place),
    None,
}

/// The column of a function under `@aggregated(relationship, column)` of SQLAlchemy-Utils: it is called like the function.
fn aggregated(value: &Value) -> Option<Value> {
    let Value::Symbol(symbol) = value else { return None };
    let SymbolKind::Decorated { decorator, .. } = &symbol.kind else { return None };
    let (path, args) = decorator.call_of()?;
    let is_aggregated = path.starts_with("sqlalchemy_utils.") && path.ends_with(".aggregated");
    args.positional.get(1).filter(|_| is_aggregated).cloned()
}

/// Whether a value is a function under `@declared_attr`.
fn decorator_is_declared_attr(value: &Value) -> bool {
    let Value::Symbol(symbol) = value else { return false };
    match &symbol.kind {
        SymbolKind::Decorated { decorator, .. } => is_declared_attr(decorator),
        SymbolKind::Call { callee, args } => {
            is_declared_attr(callee) && matches!(args.positional.first(), Some(Value::Function(_)))
        }
        _ => false,
    }
}

fn is_declared_attr(decorator: &Value) -> bool {
    decorator.path().is_some_and(|path| {
        path.starts_with("sqlalchemy.orm.declared_attr") || &*path == "sqlalchemy.util.classproperty"
    })
}

fn is_classmethod(value: &Value) -> bool {
    let Value::Symbol(symbol) = value else { return matches!(value, Value::Function(_)) };
    match &symbol.kind {
        SymbolKind::Decorated { decorator, .. } => {
            matches!(decorator.path().as_deref(), Some("builtins.classmethod" | "builtins.property"))
        }
        _ => false,
    }
}

/// The function under its decorators.
fn undecorated(value: &Value) -> Value {
    let mut value = value.clone();
    for _ in 0..10 {
        let inner = match &value {
            Value::Symbol(symbol) => match &symbol.kind {
                SymbolKind::Decorated { inner, .. } => inner.clone(),
                SymbolKind::Call { args, .. } => match args.positional.first() {
                    Some(first @ Value::Function(_)) => first.clone(),
                    _ => return value,
                },
                _ => return value,
            },
            _ => return value,
        };
        value = inner;
    }
    value
}

/// `-> Mapped[int]` of a function under `@declared_attr`.
fn returned_annotation(value: &Value) -> Option<Annotation> {
    match undecorated(value) {
        Value::Function(function) => function.returned_annotation(),
        _ => None,
    }
}

/// Packages whose classes bring no columns when a model inherits from them.
pub(super) const HARMLESS: &[&str] = &[
    "abc",
    "builtins",
    "collections",
    "dataclasses",
    "enum",
    "flask_login",
    "flask_security",
    "functools",
    "pydantic",
    "sqlalchemy",
    "sqlalchemy_serializer",
    "typing",
    "flask_sqlalchemy",
    "sqlmodel",
    "sqlalchemy_utils",
    "marshmallow",
    "zope",
    "logging",
    "flask_admin",
    "flask",
    "inflection",
    "pyramid",
    "object",
    "starlette",
    "strawberry",
    "werkzeug",
];

/// A base of another package that may bring columns: what is said about it.
fn foreign_mixin(base: &Value) -> Option<String> {
    match base {
        Value::Unknown(unknown) => Some(format!("a base class that is not known: {}", unknown.reason)),
        Value::Symbol(symbol) => match &symbol.kind {
            SymbolKind::External(path) => {
                let package = path.split('.').next().unwrap_or(path);
                (!HARMLESS.contains(&package)).then(|| format!("the base class `{path}` of another package"))
            }
            SymbolKind::Subscript { base, .. } => foreign_mixin(base),
            SymbolKind::Call { callee, .. } if is_made_elsewhere(base) => {
                Some(format!("the base class that `{}()` makes", callee.path().unwrap_or_default()))
            }
            _ => None,
        },
        _ => None,
    }
}

/// Flask-SQLAlchemy's `camel_to_snake_case`: `HTTPLog2` is `http_log2`.
pub(super) fn snake_case(name: &str) -> String {
    let chars: Vec<char> = name.chars().collect();
    let mut text = String::with_capacity(name.len() + 8);
    for (at, &c) in chars.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|at| chars.get(at));
        let after_small = before.is_some_and(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
        let before_small = before.is_some() && chars.get(at + 1).is_some_and(char::is_ascii_lowercase);
        if c.is_ascii_uppercase() && (after_small || before_small) {
            text.push('_');
        }
        text.extend(c.to_lowercase());
    }
    text.trim_start_matches('_').to_owned()
}

#[cfg(test)]
mod tests {
    use super::snake_case;

    #[test]
    fn table_names_are_made_from_class_names() {
        for (class, table) in [
            ("User", "user"),
            ("BlogPost", "blog_post"),
            ("HTTPLog2", "http_log2"),
            ("APIKey", "api_key"),
            ("A", "a"),
            ("_X", "x"),
        ] {
            assert_eq!(snake_case(class), table, "{class}");
        }
    }
}
