//! What a database holds, one line for each object: as the server reports it, and as a catalog has it.

use std::collections::BTreeSet;

use driftgate::catalog::operation::OperationKind;
use driftgate::catalog::{
    AutoIncrement, Catalog, ColumnDefault, ColumnType, Dialect, Index, IndexOn, IndexPart, Name, Object,
    ReferentialAction, Table, TableKind, TypeKind, UserTypeKind,
};
use driftgate::source::{Place, Source};

/// One object, and what it is about: a doubt whose reach covers that excuses a difference.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Line {
    /// What is said.
    pub(crate) text: String,
    /// What it is about.
    subject: Subject,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Subject {
    Table(Name),
    Column(Name, String),
    Type(Name),
    Database,
}

impl Line {
    /// A line of [`QUERY`]: the kind of its subject, schema, name, column, text. None where it is none.
    pub(crate) fn read(line: &str) -> Option<Self> {
        let mut fields = line.splitn(5, '\t');
        let (kind, schema, name, column) = (fields.next()?, fields.next()?, fields.next()?, fields.next()?);
        let text = fields.next()?;
        let name = Name::new(schema, name);
        let subject = match kind {
            "t" => Subject::Table(name),
            "c" => Subject::Column(name, column.to_owned()),
            "y" => Subject::Type(name),
            _ => Subject::Database,
        };
        let text = match text.split_once(' ') {
            Some(("column", _)) => column_line(text),
            Some(("default", rest)) => default_line(rest),
            Some(("domain", rest)) => {
                let (name, ty) = rest.split_once(' ').unwrap_or((rest, ""));
                format!("domain {name} {}", spelled(ty))
            }
            _ => text.to_owned(),
        };
        Some(Self { text, subject })
    }

    /// Whether something that the replay could not read may explain a difference in this.
    pub(crate) fn is_doubted(&self, catalog: &Catalog) -> bool {
        let object = match &self.subject {
            Subject::Table(name) => Object::Table(name),
            Subject::Column(name, column) => Object::Column(name, column),
            Subject::Type(name) => Object::Type(name),
            Subject::Database => Object::Database,
        };
        catalog.doubt_about(&object).is_some()
    }
}

/// One row for each object; the fields are those of [`Line::read`].
pub(crate) const QUERY: &str = r"
WITH spaces AS (
  SELECT oid, nspname FROM pg_namespace WHERE nspname NOT LIKE 'pg\_%' AND nspname <> 'information_schema'
), relations AS (
  SELECT c.oid, s.nspname, s.nspname || '.' || c.relname AS name, c.relname, c.relkind, c.relispartition
  FROM pg_class c JOIN spaces s ON s.oid = c.relnamespace
  WHERE c.relpersistence <> 't' AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')
), types AS (
  SELECT t.oid, s.nspname, t.typname, s.nspname || '.' || t.typname AS name, t.typtype, t.typarray, t.typbasetype, t.typtypmod
  FROM pg_type t JOIN spaces s ON s.oid = t.typnamespace
  WHERE (t.typtype IN ('e', 'd', 'r') OR t.typrelid IN (SELECT oid FROM pg_class WHERE relkind = 'c'))
    AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = t.oid AND d.deptype = 'e')
)
SELECT 't', nspname, relname, '', 'table ' || name || CASE WHEN relkind = 'p' AND NOT relispartition THEN ' partitioned'
    WHEN relispartition THEN ' partition' WHEN relkind = 'f' THEN ' foreign' ELSE '' END
  FROM relations WHERE relkind IN ('r', 'p', 'f')
UNION ALL SELECT 't', nspname, relname, '', CASE relkind WHEN 'm' THEN 'materialized ' ELSE '' END || 'view ' || name
  FROM relations WHERE relkind IN ('v', 'm')
