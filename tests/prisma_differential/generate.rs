//! Random schemas of the schema language: valid by construction, the same for the same seed.

use std::fmt::Write as _;

use crate::random::Random;

/// The database that a schema is written for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Provider {
    PostgreSql,
    Sqlite,
}

/// One field that is a column: its line and what may be said about it.
#[derive(Clone)]
struct Field {
    name: String,
    ty: &'static str,
    optional: bool,
    list: bool,
    attributes: String,
    /// Whether it may stand in an index or a key.
    indexable: bool,
}

#[derive(Clone)]
struct Model {
    name: String,
    fields: Vec<Field>,
    relations: Vec<String>,
    block: Vec<String>,
    /// The type of the single-column id that others may refer to.
    id_type: Option<(&'static str, &'static str)>,
}

/// A schema that can be changed and printed.
#[derive(Clone)]
pub(crate) struct Schema {
    provider: Provider,
    enums: Vec<(String, Vec<String>, Option<String>)>,
    models: Vec<Model>,
}

const WORDS: &[&str] = &[
    "Account", "Invoice", "Ticket", "Order", "Session", "Device", "Team", "Report", "Note", "Branch", "Payment",
    "Asset",
];
const NAMES: &[&str] = &[
    "title",
    "amount",
    "state",
    "ratio",
    "openedAt",
    "payload",
    "isLocked",
    "counter",
    "slug",
    "label",
    "weight",
    "due_on",
    "externalRef",
    "colour",
    "notes",
    "score",
    "kindOf",
    "raw",
    "limit",
    "position",
];

/// (type, attributes, default) of scalars; `{}` in the default's place takes none.
const POSTGRES: &[(&str, &str, &[&str])] = &[
    ("String", "", &["\"x\"", "\"it's\"", "cuid()", "uuid()", "dbgenerated(\"gen_random_uuid()\")"]),
    ("String", "@db.VarChar(40)", &["\"short\""]),
    ("String", "@db.Char(3)", &["\"abc\""]),
    ("String", "@db.Uuid", &["dbgenerated(\"gen_random_uuid()\")", "uuid()"]),
    ("String", "@db.Inet", &[]),
    ("String", "@db.Text", &[]),
    ("Int", "", &["0", "-7", "42"]),
    ("Int", "@db.SmallInt", &["1"]),
    ("BigInt", "", &["0", "9007199254740993"]),
    ("Float", "", &["0", "1.5"]),
    ("Float", "@db.Real", &["0.5"]),
    ("Decimal", "", &["0", "12.50"]),
    ("Decimal", "@db.Decimal(12, 4)", &["1.25"]),
    ("Decimal", "@db.Money", &[]),
    ("Boolean", "", &["true", "false"]),
    ("DateTime", "", &["now()"]),
    ("DateTime", "@db.Timestamptz(6)", &["now()"]),
    ("DateTime", "@db.Date", &["now()"]),
    ("DateTime", "@db.Time(3)", &[]),
    ("Json", "", &["\"{}\"", "\"[]\""]),
    ("Json", "@db.Json", &[]),
    ("Bytes", "", &[]),
];
const SQLITE: &[(&str, &str, &[&str])] = &[
    ("String", "", &["\"x\"", "\"it's\"", "cuid()", "uuid()"]),
    ("Int", "", &["0", "-7", "42"]),
    ("BigInt", "", &["0"]),
    ("Float", "", &["0", "1.5"]),
    ("Decimal", "", &["0"]),
    ("Boolean", "", &["true", "false"]),
    ("DateTime", "", &["now()"]),
    ("Bytes", "", &[]),
];

impl Schema {
    pub(crate) fn random(random: &mut Random, provider: Provider) -> Self {
        let mut schema = Self { provider, enums: Vec::new(), models: Vec::new() };
        if provider == Provider::PostgreSql {
            for at in 0..random.below(3) {
                let values: Vec<String> = (0..=random.below(4)).map(|n| format!("V{at}{n}")).collect();
                let map = random.chance(30).then(|| format!("enum_{at}"));
                schema.enums.push((format!("Kind{at}"), values, map));
            }
        }
        let count = 1 + random.below(4);
        let offset = random.below(WORDS.len());
        for at in 0..count {
            let name = WORDS[(offset + at) % WORDS.len()].to_owned();
            let model = schema.random_model(random, name);
            schema.models.push(model);
        }
        for at in 0..count {
            for _ in 0..random.below(3) {
                let to = random.below(count);
                schema.relate(random, at, to);
            }
        }
        if count > 1 && random.chance(40) {
            schema.join(random, 0, 1);
        }
        for at in 0..count {
            schema.index(random, at);
        }
        schema
    }

