use proptest::prelude::*;

use super::ast::{Arity, ExprKind, FieldType, ModelKind, Schema};
use super::parse;
use crate::source::Source;

fn read(text: &str) -> Schema {
    parse(&[Source::new("schema.prisma".into(), text)])
}

/// The messages of a file and the pieces they point at.
fn problems(text: &str) -> Vec<(String, String)> {
    let place = |problem: &crate::project::SourceProblem| {
        problem.place.as_ref().map(|place| place.text().to_owned()).unwrap_or_default()
    };
    read(text).problems.iter().map(|problem| (problem.message.clone(), place(problem))).collect()
}

#[test]
fn every_sort_of_block_is_read() {
    let schema = read(
        "// a comment\n\
         datasource db { // rest of the line\n  provider = \"postgresql\"\n  url = env(\"DB\")\n  extensions = [citext, x(map: \"uuid-ossp\")]\n}\n\
         generator client {\n  provider = \"prisma-client-js\"\n  previewFeatures = [\"views\"]\n}\n\
         /// documented\nmodel User {\n  id Int @id @default(autoincrement())\n  /// a field\n  tags String[] @default([]) // trailing\n  at DateTime? @db.Timestamptz(6)\n  raw Unsupported(\"circle\")?\n\n  @@index([id, at(sort: Desc)], map: \"i\")\n  @@map(\"users\")\n}\n\
         view V {\n  a Int\n}\ntype T {\n  a Int\n}\n\
         enum Role {\n  USER @map(\"user\") // one\n  ADMIN\n  @@map(\"role\")\n}\n",
    );
    assert!(schema.problems.is_empty(), "{:?}", schema.problems);
    assert_eq!(schema.datasources.len(), 1);
    assert_eq!(schema.generators[0].texts("previewFeatures"), ["views"]);
    assert_eq!(schema.models.iter().map(|m| m.kind).collect::<Vec<_>>(), [ModelKind::Model, ModelKind::View]);
    assert_eq!(schema.composites.len(), 1);
    let user = &schema.models[0];
    assert_eq!(user.database_name(), "users");
    assert_eq!(user.place(user.header).text(), "model User");
    let shapes: Vec<_> = user.fields.iter().map(|f| (f.name.name.as_str(), f.arity)).collect();
    let expected = [("id", Arity::Required), ("tags", Arity::List), ("at", Arity::Optional), ("raw", Arity::Optional)];
    assert_eq!(shapes, expected);
    assert!(matches!(&user.fields[3].ty, FieldType::Unsupported(text) if text == "circle"));
    assert_eq!(user.fields[2].native_type().map(|(name, _)| name), Some("Timestamptz"));
    assert_eq!(user.place(user.fields[1].span).text(), "tags String[] @default([])");
    assert_eq!(user.place(user.attributes[0].span).text(), "@@index([id, at(sort: Desc)], map: \"i\")");
    let role = &schema.enums[0];
    assert_eq!((role.database_name(), role.labels()), ("role", vec!["user".to_owned(), "ADMIN".to_owned()]));
}

fn shape(kind: &ExprKind) -> String {
    match kind {
        ExprKind::Text(text) => format!("text {text}"),
        ExprKind::Number(number) => format!("number {number}"),
        ExprKind::Constant(name) => format!("name {name}"),
        ExprKind::Call(name, arguments) => format!("call {name} of {}", arguments.len()),
        ExprKind::Array(elements) => elements.iter().map(|e| shape(&e.kind)).collect::<Vec<_>>().join(", "),
        ExprKind::Object(entries) => {
            entries.iter().map(|(k, v)| format!("{}: {}", k.name, shape(&v.kind))).collect::<Vec<_>>().join(", ")
        }
    }
}

#[test]
fn expressions_are_read() {
    let value = |text: &str| {
        let schema = read(&format!("generator g {{\n  x = {text}\n}}\n"));
        assert!(schema.problems.is_empty(), "{text}: {:?}", schema.problems);
        format!("{:?}", schema.generators[0].property("x").map(|value| shape(&value.kind)))
    };
    for (text, expected) in [
        ("\"a\\\"b\"", "text a\"b"),
        ("-1.5", "number -1.5"),
        ("true", "name true"),
        ("a.b", "name a.b"),
        ("f(1, x: [])", "call f of 2"),
        ("[1, \"a\", f()]", "number 1, text a, call f of 0"),
        ("{ a: null, b: { not: 1 } }", "a: name null, b: not: number 1"),
    ] {
        assert_eq!(value(text), format!("{:?}", Some(expected)), "{text}");
    }
}

