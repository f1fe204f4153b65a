//! Relations between models.

use super::Validator;
use crate::catalog::Dialect;
use crate::prisma::declare::indexes::{EXPLICIT_UNIQUE, primary_key_fields};
use crate::prisma::schema::ast::{Arity, Attribute, Expr, Field, Model, ModelKind};
use crate::prisma::schema::resolve::{Kind, fields_of, is_unique, relation_name};

impl<'a> Validator<'a> {
    pub(super) fn relations(&mut self, model: &'a Model) {
        for field in &model.fields {
            let Kind::Relation(target) = self.resolved.kind(field) else { continue };
            if target.kind == ModelKind::View {
                continue;
            }
            if self.is_ambiguous(model, field, target) {
                let message =
                    format!("several relations of `{}` and `{}` have one name", model.name.name, target.name.name);
                self.refuse_in(model, field.span, message, "name each with `@relation(\"…\")` on both of its sides");
                continue;
            }
            let ignored = |attribute: Option<&Attribute>| attribute.is_some();
            if ignored(target.attribute("ignore"))
                && !ignored(model.attribute("ignore"))
                && !ignored(field.attribute("ignore"))
            {
                let message = format!("`{}` refers to a model that is ignored", field.name.name);
                self.refuse_in(model, field.span, message, "add `@ignore` to the field");
                continue;
            }
            let Some(opposite) = self.opposite(model, field, target) else {
                let message = format!("`{}` has no field for the other side of this relation", target.name.name);
                self.refuse_in(model, field.span, message, "run `npx prisma format`, or add the field");
                continue;
            };
            self.side(model, field, target, opposite);
        }
    }

    /// Two fields under one name, or three where a model refers to itself by a name.
    fn is_ambiguous(&self, model: &'a Model, field: &'a Field, target: &'a Model) -> bool {
        let name = relation_name(field);
        let count = self.resolved.referring(model, target, name).len();
        let most = if std::ptr::eq(model, target) && name.is_some() { 2 } else { 1 };
        count > most
    }