    fn random_model(&self, random: &mut Random, name: String) -> Model {
        let mut model = Model { name, fields: Vec::new(), relations: Vec::new(), block: Vec::new(), id_type: None };
        let sqlite = self.provider == Provider::Sqlite;
        let ids: &[(&str, &str, &str)] = if sqlite {
            &[("Int", "@default(autoincrement())", ""), ("String", "@default(cuid())", ""), ("Int", "", "")]
        } else {
            &[
                ("Int", "@default(autoincrement())", ""),
                ("BigInt", "@default(autoincrement())", ""),
                ("String", "@default(cuid())", ""),
                ("String", "@default(dbgenerated(\"gen_random_uuid()\")) @db.Uuid", "@db.Uuid"),
                ("Int", "", ""),
            ]
        };
        if random.chance(85) {
            let (ty, attributes, native) = ids[random.below(ids.len())];
            let map = if random.chance(15) { " @map(\"pk\")" } else { "" };
            model.fields.push(field("id", ty, false, format!("@id {attributes}{map}"), false));
            model.id_type = Some((ty, native));
        } else {
            model.fields.push(field("left", "Int", false, String::new(), true));
            model.fields.push(field("right", "String", false, String::new(), true));
            model.block.push("@@id([left, right])".to_owned());
        }
        let count = 1 + random.below(6);
        let offset = random.below(NAMES.len());
        for at in 0..count {
            let scalar = self.random_field(random, NAMES[(offset + at) % NAMES.len()]);
            model.fields.push(scalar);
        }
        if random.chance(30) {
            let table = model.name.to_lowercase();
            model.block.push(format!("@@map(\"{table}{}\")", if random.chance(50) { "s" } else { " list" }));
        }
        model
    }

    fn random_field(&self, random: &mut Random, name: &str) -> Field {
        let postgres = self.provider == Provider::PostgreSql;
        if postgres && !self.enums.is_empty() && random.chance(15) {
            let (_, values, _) = &self.enums[random.below(self.enums.len())];
            let (owner, value) = (&values[0][1..2], &values[random.below(values.len())]);
            let ty: &'static str = ["Kind0", "Kind1", "Kind2"][owner.parse::<usize>().unwrap()];
            let default = if random.chance(50) { format!("@default({value})") } else { String::new() };
            return field(name, ty, random.chance(30), default, true);
        }
        let (ty, native, defaults) =
            if postgres { POSTGRES[random.below(POSTGRES.len())] } else { SQLITE[random.below(SQLITE.len())] };
        let mut attributes = native.to_owned();
        if postgres && native.is_empty() && random.chance(12) {
            let mut list = field(name, ty, false, String::new(), false);
            list.list = true;
            if random.chance(40) {
                list.attributes = "@default([])".to_owned();
            }
            return list;
        }
        if !defaults.is_empty() && random.chance(40) {
            let default = random.pick(defaults);
            let generated = default.starts_with("dbgenerated") && native.is_empty();
            if !generated {
                let _ = write!(attributes, " @default({default})");
            }
        } else if ty == "DateTime" && random.chance(30) {
            attributes.push_str(" @updatedAt");
        }
        if random.chance(20) {
            let _ = write!(attributes, " @map(\"{}\")", name.to_lowercase() + "_col");
        }
        let indexable = !matches!(ty, "Json" | "Bytes") && native != "@db.Money";
        let unique = indexable && random.chance(10);
        if unique {
            attributes.push_str(" @unique");
        }
        field(name, ty, random.chance(35), attributes, indexable)
    }

    /// A 1-n relation from one model to another's id.
    fn relate(&mut self, random: &mut Random, from: usize, to: usize) {
        let Some((ty, native)) = self.models[to].id_type else { return };
        let number = self.models[from].relations.len() + self.models[to].relations.len() * 10;
        let (name, column) = (format!("rel{number}{from}{to}"), format!("rel{number}{from}{to}Id"));
        let optional = random.chance(40);
        let mut actions = String::new();
        if random.chance(40) {
            let allowed: &[&str] = if optional {
                &["Cascade", "SetNull", "Restrict", "NoAction"]
            } else {
                &["Cascade", "Restrict", "NoAction"]
            };
            let _ = write!(actions, ", onDelete: {}", random.pick(allowed));
        }
        if random.chance(15) {
            let _ = write!(actions, ", onUpdate: {}", random.pick(&["Cascade", "Restrict", "NoAction"]));
        }
        let mark = if optional { "?" } else { "" };
        let target = self.models[to].name.clone();
        let source = self.models[from].name.clone();
        self.models[from].fields.push(field(&column, ty, optional, native.to_owned(), true));
        self.models[from].relations.push(format!(
            "{name} {target}{mark} @relation(\"{name}\", fields: [{column}], references: [id]{actions})"
        ));
        self.models[to].relations.push(format!("{name}Back {source}[] @relation(\"{name}\")"));
    }

