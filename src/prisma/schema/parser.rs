//! Tokens to blocks. Recursive descent over lines: what a line gets wrong is reported once and skipped to its end, so
//! one slip does not hide the rest of the file.
//!
//! The grammar is that of the engine (`psl/schema-ast/src/parser/datamodel.pest` in prisma/prisma-engines): a
//! declaration ends with its line, arguments cannot span lines, what follows `{` on its line is ignored.

use std::sync::Arc;

use super::ast::{
    Argument, Arity, Attribute, ConfigBlock, EnumBlock, EnumValue, Expr, ExprKind, Field, FieldType, Ident, Model,
    ModelKind, Property, Schema,
};
use super::lexer::{Token, TokenKind, tokens};
use crate::project::SourceProblem;
use crate::source::{Place, Source, Span};

/// How deeply expressions may nest. Nothing in the language needs more than four levels.
const MAX_DEPTH: usize = 32;

/// How many attributes a field may have. The language knows fewer than ten, each of them once.
const MAX_ATTRIBUTES: usize = 100;

/// How many fields and attributes a model may have. Databases take up to 4,096 columns, and most of them fewer.
const MAX_MEMBERS: usize = 4_096;

/// How many blocks of one file are read.
const MAX_BLOCKS: usize = 50_000;

/// How many problems of one file are told: the first ones matter.
const MAX_PROBLEMS: usize = 20;

/// Reads one file into `schema`.
pub(crate) fn parse_into(source: &Arc<Source>, schema: &mut Schema) {
    let parser = Parser { source, tokens: tokens(source.text()), at: 0, problems: Vec::new() };
    let Some(problem) = conflict_marker(source) else { return parser.run(schema) };
    // What stands around the markers still says which project this is; what the parser says of them helps nobody.
    let known = schema.problems.len();
    parser.run(schema);
    schema.problems.truncate(known);
    schema.problems.push(problem);
}

/// The first line that git wrote into an unfinished merge.
fn conflict_marker(source: &Arc<Source>) -> Option<SourceProblem> {
    let mut offset = 0;
    for line in source.text().split_inclusive('\n') {
        let content = line.trim_end_matches(['\n', '\r']);
        if content
            .strip_prefix("<<<<<<<")
            .or_else(|| content.strip_prefix(">>>>>>>"))
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
        {
            let place = Place::new(source, Span::new(offset, offset + content.len()));
            return Some(SourceProblem {
                path: source.path().clone(),
                place: Some(place),
                message: "this line is a conflict marker".to_owned(),
                help: "finish the merge: keep what belongs in the schema and delete the marker lines".to_owned(),
            });
        }
        offset += line.len();
    }
    None
}

/// A line that could not be read, and was reported.
struct Skip;

struct Parser<'a> {
    source: &'a Arc<Source>,
    tokens: Vec<Token>,
    at: usize,
    problems: Vec<SourceProblem>,
}

