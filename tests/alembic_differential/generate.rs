//! Random SQLAlchemy models: valid by construction, the same for the same seed.

use std::fmt::Write as _;

use crate::random::Random;

#[derive(Clone)]
struct Column {
    name: String,
    ty: String,
    python: &'static str,
    nullable: bool,
    arguments: String,
}

#[derive(Clone)]
struct Model {
    class: String,
    table: String,
    key: &'static str,
    columns: Vec<Column>,
    arguments: Vec<String>,
}

/// Models that can be changed and printed, in the style of 1.x (`Column`) or 2.0 (`Mapped`).
#[derive(Clone)]
pub(crate) struct Models {
    postgres: bool,
    mapped: bool,
    convention: bool,
    tables: Vec<Model>,
}

const CLASSES: &[(&str, &str)] = &[
    ("Account", "accounts"),
    ("Invoice", "invoices"),
    ("Ticket", "ticket"),
    ("LineItem", "line_items"),
    ("Session", "user_session"),
    ("Device", "devices"),
];
const NAMES: &[&str] = &[
    "title",
    "amount",
    "state",
    "ratio",
    "opened_at",
    "payload",
    "is_locked",
    "counter",
    "slug",
    "label",
    "weight",
    "due_on",
    "external_ref",
    "colour",
    "notes",
    "score",
];
/// (type, Python annotation, only PostgreSQL).
const TYPES: &[(&str, &str, bool)] = &[
    ("sa.Integer", "int", false),
    ("sa.BigInteger", "int", false),
    ("sa.SmallInteger()", "int", false),
    ("sa.String(40)", "str", false),
    ("sa.String(length=255)", "str", false),
    ("sa.Text", "str", false),
    ("sa.Unicode(80)", "str", false),
    ("sa.Boolean", "bool", false),
    ("sa.Float", "float", false),
    ("sa.Numeric(10, 2)", "decimal.Decimal", false),
    ("sa.Date", "datetime.date", false),
    ("sa.DateTime", "datetime.datetime", false),
    ("sa.DateTime(timezone=True)", "datetime.datetime", false),
    ("sa.Time", "datetime.time", false),
    ("sa.LargeBinary", "bytes", false),
    ("sa.JSON", "dict", false),
    ("sa.Enum('a', 'b', 'c', name='letters_{}')", "str", false),
    ("sa.Enum(Colour, name='colour_{}')", "Colour", false),
    ("sa.Interval", "datetime.timedelta", false),
    ("sa.Uuid", "uuid.UUID", false),
    ("postgresql.JSONB", "dict", true),
    ("postgresql.UUID(as_uuid=True)", "uuid.UUID", true),
    ("postgresql.ARRAY(sa.String(20))", "list", true),
    ("postgresql.INET", "str", true),
    ("postgresql.TIMESTAMP(timezone=True)", "datetime.datetime", true),
];

impl Models {
    pub(crate) fn random(random: &mut Random, postgres: bool) -> Self {
        let (mapped, convention) = (random.chance(50), random.chance(40));
        let mut models = Self { postgres, mapped, convention, tables: Vec::new() };
        let offset = random.below(CLASSES.len());
        for at in 0..=random.below(4) {
            let (class, table) = CLASSES[(offset + at) % CLASSES.len()];
            let model = models.random_model(random, class, table);
            models.tables.push(model);
        }
        for at in 0..models.tables.len() {
            for _ in 0..random.below(2) {
                let to = random.below(models.tables.len());
                models.refer(random, at, to);
            }
            models.index(random, at);
        }
        models
    }

    fn random_model(&self, random: &mut Random, class: &str, table: &str) -> Model {
        let key = ["sa.Integer", "sa.BigInteger", "sa.String(36)"][random.below(3)];
        let mut model =
            Model { class: class.to_owned(), table: table.to_owned(), key, columns: Vec::new(), arguments: Vec::new() };
        let offset = random.below(NAMES.len());
        for at in 0..=random.below(6) {
            let column = self.random_column(random, NAMES[(offset + at) % NAMES.len()], table);
            model.columns.push(column);
        }
        model
    }

    fn random_column(&self, random: &mut Random, name: &str, table: &str) -> Column {
        let (ty, python, _) = loop {
            let found = TYPES[random.below(TYPES.len())];
            if self.postgres || !found.2 {
                break found;
            }
        };
        let ty = ty.replace("{}", &format!("{table}_{name}"));
        let mut arguments = String::new();
        let plain = !matches!(python, "dict" | "list" | "bytes");
        if plain && random.chance(12) {
            arguments.push_str(", index=True");
        } else if plain && random.chance(8) && (self.postgres || self.convention) {
            arguments.push_str(", unique=True");
        }
        if python == "int" && random.chance(20) {
            arguments.push_str(", server_default=\"0\"");
        } else if python == "datetime.datetime" && random.chance(30) {
            arguments.push_str(", server_default=sa.func.now()");
        }
        if self.postgres && random.chance(8) {
            let _ = write!(arguments, ", comment=\"the {name}\"");
        }
        Column { name: name.to_owned(), ty, python, nullable: random.chance(45), arguments }
    }