#[test]
fn slips_are_told_where_they_are() {
    for (text, message, at) in [
        ("model A {\n id Int @id }\n", "the closing brace of a block stands on a line of its own", "}"),
        ("model A {\n id\n}\n", "the field `id` has no type", "id"),
        ("model A {\n id Int @id\n @@index([id],)\n}\n", "a trailing comma is not allowed here", ","),
        ("model A {\n id Int @default(\n}\n", "expected a value, found the end of the line", "\n"),
        ("model A {\n id Int \"x\"\n}\n", "expected the end of the line, found `\"x\"`", "\"x\""),
        ("model A {\n id [Int]\n}\n", "a list is written `Type[]`, not `[Type]`", "[Int]"),
        ("model A {\n id Int[]?\n}\n", "a list cannot be optional", "?"),
        ("model A {\n id Int!\n}\n", "fields are required by default", "!"),
        ("type X = Int\n", "type aliases are no longer part of the schema language", "type X"),
        ("modle A {\n id Int\n}\n", "`modle` does not begin a block of the schema language", "modle"),
        ("model A {\n id Int @id\n\nmodel B {\n id Int @id\n}\n", "the block `A` is not closed", "A"),
        ("enum E {\n a b\n}\n", "expected the end of the line, found `b`", "b"),
        ("}\n", "expected a block (model, enum, datasource, …), found `}`", "}"),
    ] {
        assert_eq!(problems(text), [(message.to_owned(), at.to_owned())], "{text}");
    }
}

#[test]
fn a_slip_does_not_hide_the_rest() {
    let schema = read("model A {\n id Int @id(\n name String\n}\nmodel B {\n id Int @id\n}\n");
    assert_eq!(schema.problems.len(), 1);
    assert_eq!(schema.models.len(), 2);
    assert_eq!(schema.models[0].fields.len(), 1);
}

#[test]
fn conflict_markers_are_told_once() {
    let text = "model A {\n id Int @id\n<<<<<<< HEAD\n a Int\n=======\n b Int\n>>>>>>> other\n}\n";
    assert_eq!(problems(text), [("this line is a conflict marker".to_owned(), "<<<<<<< HEAD".to_owned())]);
}

#[test]
fn contracts_of_the_next_major_version_are_unsupported() {
    let schema = parse(&[Source::new("contract.prisma".into(), "model A {\n id Int @id\n}\n")]);
    assert_eq!(schema.problems.len(), 1);
    assert!(schema.models.is_empty());
}

#[test]
fn deep_nesting_is_an_answer_and_not_a_crash() {
    let text = format!("generator g {{\n x = {}\n}}\n", "[".repeat(100_000));
    assert_eq!(problems(&text)[0].0, "the expression nests too deeply");
}

fn spans_are_sound(text: &str) {
    let schema = read(text);
    for model in schema.models.iter().chain(&schema.composites) {
        assert!(text.get(model.header.range()).is_some());
        for field in &model.fields {
            assert!(text.get(field.span.range()).is_some(), "{:?} in {text:?}", field.span);
        }
        for attribute in &model.attributes {
            assert!(text.get(attribute.span.range()).is_some_and(|piece| piece.starts_with("@@")));
        }
    }
    for problem in &schema.problems {
        let span = problem.place.as_ref().map(|place| place.span).unwrap_or_default();
        assert!(text.get(span.range()).is_some());
    }
}

proptest! {
    #[test]
    fn any_text_is_read(text in "\\PC*") {
        spans_are_sound(&text);
    }

    #[test]
    fn any_soup_of_the_language_is_read(
        words in proptest::collection::vec(
            prop_oneof![
                Just("model A {\n"), Just("enum E {\n"), Just("datasource d {\n"), Just("}\n"), Just("}"), Just("\n"),
                Just("id "), Just("Int"), Just("? "), Just("[] "), Just("@id"), Just("@@index("), Just("("), Just(")"),
                Just("["), Just("]"), Just(","), Just(":"), Just("\"é\\u00"), Just("\""), Just("@db.X"), Just("1.5"),
                Just("/*"), Just("*/"), Just("//"), Just("{"), Just("="), Just("Unsupported("), Just("."), Just("\r"),
            ],
            0..60,
        )
    ) {
        spans_are_sound(&words.concat());
    }
}