UNION ALL SELECT 'd', nspname, relname, '', 'sequence ' || name || coalesce(' of ' || (SELECT t.name || '.' || a.attname
    FROM pg_depend d JOIN relations t ON t.oid = d.refobjid JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = d.refobjsubid
    WHERE d.objid = relations.oid AND d.deptype IN ('a', 'i') AND d.refclassid = 'pg_class'::regclass), '')
  FROM relations WHERE relkind = 'S'
UNION ALL SELECT 'c', r.nspname, r.relname, a.attname, 'column ' || r.name || '.' || a.attname || ' '
    || coalesce((SELECT name FROM types WHERE oid = a.atttypid), (SELECT name || '[]' FROM types WHERE typarray = a.atttypid),
                format_type(a.atttypid, a.atttypmod))
    || CASE WHEN a.attnotnull THEN ' not null' ELSE '' END
    || CASE a.attidentity WHEN 'a' THEN ' identity always' WHEN 'd' THEN ' identity' ELSE '' END
    || CASE WHEN a.attgenerated <> '' THEN ' generated' WHEN a.atthasdef THEN ' default' ELSE '' END
  FROM relations r JOIN pg_attribute a ON a.attrelid = r.oid
  WHERE r.relkind IN ('r', 'p', 'f') AND a.attnum > 0 AND NOT a.attisdropped
UNION ALL SELECT 'c', r.nspname, r.relname, a.attname, 'default ' || r.name || '.' || a.attname || ' '
    || replace(replace(pg_get_expr(d.adbin, d.adrelid), E'\n', ' '), E'\t', ' ')
  FROM relations r JOIN pg_attribute a ON a.attrelid = r.oid JOIN pg_attrdef d ON d.adrelid = r.oid AND d.adnum = a.attnum
  WHERE r.relkind IN ('r', 'p', 'f') AND a.attgenerated = '' AND NOT a.attisdropped
UNION ALL SELECT 't', t.nspname, t.relname, '', 'index ' || t.name || ' ' || r.relname || ' ' || m.amname
    || CASE WHEN i.indisprimary THEN ' primary' WHEN i.indisunique THEN ' unique' ELSE '' END
    || CASE WHEN k.conindid IS NOT NULL THEN ' constraint' ELSE '' END || ' ('
    || (SELECT string_agg(coalesce(a.attname, 'expression')
          || CASE WHEN n < i.indnkeyatts AND (i.indoption[n] & 1) = 1 THEN ' desc' ELSE '' END
          || CASE WHEN n < i.indnkeyatts AND i.indoption[n] = 1 THEN ' nulls last'
                  WHEN n < i.indnkeyatts AND i.indoption[n] = 2 THEN ' nulls first' ELSE '' END, ', ' ORDER BY n)
        FROM generate_series(0, i.indnatts - 1) n
        LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[n] AND i.indkey[n] <> 0)
    || ')' || CASE WHEN i.indpred IS NOT NULL THEN ' where' ELSE '' END
    || CASE WHEN i.indnullsnotdistinct THEN ' nulls not distinct' ELSE '' END
  FROM pg_index i JOIN relations t ON t.oid = i.indrelid JOIN relations r ON r.oid = i.indexrelid
  JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_am m ON m.oid = c.relam
  LEFT JOIN (SELECT DISTINCT conindid FROM pg_constraint WHERE contype IN ('u', 'p')) k ON k.conindid = i.indexrelid
  WHERE t.relkind IN ('r', 'p') AND NOT i.indisexclusion
