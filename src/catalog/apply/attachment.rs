//! Policies and triggers, and blocks that catch what they raise.

use super::view::Kept;
use super::{Applied, exists, missing};
use crate::catalog::operation::{AttachmentKind, Caught, Guard, Operation, Reads};
use crate::catalog::{Attachment, Catalog, ObjectName};
use crate::source::Place;

impl Catalog {
    pub(super) fn create_attachment(
        &mut self,
        kind: AttachmentKind,
        name: &str,
        replace: bool,
        table: &ObjectName,
        reads: &Reads,
        place: &Place,
    ) -> Applied {
        let Some(found) = self.resolve(&self.tables, table) else { return self.touch(table, Guard::None) };
        let reads = self.columns_read(reads);
        let place = Some(place.clone());
        let new = Attachment { kind, name: name.to_owned(), reads, place };
        let Some(table) = self.tables.get_mut(&found) else { return Ok(Vec::new()) };
        match table.attachments.iter_mut().find(|one| one.kind == kind && one.name == name) {
            Some(old) if !replace => {
                return Err(exists(kind.title(), format!("{name} of {found}"), old.place.as_ref()));
            }
            Some(old) => *old = new,
            None => table.attachments.push(new),
        }
        self.note_attachment(&found);
        Ok(Vec::new())
    }

    pub(super) fn drop_attachment(
        &mut self,
        kind: AttachmentKind,
        name: &str,
        table: &ObjectName,
        guard: Guard,
    ) -> Applied {
        let Some(found) = self.resolve(&self.tables, table) else { return self.touch(table, guard) };
        let Some(table) = self.tables.get_mut(&found) else { return Ok(Vec::new()) };
        match table.attachments.iter().position(|one| one.kind == kind && one.name == name) {
            Some(at) => {
                table.attachments.remove(at);
                Ok(Vec::new())
            }
            // Partitions have the triggers of their parent.
            None if guard == Guard::IfPresent || !table.parents.is_empty() => Ok(Vec::new()),
            None => Err(missing(kind.title(), format!("{name} of {found}"))),
        }
    }

    pub(super) fn rename_attachment(
        &mut self,
        kind: AttachmentKind,
        table: &ObjectName,
        from: &str,
        to: &str,
    ) -> Applied {
        let Some(found) = self.resolve(&self.tables, table) else { return self.touch(table, Guard::None) };
        let Some(table) = self.tables.get_mut(&found) else { return Ok(Vec::new()) };
        if table.attachments.iter().any(|one| one.kind == kind && one.name == to) {
            return Err(exists(kind.title(), format!("{to} of {found}"), None));
        }
        match table.attachments.iter_mut().find(|one| one.kind == kind && one.name == from) {
            Some(one) => to.clone_into(&mut one.name),
            None if !table.parents.is_empty() => {}
            None => return Err(missing(kind.title(), format!("{from} of {found}"))),
        }
        Ok(Vec::new())
    }

    /// The first policy or trigger that reads it. Those of a table go with the table.
    pub(super) fn attachment_on(&self, kept: &Kept<'_>) -> Option<String> {
        let tables = self.attached().filter(|table| kept.column.is_some() || table.name != *kept.relation);
        tables.into_iter().find_map(|table| {
            let one = table.attachments.iter().find(|one| reads(one, kept))?;
            Some(format!("{} {} of {}", one.kind.title(), one.name, table.name))
        })
    }

    /// Drops the policies and triggers that read it.
    pub(super) fn drop_attachments_on(&mut self, kept: &Kept<'_>) {
        self.each_attached(|table| table.attachments.retain(|one| !reads(one, kept)));
    }

    /// A block with an exception handler: all or nothing, and the handler instead of nothing.
    pub(super) fn attempt(&mut self, body: &[Operation], caught: Caught, handler: &[Operation]) -> Applied {
        let before = self.clone();
        let mut effects = Vec::new();
        for operation in body {
            match self.apply(operation) {
                Ok(done) => effects.extend(done),
                Err(error) if operation.guard.swallows(&error) => {}
                Err(error) => {
                    let caught = error.is_caught(caught);
                    *self = before;
                    if !caught {
                        return Err(error);
                    }
                    let mut effects = Vec::new();
                    for operation in handler {
                        effects.extend(self.apply(operation)?);
                    }
                    return Ok(effects);
                }
            }
        }
        Ok(effects)
    }
}

fn reads(one: &Attachment, kept: &Kept<'_>) -> bool {
    let columns = one.reads.get(kept.relation);
    columns.is_some_and(|columns| kept.column.is_none_or(|column| columns.contains(column)))
}