    fn opposite(&self, model: &'a Model, field: &'a Field, target: &'a Model) -> Option<&'a Field> {
        let back = self.resolved.referring(target, model, relation_name(field));
        back.iter().copied().find(|other| !std::ptr::eq(*other, field))
    }

    fn side(&mut self, model: &'a Model, field: &'a Field, target: &'a Model, opposite: &'a Field) {
        let attribute = field.attribute("relation");
        let refers = |attribute: Option<&'a Attribute>, name| attribute.and_then(|attribute| attribute.named(name));
        let (fields, references) = (refers(attribute, "fields"), refers(attribute, "references"));
        match (field.arity, opposite.arity) {
            (Arity::List, Arity::List) => {
                let single = |model| primary_key_fields(model).is_some_and(|(_, fields)| fields.len() == 1);
                if !single(target) {
                    let message =
                        format!("`{}` has no `@id` that a many-to-many relation could refer to", target.name.name);
                    self.refuse_in(model, field.span, message, "write the join table as a model of its own");
                }
                return;
            }
            (Arity::List, _) => return,
            (_, Arity::List) if fields.is_none() || references.is_none() => {
                let message = format!("the relation `{}` does not say by which fields it refers", field.name.name);
                self.refuse_in(
                    model,
                    field.span,
                    message,
                    "run `npx prisma format`, or add `fields:` and `references:`",
                );
                return;
            }
            _ => {}
        }
        let (Some(attribute), Some(fields)) = (attribute, fields) else {
            let opposite_refers = opposite.attribute("relation").is_some_and(|other| other.named("fields").is_some());
            if !opposite_refers {
                let message =
                    format!("neither side of the relation `{}` says by which fields it refers", field.name.name);
                self.refuse_in(model, field.span, message, "add `fields:` and `references:` to one of the sides");
            }
            return;
        };
        self.reference(model, field, target, opposite, attribute, (fields, references));
    }

    /// The side that holds the foreign key.
    fn reference(
        &mut self,
        model: &'a Model,
        field: &'a Field,
        target: &'a Model,
        opposite: &'a Field,
        attribute: &'a Attribute,
        (fields, references): (&'a Expr, Option<&'a Expr>),
    ) {
        let help = "correct the lists in `@relation`";
        let Some(own) = fields_of(model, Some(fields)) else {
            self.refuse_in(
                model,
                attribute.span,
                format!("`fields:` names what `{}` does not have", model.name.name),
                help,
            );
            return;
        };
        let Some(references) = references else {
            self.refuse_in(model, attribute.span, "`fields:` goes with `references:`", help);
            return;
        };
        let Some(others) = fields_of(target, Some(references)) else {
            let message = format!("`references:` names what `{}` does not have", target.name.name);
            self.refuse_in(model, attribute.span, message, help);
            return;
        };
        if own.len() != others.len() {
            self.refuse_in(model, attribute.span, "`fields:` and `references:` are not of one length", help);
            return;
        }
        let mixed = own.iter().zip(&others).any(|(a, b)| !self.same_type(a, b));
        if mixed {
            self.refuse_in(model, attribute.span, "the fields that refer are not of the type they refer to", help);
        }
        if field.arity == Arity::Required && own.iter().any(|field| field.arity == Arity::Optional) {
            let message = format!("`{}` refers by an optional field and must be optional itself", field.name.name);
            self.refuse_in(model, field.span, message, "add a `?` behind its type");
        }
        if !is_unique(target, &others) {
            let message = format!("`references:` is no key of `{}`", target.name.name);
            self.refuse_in(model, attribute.span, message, "add `@unique` or `@@unique([…])` there");
        }
        if self.version >= EXPLICIT_UNIQUE && opposite.arity != Arity::List && !is_unique(model, &own) {
            self.refuse_in(
                model,
                attribute.span,
                "a one-to-one relation refers by a unique key",
                "add `@unique` to the field, or make the other side a list",
            );
        }
        if attribute.named("map").is_some() && self.dialect == Dialect::Sqlite {
            self.refuse_in(model, attribute.span, "SQLite has no names for foreign keys", "delete `map:`");
        }
        let sets_null = |name| attribute.named(name).and_then(Expr::constant) == Some("SetNull");
        let required = own.iter().any(|field| field.arity == Arity::Required);
        // PostgreSQL takes such a key, and fails when the action is triggered.
        let taken = self.dialect == Dialect::PostgreSql && !self.settings.emulates_relations;
        if (sets_null("onDelete") || sets_null("onUpdate")) && required && !taken {
            self.refuse_in(
                model,
                attribute.span,
                "a required field cannot be set to NULL",
                "make the field optional, or choose another action",
            );
        }
        if self.settings.emulates_relations && self.dialect == Dialect::PostgreSql {
            for name in ["onDelete", "onUpdate"] {
                let action = attribute.named(name).and_then(Expr::constant);
                if let Some(action @ ("NoAction" | "SetDefault")) = action {
                    let message = format!("`relationMode = \"prisma\"` has no action `{action}` on PostgreSQL");
                    self.refuse_in(model, attribute.span, message, "choose another action");
                }
            }
        }
        if self.dialect == Dialect::SqlServer {
            for name in ["onDelete", "onUpdate"] {
                if attribute.named(name).and_then(Expr::constant) == Some("Restrict")
                    && !self.settings.emulates_relations
                {
                    self.refuse_in(model, attribute.span, "SQL Server has no action `Restrict`", "write `NoAction`");
                }
            }
        }
    }

    fn same_type(&self, a: &'a Field, b: &'a Field) -> bool {
        match (self.resolved.kind(a), self.resolved.kind(b)) {
            (Kind::Scalar(a), Kind::Scalar(b)) => a == b,
            (Kind::Enum(a), Kind::Enum(b)) => std::ptr::eq(a, b),
            (Kind::Unsupported(_), Kind::Unsupported(_)) => true,
            _ => false,
        }
    }
}
