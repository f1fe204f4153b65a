//! Python's dictionaries and sets: ordered by insertion, with keys compared by value where they are hashable.

use std::collections::HashMap;
use std::rc::Rc;

use super::value::{SymbolKind, Text, Value};

/// Parts of one key.
const PARTS: usize = 1000;
/// How deep tuples nest in a key.
const DEPTH: usize = 20;

/// What makes two keys the same.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Key {
    None,
    Int(i64),
    Float(u64),
    Str(Text),
    Bytes(Rc<[u8]>),
    Tuple(Vec<Key>),
    External(Text),
    /// By identity: the address of the shared object.
    Identity(usize),
}

impl Key {
    /// The key of a value; values that Python would refuse as keys go by identity.
    ///
    /// A tuple of more parts than [`PARTS`], nested ones included, goes by identity too: tuples that share their parts
    /// stand for far more of them than were ever made.
    pub(crate) fn of(value: &Value) -> Self {
        Self::of_part(value, 0, &mut { PARTS })
    }

    fn of_part(value: &Value, depth: usize, left: &mut usize) -> Self {
        fn address<T: ?Sized>(shared: &Rc<T>) -> Key {
            Key::Identity(Rc::as_ptr(shared).cast::<()>() as usize)
        }
        if let Some(text) = match value {
            Value::Instance(_) => value.as_str(),
            _ => None,
        } {
            return Self::Str(text);
        }
        match value {
            Value::None => Self::None,
            Value::Ellipsis => Self::Identity(0),
            Value::Bool(truth) => Self::Int(i64::from(*truth)),
            Value::Int(number) => Self::Int(*number),
            Value::Float(number) => {
                // 1.0 and 1 are one key.
                #[expect(clippy::cast_possible_truncation, reason = "checked by the comparison")]
                let whole = *number as i64;
                #[expect(clippy::cast_precision_loss, clippy::float_cmp, reason = "exact comparison is meant")]
                let is_whole = whole as f64 == *number;
                if is_whole { Self::Int(whole) } else { Self::Float(number.to_bits()) }
            }
            Value::Str(text) => Self::Str(Rc::clone(text)),
            Value::Bytes(bytes) => Self::Bytes(Rc::clone(bytes)),
            Value::Tuple(items) if depth < DEPTH && items.len() <= *left => {
                *left -= items.len();
                Self::Tuple(items.iter().map(|item| Self::of_part(item, depth + 1, left)).collect())
            }
            Value::Tuple(items) => address(items),
            Value::List(items) => address(items),
            Value::Dict(items) | Value::Set(items) => address(items),
            Value::Function(function) => address(function),
            Value::Bound(bound) => address(bound),
            Value::Class(class) => address(class),
            Value::Instance(instance) => address(instance),
            Value::Module(module) => address(module),
            Value::Symbol(symbol) => match &symbol.kind {
                SymbolKind::External(path) => Self::External(Rc::clone(path)),
                _ => address(symbol),
            },
            Value::Unknown(unknown) => address(unknown),
            Value::Deferred(deferred) => address(deferred),
        }
    }
}

/// A dictionary or a set (whose values are all `None`).
#[derive(Debug, Clone, Default)]
pub struct Dict {
    entries: Vec<(Value, Value)>,
    index: HashMap<Key, usize>,
    /// Why it may hold more or other entries than it lists.
    pub(crate) more: Option<Rc<super::value::Unknown>>,
}

impl Dict {
    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Entries in order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &(Value, Value)> {
        self.entries.iter()
    }

    /// Keys in order.
    pub fn keys(&self) -> impl DoubleEndedIterator<Item = &Value> {
        self.entries.iter().map(|(key, _)| key)
    }

    /// Values in order.
    pub fn values(&self) -> impl DoubleEndedIterator<Item = &Value> {
        self.entries.iter().map(|(_, value)| value)
    }

    /// The value of a key.
    pub fn get(&self, key: &Value) -> Option<&Value> {
        self.index.get(&Key::of(key)).map(|&at| &self.entries[at].1)
    }

    /// The value of a string key.
    pub fn get_str(&self, key: &str) -> Option<&Value> {
        self.index.get(&Key::Str(Rc::from(key))).map(|&at| &self.entries[at].1)
    }

    /// Whether the key is there.
    pub fn contains(&self, key: &Value) -> bool {
        self.index.contains_key(&Key::of(key))
    }

    /// Sets a key; the order of one that is there is kept.
    pub fn insert(&mut self, key: Value, value: Value) {
        match self.index.get(&Key::of(&key)) {
            Some(&at) => self.entries[at].1 = value,
            None => {
                self.index.insert(Key::of(&key), self.entries.len());
                self.entries.push((key, value));
            }
        }
    }

    /// Removes a key.
    pub fn remove(&mut self, key: &Value) -> Option<Value> {
        let at = self.index.remove(&Key::of(key))?;
        let (_, value) = self.entries.remove(at);
        for (position, (key, _)) in self.entries.iter().enumerate().skip(at) {
            self.index.insert(Key::of(key), position);
        }
        Some(value)
    }

    /// Removes everything.
    pub fn clear(&mut self) {
        self.entries.clear();
        self.index.clear();
    }
}