UNION ALL SELECT 't', t.nspname, t.relname, '', 'foreign key ' || t.name || ' ' || c.conname || ' ('
    || (SELECT string_agg(a.attname, ', ' ORDER BY n) FROM unnest(c.conkey) WITH ORDINALITY u(k, n)
        JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = u.k) || ') ' || f.name || ' ('
    || (SELECT string_agg(a.attname, ', ' ORDER BY n) FROM unnest(c.confkey) WITH ORDINALITY u(k, n)
        JOIN pg_attribute a ON a.attrelid = c.confrelid AND a.attnum = u.k) || ') '
    || c.confdeltype::text || c.confupdtype::text || CASE WHEN c.convalidated THEN '' ELSE ' not valid' END
    || CASE WHEN c.condeferrable THEN ' deferrable' ELSE '' END || CASE WHEN c.condeferred THEN ' deferred' ELSE '' END
  FROM pg_constraint c JOIN relations t ON t.oid = c.conrelid JOIN relations f ON f.oid = c.confrelid
  WHERE c.contype = 'f' AND (c.conparentid = 0 OR t.relispartition)
UNION ALL SELECT 't', t.nspname, t.relname, '', 'check ' || t.name || ' ' || c.conname || CASE WHEN c.convalidated THEN '' ELSE ' not valid' END
  FROM pg_constraint c JOIN relations t ON t.oid = c.conrelid WHERE c.contype = 'c'
UNION ALL SELECT 't', t.nspname, t.relname, '', 'exclusion ' || t.name || ' ' || c.conname
  FROM pg_constraint c JOIN relations t ON t.oid = c.conrelid WHERE c.contype = 'x'
UNION ALL SELECT CASE WHEN d.objsubid = 0 THEN 't' ELSE 'c' END, t.nspname, t.relname, coalesce(a.attname, ''),
    'comment ' || t.name || coalesce('.' || a.attname, '') || ' ' || d.description
  FROM pg_description d JOIN relations t ON t.oid = d.objoid AND d.classoid = 'pg_class'::regclass
  LEFT JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = d.objsubid AND d.objsubid > 0
  WHERE t.relkind IN ('r', 'p', 'f')
UNION ALL SELECT 'y', nspname, typname, '', 'enum ' || name || ' ' || coalesce((SELECT string_agg(enumlabel, ',' ORDER BY enumsortorder) FROM pg_enum WHERE enumtypid = t.oid), '')
  FROM types t WHERE t.typtype = 'e'
UNION ALL SELECT 'y', nspname, typname, '', CASE typtype WHEN 'd' THEN 'domain ' || name || ' ' || format_type(typbasetype, typtypmod) ELSE 'type ' || name END
  FROM types t WHERE t.typtype <> 'e'
UNION ALL SELECT 'd', '', '', '', 'extension ' || extname FROM pg_extension WHERE extname <> 'plpgsql'
UNION ALL SELECT 'd', '', '', '', 'schema ' || nspname FROM spaces;
";

/// A type as the catalog spells it.
fn spelled(ty: &str) -> String {
    let own = ty.contains('.') && !ty.starts_with("numeric");
    if own { ty.to_owned() } else { driftgate::sql::types::parse(ty, Dialect::PostgreSql).to_string() }
}

/// A line about a column with its type as the catalog spells it.
fn column_line(line: &str) -> String {
    let Some(rest) = line.strip_prefix("column ") else { return line.to_owned() };
    let Some((name, definition)) = rest.split_once(' ') else { return line.to_owned() };
    let at = [" not null", " identity", " generated", " default"].iter().filter_map(|word| definition.find(word)).min();
    let (ty, flags) = definition.split_at(at.unwrap_or(definition.len()));
    format!("column {name} {}{flags}", spelled(ty))
}

/// A line about a default with its text read as the default of a statement is.
fn default_line(rest: &str) -> String {
    let (name, text) = rest.split_once(' ').unwrap_or((rest, ""));
    let source = Source::new("default.sql".into(), text);
    let statement = format!("ALTER TABLE t ALTER COLUMN c SET DEFAULT {text}");
    let script = driftgate::sql::read_text(&statement, &Place::start_of(&source), Dialect::PostgreSql);
    let read = script.operations.into_iter().find_map(|operation| match operation.kind {
        OperationKind::AlterColumn {
            change: driftgate::catalog::operation::ColumnChange::SetDefault(default), ..
        } => Some(default_text(&default)),
        _ => None,
    });
    format!("default {name} {}", read.unwrap_or_else(|| text.to_owned()))
}