    fn refer(&mut self, random: &mut Random, from: usize, to: usize) {
        let (table, key) = (self.tables[to].table.clone(), self.tables[to].key);
        let name = format!("{table}_{}_id", self.tables[from].columns.len());
        let action = if random.chance(40) { ", ondelete=\"CASCADE\"" } else { "" };
        let ty = format!("{key}, sa.ForeignKey(\"{table}.id\"{action})");
        let python = if key.starts_with("sa.String") { "str" } else { "int" };
        let index = if random.chance(40) { ", index=True" } else { "" };
        self.tables[from].columns.push(Column {
            name,
            ty,
            python,
            nullable: random.chance(50),
            arguments: index.to_owned(),
        });
    }

    fn index(&mut self, random: &mut Random, at: usize) {
        let model = &mut self.tables[at];
        let usable: Vec<String> = model
            .columns
            .iter()
            .filter(|column| !matches!(column.python, "dict" | "list" | "bytes"))
            .map(|column| column.name.clone())
            .collect();
        if usable.len() < 2 || !random.chance(50) {
            return;
        }
        let (a, b) = (&usable[0], &usable[usable.len() - 1]);
        let number = model.arguments.len();
        let table = &model.table;
        model.arguments.push(match random.below(3) {
            0 => format!("sa.UniqueConstraint(\"{a}\", \"{b}\", name=\"uq_{table}_{number}\")"),
            1 => format!("sa.Index(\"ix_{table}_{number}\", \"{a}\", \"{b}\")"),
            _ => format!("sa.Index(\"ix_{table}_{number}\", \"{b}\", unique=True)"),
        });
    }

    /// One small edit, as a developer would make it.
    pub(crate) fn edit(&mut self, random: &mut Random) -> &'static str {
        let at = random.below(self.tables.len());
        match random.below(7) {
            0 => {
                let table = self.tables[at].table.clone();
                let column = self.random_column(random, "added", &table);
                self.tables[at].columns.push(column);
                "add a column"
            }
            1 => {
                let last = self.tables[at].columns.iter().rposition(|column| {
                    NAMES.contains(&column.name.as_str())
                        && !self.tables[at].arguments.iter().any(|line| line.contains(&format!("\"{}\"", column.name)))
                });
                if let Some(last) = last {
                    self.tables[at].columns.remove(last);
                }
                "remove a column"
            }
            2 => {
                if let Some(column) = self.tables[at].columns.first_mut() {
                    column.nullable = !column.nullable;
                }
                "flip nullability"
            }
            3 => {
                let model = self.random_model(random, "Extra", "extras");
                self.tables.push(model);
                "add a model"
            }
            4 => {
                self.index(random, at);
                "add an index or a unique"
            }
            5 => {
                self.tables[at].columns.reverse();
                "reorder columns"
            }
            _ => {
                let to = random.below(self.tables.len());
                self.refer(random, at, to);
                "add a foreign key"
            }
        }
    }

    pub(crate) fn print(&self) -> String {
        let mut text = String::from(
            "import datetime\nimport decimal\nimport enum\nimport uuid\nfrom typing import Any, Optional\n\nimport sqlalchemy as sa\n\
             from sqlalchemy.dialects import postgresql\nfrom sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column\n\n\n\
             class Colour(enum.Enum):\n    RED = \"red\"\n    BLUE = \"blue\"\n\n\n",
        );
        text.push_str("class Base(DeclarativeBase):\n");
        if self.convention {
            text.push_str(
                "    metadata = sa.MetaData(naming_convention={\n        \"ix\": \"ix_%(column_0_label)s\",\n        \
                 \"uq\": \"uq_%(table_name)s_%(column_0_name)s\",\n        \"ck\": \"ck_%(table_name)s_%(constraint_name)s\",\n        \
                 \"fk\": \"fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s\",\n        \"pk\": \"pk_%(table_name)s\",\n    })\n",
            );
        } else {
            text.push_str("    pass\n");
        }
        for model in &self.tables {
            let _ = write!(text, "\n\nclass {}(Base):\n    __tablename__ = \"{}\"\n", model.class, model.table);
            if !model.arguments.is_empty() {
                let _ = writeln!(text, "    __table_args__ = ({},)", model.arguments.join(", "));
            }
            let key = if model.key.starts_with("sa.String") { "str" } else { "int" };
            if self.mapped {
                let _ = writeln!(text, "    id: Mapped[{key}] = mapped_column({}, primary_key=True)", model.key);
            } else {
                let _ = writeln!(text, "    id = sa.Column({}, primary_key=True)", model.key);
            }
            for column in &model.columns {
                let Column { name, ty, python, nullable, arguments } = column;
                let python = if matches!(*python, "dict" | "list") { "Any" } else { python };
                let _ = match (self.mapped, nullable) {
                    (true, true) => {
                        writeln!(
                            text,
                            "    {name}: Mapped[Optional[{python}]] = mapped_column({ty}, nullable=True{arguments})"
                        )
                    }
                    (true, false) => {
                        writeln!(text, "    {name}: Mapped[{python}] = mapped_column({ty}, nullable=False{arguments})")
                    }
                    (false, true) => writeln!(text, "    {name} = sa.Column({ty}{arguments})"),
                    (false, false) => writeln!(text, "    {name} = sa.Column({ty}, nullable=False{arguments})"),
                };
            }
        }
        text
    }
}