    /// An implicit many-to-many relation.
    fn join(&mut self, random: &mut Random, a: usize, b: usize) {
        if self.models[a].id_type.is_none() || self.models[b].id_type.is_none() {
            return;
        }
        let (left, right) = (self.models[a].name.clone(), self.models[b].name.clone());
        let name = if random.chance(50) { "@relation(\"joined\")" } else { "" };
        if name.is_empty()
            && (self.models[a].relations.iter().any(|r| r.contains(&format!(" {right}")))
                || self.models[b].relations.iter().any(|r| r.contains(&format!(" {left}"))))
        {
            return;
        }
        self.models[a].relations.push(format!("manyOf {right}[] {name}"));
        self.models[b].relations.push(format!("manyOf {left}[] {name}"));
    }

    fn index(&mut self, random: &mut Random, at: usize) {
        let postgres = self.provider == Provider::PostgreSql;
        let model = &mut self.models[at];
        let candidates: Vec<String> =
            model.fields.iter().filter(|f| f.indexable && !f.list && f.name != "id").map(|f| f.name.clone()).collect();
        for number in 0..random.below(3) {
            if candidates.is_empty() {
                return;
            }
            let first = random.below(candidates.len());
            let mut columns = vec![candidates[first].clone()];
            if candidates.len() > 1 && random.chance(40) {
                columns.push(candidates[(first + 1) % candidates.len()].clone());
            }
            if random.chance(20) {
                columns[0].push_str("(sort: Desc)");
            }
            let mut extra = String::new();
            if random.chance(25) {
                let _ = write!(extra, ", map: \"ix_{at}_{number}\"");
            }
            let kind = if random.chance(30) { "@@unique" } else { "@@index" };
            if kind == "@@index" && postgres && columns.len() == 1 && !columns[0].contains('(') && random.chance(20) {
                extra.push_str(", type: Hash");
            }
            // Two indexes of the same columns would get the same name, which the engine refuses.
            let line = format!("{kind}([{}]{extra})", columns.join(", "));
            let shape = |line: &str| line.replace("(sort: Desc)", "").split(']').next().map(str::to_owned);
            let unique_field = |f: &Field| f.attributes.contains("@unique") && columns[0].starts_with(&f.name);
            let twice = model.block.iter().any(|other| shape(other) == shape(&line))
                || (kind == "@@unique" && columns.len() == 1 && model.fields.iter().any(unique_field));
            if !twice {
                model.block.push(line);
            }
        }
    }

    /// One small edit, as a developer would make it. Some have an effect on the database and some have none.
    pub(crate) fn edit(&mut self, random: &mut Random) -> &'static str {
        let at = random.below(self.models.len());
        match random.below(9) {
            0 => {
                let added = self.random_field(random, "added");
                self.models[at].fields.push(added);
                "add a field"
            }
            1 => {
                let fields = &mut self.models[at].fields;
                if let Some(last) = fields.iter().rposition(|f| NAMES.contains(&f.name.as_str()))
                    && !self.models[at].block.iter().any(|line| line.contains(&self.models[at].fields[last].name))
                {
                    self.models[at].fields.remove(last);
                }
                "remove a field"
            }
            2 => {
                let fields = &mut self.models[at].fields;
                if let Some(field) = fields.iter_mut().find(|f| NAMES.contains(&f.name.as_str()) && !f.list) {
                    field.optional = !field.optional;
                }
                "flip nullability"
            }
            3 => {
                let model = self.random_model(random, "Extra".to_owned());
                self.models.push(model);
                "add a model"
            }
            4 => {
                if let Some((_, values, _)) = self.enums.first_mut() {
                    values.push("ADDED".to_owned());
                }
                "add an enum value"
            }
            5 => {
                self.index(random, at);
                "add an index"
            }
            6 => {
                self.models.reverse();
                "reorder models"
            }
            7 => {
                let fields = &mut self.models[at].fields;
                fields.reverse();
                "reorder fields"
            }
            _ => {
                let to = random.below(self.models.len());
                self.relate(random, at, to);
                "add a relation"
            }
        }
    }

    pub(crate) fn print(&self) -> String {
        let provider = if self.provider == Provider::PostgreSql { "postgresql" } else { "sqlite" };
        let mut text = format!("datasource db {{\n  provider = \"{provider}\"\n}}\n");
        for (name, values, map) in &self.enums {
            let _ = write!(text, "\nenum {name} {{\n");
            for value in values {
                let _ = writeln!(text, "  {value}");
            }
            if let Some(map) = map {
                let _ = write!(text, "\n  @@map(\"{map}\")\n");
            }
            text.push_str("}\n");
        }
        for model in &self.models {
            let _ = write!(text, "\nmodel {} {{\n", model.name);
            for field in &model.fields {
                let mark = if field.list {
                    "[]"
                } else if field.optional {
                    "?"
                } else {
                    ""
                };
                let _ = writeln!(text, "  {} {}{mark} {}", field.name, field.ty, field.attributes);
            }
            for line in model.relations.iter().chain(&model.block) {
                let _ = writeln!(text, "  {line}");
            }
            text.push_str("}\n");
        }
        text
    }
}

fn field(name: &str, ty: &'static str, optional: bool, attributes: String, indexable: bool) -> Field {
    Field { name: name.to_owned(), ty, optional, list: false, attributes, indexable }
}