/// A default in words that do not depend on how it is written.
fn default_text(default: &ColumnDefault) -> String {
    match default {
        ColumnDefault::NextVal(name) => format!("nextval {}", name.name),
        ColumnDefault::Now(_) => "now".to_owned(),
        ColumnDefault::Number(text) | ColumnDefault::Text(text) => literal(text),
        ColumnDefault::Bool(value) => value.to_string(),
        ColumnDefault::Expression(_) | ColumnDefault::Unknown | ColumnDefault::List(_) => "expression".to_owned(),
        ColumnDefault::Null => "null".to_owned(),
    }
}

/// A constant in a form that does not depend on how it is spelled: the server keeps the value, the replay the text.
fn literal(text: &str) -> String {
    let plain: String = text.chars().filter(|c| !c.is_whitespace()).collect::<String>().to_lowercase();
    match plain.as_str() {
        "t" | "yes" | "y" | "on" | "true" => return "true".to_owned(),
        "f" | "no" | "n" | "off" | "false" => return "false".to_owned(),
        _ => {}
    }
    if let Ok(number) = plain.parse::<f64>() {
        return number.to_string();
    }
    let is_date =
        plain.len() > 10 && plain.is_char_boundary(10) && plain[..10].chars().all(|c| c.is_ascii_digit() || c == '-');
    if is_date { plain[..10].to_owned() } else { plain }
}

/// What a replayed catalog holds.
pub(crate) fn objects(catalog: &Catalog) -> BTreeSet<Line> {
    let mut lines = BTreeSet::new();
    let mut say = |subject: Subject, text: String| {
        lines.insert(Line { text, subject });
    };
    let full = |name: &Name| format!("{}.{}", name.schema, name.name);
    for schema in &catalog.schemas {
        say(Subject::Database, format!("schema {schema}"));
    }
    for extension in catalog.extensions.keys().filter(|name| *name != "plpgsql") {
        say(Subject::Database, format!("extension {extension}"));
    }
    for (name, view) in &catalog.views {
        let materialized = if view.materialized { "materialized " } else { "" };
        say(Subject::Table(name.clone()), format!("{materialized}view {}", full(name)));
    }
    for (name, sequence) in &catalog.sequences {
        let owner = sequence.owned_by.as_ref().map(|(table, column)| format!(" of {}.{column}", full(table)));
        say(Subject::Database, format!("sequence {}{}", full(name), owner.unwrap_or_default()));
    }
    for one in catalog.enums.values() {
        say(Subject::Type(one.name.clone()), format!("enum {} {}", full(&one.name), one.labels.join(",")));
    }
    for one in catalog.types.values() {
        let text = match &one.kind {
            UserTypeKind::Domain(base) => {
                format!("domain {} {}", full(&one.name), type_text(base).trim_start_matches("public."))
            }
            _ => format!("type {}", full(&one.name)),
        };
        say(Subject::Type(one.name.clone()), text);
    }
    for table in catalog.tables.values().filter(|table| table.kind != TableKind::Temporary) {
        for (column, text) in about(table) {
            let subject = match column {
                Some(column) => Subject::Column(table.name.clone(), column),
                None => Subject::Table(table.name.clone()),
            };
            say(subject, text);
        }
    }
    lines
}