impl Parser<'_> {
    fn run(mut self, schema: &mut Schema) {
        let mut blocks = 0_usize;
        while self.peek().is_some() {
            if self.take_newline() {
                continue;
            }
            blocks += 1;
            if blocks > MAX_BLOCKS {
                let message = format!("the file has more than the {MAX_BLOCKS} blocks that are read");
                self.problem(self.span(), message, "split the schema into several files");
                break;
            }
            if self.block(schema).is_err() {
                self.skip_line();
            }
        }
        schema.problems.append(&mut self.problems);
    }

    // ---- tokens

    fn peek(&self) -> Option<&TokenKind> {
        self.tokens.get(self.at).map(|token| &token.kind)
    }

    fn peek_at(&self, ahead: usize) -> Option<&TokenKind> {
        self.tokens.get(self.at + ahead).map(|token| &token.kind)
    }

    /// Where the next token stands; the end of the file behind the last one.
    fn span(&self) -> Span {
        let end = self.source.text().len();
        self.tokens.get(self.at).map_or(Span::new(end, end), |token| token.span)
    }

    /// Where the last token that was taken stands.
    fn last_span(&self) -> Span {
        self.at.checked_sub(1).and_then(|at| self.tokens.get(at)).map(|token| token.span).unwrap_or_default()
    }

    fn is(&self, mark: char) -> bool {
        self.peek() == Some(&TokenKind::Mark(mark))
    }

    fn take(&mut self, mark: char) -> bool {
        let found = self.is(mark);
        self.at += usize::from(found);
        found
    }

    fn take_newline(&mut self) -> bool {
        let found = self.peek() == Some(&TokenKind::Newline);
        self.at += usize::from(found);
        found
    }

    fn at_line_end(&self) -> bool {
        matches!(self.peek(), None | Some(TokenKind::Newline))
    }

    /// Skips to the end of the line, the end itself included.
    fn skip_line(&mut self) {
        while !self.at_line_end() {
            self.at += 1;
        }
        self.take_newline();
    }

    fn problem(&mut self, span: Span, message: impl Into<String>, help: impl Into<String>) -> Skip {
        if self.problems.len() >= MAX_PROBLEMS {
            return Skip;
        }
        self.problems.push(SourceProblem {
            path: self.source.path().clone(),
            place: Some(Place::new(self.source, span)),
            message: message.into(),
            help: help.into(),
        });
        Skip
    }

    /// What stands here, in a person's words.
    fn found(&self) -> String {
        match self.peek() {
            None => "the end of the file".to_owned(),
            Some(TokenKind::Newline) => "the end of the line".to_owned(),
            Some(TokenKind::Overlong) => "more than is read".to_owned(),
            Some(TokenKind::BadText) => "a string that is not closed or has an unknown escape".to_owned(),
            Some(_) => format!("`{}`", Place::new(self.source, self.span()).text()),
        }
    }

    fn unexpected(&mut self, wanted: &str) -> Skip {
        let message = format!("expected {wanted}, found {}", self.found());
        let span = self.span();
        self.problem(span, message, "write the line as `npx prisma format` would, or see the schema reference")
    }

    fn expect(&mut self, mark: char) -> Result<(), Skip> {
        if self.take(mark) { Ok(()) } else { Err(self.unexpected(&format!("`{mark}`"))) }
    }

    fn expect_line_end(&mut self) -> Result<(), Skip> {
        if self.is('}') {
            let span = self.span();
            return Err(self.problem(
                span,
                "the closing brace of a block stands on a line of its own",
                "put the `}` on the next line",
            ));
        }
        if !self.at_line_end() {
            return Err(self.unexpected("the end of the line"));
        }
        self.take_newline();
        Ok(())
    }

    /// A name. A number is one too: values of enums may be digits alone.
    fn ident(&mut self, wanted: &str) -> Result<Ident, Skip> {
        let span = self.span();
        match self.peek() {
            Some(TokenKind::Word(name) | TokenKind::Number(name)) => {
                let name = name.clone();
                self.at += 1;
                Ok(Ident { name, span })
            }
            _ => Err(self.unexpected(wanted)),
        }
    }

    // ---- blocks

    fn block(&mut self, schema: &mut Schema) -> Result<(), Skip> {
        let start = self.span();
        let Some(TokenKind::Word(keyword)) = self.peek().cloned() else {
            let message = format!("expected a block (model, enum, datasource, …), found {}", self.found());
            return Err(self.problem(start, message, "delete the line, or open a block: `model Name {`"));
        };
        let known = matches!(keyword.as_str(), "model" | "view" | "type" | "enum" | "datasource" | "generator");
        self.at += 1;
        if !known {
            let message = format!("`{keyword}` does not begin a block of the schema language");
            let skip = self.problem(start, message, "blocks are model, view, type, enum, datasource and generator");
            if self.is('{') || self.peek_at(1) == Some(&TokenKind::Mark('{')) {
                self.skip_block();
            }
            return Err(skip);
        }
        let name = self.ident(&format!("a name behind `{keyword}`"))?;
        if keyword == "type" && self.is('=') {
            let span = start.to(name.span);
            return Err(self.problem(
                span,
                "type aliases are no longer part of the schema language",
                "write the type on the fields themselves",
            ));
        }
        self.expect('{')?;
        self.skip_line();
        let header = start.to(name.span);
        let source = Arc::clone(self.source);
        match keyword.as_str() {
            "enum" => {
                let (mut values, mut attributes) = (Vec::new(), Vec::new());
                self.body(&name, |parser| {
                    match parser.block_attribute()? {
                        Some(attribute) => attributes.push(attribute),
                        None => values.push(parser.enum_value()?),
                    }
                    Ok(())
                });
                schema.enums.push(EnumBlock { source, name, values, attributes, header });
            }
            "datasource" | "generator" => {
                let mut properties = Vec::new();
                self.body(&name, |parser| {
                    properties.push(parser.property()?);
                    Ok(())
                });
                let block = ConfigBlock { source, header, properties };
                if keyword == "datasource" { schema.datasources.push(block) } else { schema.generators.push(block) }
            }
            _ => {
                let (mut fields, mut attributes) = (Vec::new(), Vec::new());
                self.body(&name, |parser| {
                    if fields.len() + attributes.len() >= MAX_MEMBERS {
                        let message = format!("a block has no more than {MAX_MEMBERS} fields and attributes");
                        return Err(parser.problem(
                            header,
                            message,
                            "split the model: no database takes as many columns",
                        ));
                    }
                    match parser.block_attribute()? {
                        Some(attribute) => attributes.push(attribute),
                        None => fields.push(parser.field()?),
                    }
                    Ok(())
                });
                let kind = match keyword.as_str() {
                    "model" => ModelKind::Model,
                    "view" => ModelKind::View,
                    _ => ModelKind::Composite,
                };
                let model = Model { source, kind, name, fields, attributes, header };
                if kind == ModelKind::Composite { schema.composites.push(model) } else { schema.models.push(model) }
            }
        }
        Ok(())
    }

    /// The lines of a block up to its closing brace, one call of `line` each.
    fn body(&mut self, name: &Ident, mut line: impl FnMut(&mut Self) -> Result<(), Skip>) {
        loop {
            if self.take_newline() {
                continue;
            }
            if self.take('}') {
                return;
            }
            if self.peek().is_none() || self.at_block_header() {
                self.problem(
                    name.span,
                    format!("the block `{}` is not closed", name.name),
                    "add the missing `}` on a line of its own",
                );
                return;
            }
            let before = self.at;
            let ended = match line(self) {
                Ok(()) => self.expect_line_end().is_ok() || self.is('}'),
                Err(Skip) => false,
            };
            // A brace behind a field closes the block all the same, once it is reported.
            if !ended {
                self.skip_line();
            }
            debug_assert!(self.at > before, "every line takes a token");
        }
    }

    /// Whether a block begins here although the one before it is still open.
    fn at_block_header(&self) -> bool {
        matches!(self.peek(), Some(TokenKind::Word(word))
            if matches!(word.as_str(), "model" | "view" | "type" | "enum" | "datasource" | "generator"))
            && matches!(self.peek_at(1), Some(TokenKind::Word(_)))
            && self.peek_at(2) == Some(&TokenKind::Mark('{'))
    }

    /// Skips an unknown block with all it holds.
    fn skip_block(&mut self) {
        let mut depth = 0_usize;
        while let Some(kind) = self.peek() {
            match kind {
                TokenKind::Mark('{') => depth += 1,
                TokenKind::Mark('}') => {
                    depth = depth.saturating_sub(1);
                    if depth == 0 {
                        self.at += 1;
                        return;
                    }
                }
                _ => {}
            }
            self.at += 1;
        }
    }

    fn property(&mut self) -> Result<Property, Skip> {
        let name = self.ident("a property")?;
        self.expect('=')?;
        let value = self.expr(0)?;
        Ok(Property { name, value })
    }

    fn enum_value(&mut self) -> Result<EnumValue, Skip> {
        let name = self.ident("a value of the enum")?;
        let attributes = self.field_attributes()?;
        Ok(EnumValue { name, attributes })
    }

    fn field(&mut self) -> Result<Field, Skip> {
        let name = self.ident("a field or an attribute")?;
        if self.take(':') {
            let span = self.last_span();
            self.problem(span, "a field's name and type are separated by a blank, not by a colon", "delete the `:`");
        }
        if self.at_line_end() || self.is('@') {
            return Err(self.problem(
                name.span,
                format!("the field `{}` has no type", name.name),
                "write the type behind the name: `name String`",
            ));
        }
        let (ty, arity) = self.field_type()?;
        let attributes = self.field_attributes()?;
        let span = name.span.to(self.last_span());
        Ok(Field { name, ty, arity, attributes, span })
    }

    fn field_type(&mut self) -> Result<(FieldType, Arity), Skip> {
        if self.is('[') {
            let start = self.span();
            self.at += 1;
            let name = self.ident("a type")?;
            self.expect(']')?;
            let span = start.to(self.last_span());
            self.problem(span, "a list is written `Type[]`, not `[Type]`", format!("write `{}[]`", name.name));
            return Ok((FieldType::Named(name), Arity::List));
        }
        let name = self.ident("a type")?;
        let ty = if name.name == "Unsupported" && self.is('(') {
            self.at += 1;
            let Some(TokenKind::Text(text)) = self.peek() else { return Err(self.unexpected("a string")) };
            let text = text.clone();
            self.at += 1;
            self.expect(')')?;
            FieldType::Unsupported(text)
        } else {
            FieldType::Named(name)
        };
        if self.take('?') {
            return Ok((ty, Arity::Optional));
        }
        if self.take('!') {
            let span = self.last_span();
            self.problem(span, "fields are required by default", "delete the `!`");
            return Ok((ty, Arity::Required));
        }
        if self.take('[') {
            self.expect(']')?;
            if self.take('?') {
                let span = self.last_span();
                self.problem(span, "a list cannot be optional", "write `Type[]` or `Type?`");
            }
            return Ok((ty, Arity::List));
        }
        Ok((ty, Arity::Required))
    }

    // ---- attributes

    fn block_attribute(&mut self) -> Result<Option<Attribute>, Skip> {
        if self.peek() != Some(&TokenKind::BlockAt) {
            return Ok(None);
        }
        self.attribute().map(Some)
    }

    fn field_attributes(&mut self) -> Result<Vec<Attribute>, Skip> {
        let mut attributes = Vec::new();
        while self.is('@') {
            if attributes.len() >= MAX_ATTRIBUTES {
                let here = self.span();
                return Err(self.problem(
                    here,
                    "the field has more attributes than are read",
                    "remove those that repeat",
                ));
            }
            attributes.push(self.attribute()?);
        }
        Ok(attributes)
    }

    /// An attribute, from its sign on.
    fn attribute(&mut self) -> Result<Attribute, Skip> {
        let start = self.span();
        self.at += 1;
        let (name, _) = self.path("the name of an attribute")?;
        let arguments = if self.is('(') { self.arguments(0)? } else { Vec::new() };
        Ok(Attribute { name, arguments, span: start.to(self.last_span()) })
    }

    /// `a.b.c`
    fn path(&mut self, wanted: &str) -> Result<(String, Span), Skip> {
        let Ident { mut name, mut span } = self.ident(wanted)?;
        while self.is('.') {
            self.at += 1;
            let part = self.ident("a name behind the dot")?;
            name.push('.');
            name.push_str(&part.name);
            span = span.to(part.span);
        }
        Ok((name, span))
    }

    /// `(…)`, from the opening bracket on.
    fn arguments(&mut self, depth: usize) -> Result<Vec<Argument>, Skip> {
        self.expect('(')?;
        let mut arguments = Vec::new();
        while !self.take(')') {
            if !arguments.is_empty() {
                self.comma(')')?;
            }
            let named =
                matches!(self.peek(), Some(TokenKind::Word(_))) && self.peek_at(1) == Some(&TokenKind::Mark(':'));
            let name = if named {
                let name = self.ident("a name")?;
                self.expect(':')?;
                Some(name)
            } else {
                None
            };
            let value = self.expr(depth + 1)?;
            arguments.push(Argument { name, value });
        }
        Ok(arguments)
    }

    /// A comma that something must follow.
    fn comma(&mut self, close: char) -> Result<(), Skip> {
        if !self.is(',') {
            return Err(self.unexpected(&format!("`,` or `{close}`")));
        }
        self.at += 1;
        if self.is(close) {
            let span = self.last_span();
            return Err(self.problem(span, "a trailing comma is not allowed here", "delete the comma"));
        }
        Ok(())
    }

    // ---- expressions

    fn expr(&mut self, depth: usize) -> Result<Expr, Skip> {
        let start = self.span();
        if depth > MAX_DEPTH {
            return Err(self.problem(start, "the expression nests too deeply", "write it with fewer brackets"));
        }
        let kind = match self.peek() {
            Some(TokenKind::Text(text)) => {
                let text = text.clone();
                self.at += 1;
                ExprKind::Text(text)
            }
            Some(TokenKind::Number(number)) => {
                let number = number.clone();
                self.at += 1;
                ExprKind::Number(number)
            }
            Some(TokenKind::Word(_)) => {
                let (name, _) = self.path("a value")?;
                if self.is('(') { ExprKind::Call(name, self.arguments(depth + 1)?) } else { ExprKind::Constant(name) }
            }
            Some(TokenKind::Mark('[')) => {
                self.at += 1;
                let mut elements = Vec::new();
                while !self.take(']') {
                    if !elements.is_empty() {
                        self.comma(']')?;
                    }
                    elements.push(self.expr(depth + 1)?);
                }
                ExprKind::Array(elements)
            }
            Some(TokenKind::Mark('{')) => {
                self.at += 1;
                let mut entries = Vec::new();
                while !self.take('}') {
                    if !entries.is_empty() {
                        self.comma('}')?;
                    }
                    let key = self.ident("a name")?;
                    self.expect(':')?;
                    entries.push((key, self.expr(depth + 1)?));
                }
                ExprKind::Object(entries)
            }
            _ => return Err(self.unexpected("a value")),
        };
        Ok(Expr { kind, span: start.to(self.last_span()) })
    }
}