/// The lines about one table, with the column that each is about.
fn about(table: &Table) -> Vec<(Option<String>, String)> {
    let name = format!("{}.{}", table.name.schema, table.name.name);
    let kind = match table.kind {
        TableKind::Partitioned => " partitioned",
        TableKind::Partition => " partition",
        TableKind::Foreign => " foreign",
        _ => "",
    };
    let mut lines = vec![(None, format!("table {name}{kind}"))];
    if let Some(comment) = &table.comment {
        lines.push((None, format!("comment {name} {comment}")));
    }
    for column in &table.columns {
        let identity = match column.auto_increment {
            Some(AutoIncrement::IdentityAlways) => " identity always",
            Some(AutoIncrement::IdentityByDefault) => " identity",
            _ => "",
        };
        let default = match (&column.generated, &column.default) {
            (Some(_), _) => " generated",
            (None, Some(_)) => " default",
            (None, None) => "",
        };
        let null = if column.nullable { "" } else { " not null" };
        let about = Some(column.name.clone());
        let text = format!("column {name}.{} {}{null}{identity}{default}", column.name, type_text(&column.ty));
        lines.push((about.clone(), text));
        if let Some(comment) = &column.comment {
            lines.push((about.clone(), format!("comment {name}.{} {comment}", column.name)));
        }
        if let (Some(default), None) = (&column.default, &column.generated) {
            lines.push((about, format!("default {name}.{} {}", column.name, default_text(default))));
        }
    }
    let mut of_table: Vec<String> = table.indexes.iter().map(|index| index_line(&name, index)).collect();
    if let Some(key) = &table.primary_key {
        let columns: Vec<String> = key.columns.iter().map(part_text).collect();
        let key_name = key.name.as_deref().unwrap_or_default();
        of_table.push(format!("index {name} {key_name} btree primary constraint ({})", columns.join(", ")));
    }
    for key in &table.foreign_keys {
        of_table.push(format!(
            "foreign key {name} {} ({}) {}.{} ({}) {}{}{}{}{}",
            key.name.as_deref().unwrap_or_default(),
            key.columns.join(", "),
            key.target.schema,
            key.target.name,
            key.target_columns.join(", "),
            action(key.on_delete),
            action(key.on_update),
            if key.not_valid { " not valid" } else { "" },
            if key.deferrable { " deferrable" } else { "" },
            if key.initially_deferred { " deferred" } else { "" },
        ));
    }
    for check in &table.checks {
        let valid = if check.not_valid { " not valid" } else { "" };
        of_table.push(format!("check {name} {}{valid}", check.name.as_deref().unwrap_or_default()));
    }
    of_table.extend(table.excludes.iter().map(|exclude| format!("exclusion {name} {exclude}")));
    lines.extend(of_table.into_iter().map(|text| (None, text)));
    lines
}

fn action(action: ReferentialAction) -> char {
    match action {
        ReferentialAction::NoAction => 'a',
        ReferentialAction::Restrict => 'r',
        ReferentialAction::Cascade => 'c',
        ReferentialAction::SetNull => 'n',
        ReferentialAction::SetDefault => 'd',
    }
}

fn index_line(table: &str, index: &Index) -> String {
    let columns: Vec<String> = index.parts.iter().map(part_text).chain(index.include.iter().cloned()).collect();
    format!(
        "index {table} {} {}{}{} ({}){}{}",
        index.name.as_deref().unwrap_or_default(),
        index.method.as_deref().unwrap_or("btree"),
        if index.unique { " unique" } else { "" },
        if index.constraint { " constraint" } else { "" },
        columns.join(", "),
        if index.predicate.is_some() { " where" } else { "" },
        if index.nulls_not_distinct { " nulls not distinct" } else { "" },
    )
}

fn part_text(part: &IndexPart) -> String {
    let column = match &part.on {
        IndexOn::Column(column) => column.as_str(),
        IndexOn::Expression(_) => "expression",
    };
    let nulls = match (part.descending, part.nulls_first) {
        (false, Some(true)) => " nulls first",
        (true, Some(false)) => " nulls last",
        _ => "",
    };
    format!("{column}{}{nulls}", if part.descending { " desc" } else { "" })
}

fn type_text(ty: &ColumnType) -> String {
    let text = match &ty.kind {
        TypeKind::Named(name) => name.to_string(),
        _ => return ty.to_string(),
    };
    if ty.array { format!("{text}[]") } else { text }
}
