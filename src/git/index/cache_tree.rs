//! The extension `TREE`: for folders, the tree object that their entries make, as far as nothing was staged since.

use std::ops::Range;

use crate::git::snapshot::ObjectId;

/// Folders nested deeper than this are taken as not remembered.
const MAX_DEPTH: usize = 1024;

/// A folder of a [`CacheTree`].
pub(crate) type NodeId = u32;

/// One folder.
#[derive(Debug)]
struct Node {
    /// Where its name is in the index file.
    name: Range<u32>,
    /// The tree and how many entries it spans; none where something below was staged.
    tree: Option<(ObjectId, usize)>,
    /// The first folder below.
    child: Option<NodeId>,
    /// The next folder beside it.
    sibling: Option<NodeId>,
}

/// What the index knows about the trees that its entries make.
#[derive(Debug)]
pub(crate) struct CacheTree {
    nodes: Vec<Node>,
}

impl CacheTree {
    /// Reads the extension. It is a cache: one that breaks the format is none, and everything is compared entry by entry.
    pub(super) fn parse(data: &[u8], body: Range<usize>, hash_len: usize, count: usize) -> Option<Self> {
        let mut nodes: Vec<Node> = Vec::new();
        // Folders whose children are being read: the folder, how many are missing, the last one read.
        let mut open: Vec<(NodeId, usize, Option<NodeId>)> = Vec::new();
        let mut at = body.start;
        loop {
            let name_end = at + data.get(at..body.end)?.iter().position(|&byte| byte == 0)?;
            let line_end = name_end + data.get(name_end..body.end)?.iter().position(|&byte| byte == b'\n')?;
            let line = std::str::from_utf8(data.get(name_end + 1..line_end)?).ok()?;
            let (entries, children) = line.split_once(' ')?;
            let (entries, children): (i64, usize) = (entries.parse().ok()?, children.parse().ok()?);
            let mut next = line_end + 1;
            let mut tree = None;
            if let Ok(entries) = usize::try_from(entries) {
                if entries > count {
                    return None;
                }
                let raw = data.get(next..next + hash_len).filter(|_| next + hash_len <= body.end)?;
                tree = Some((ObjectId::new(raw), entries));
                next += hash_len;
            }
            let id = NodeId::try_from(nodes.len()).ok()?;
            let name = u32::try_from(at).ok()?..u32::try_from(name_end).ok()?;
            nodes.push(Node { name, tree, child: None, sibling: None });
            if let Some((parent, missing, last)) = open.last_mut() {
                match *last {
                    Some(last) => nodes[last as usize].sibling = Some(id),
                    None => nodes[*parent as usize].child = Some(id),
                }
                *last = Some(id);
                *missing -= 1;
            }
            if children > 0 {
                if open.len() >= MAX_DEPTH {
                    return None;
                }
                open.push((id, children, None));
            }
            while open.last().is_some_and(|&(_, missing, _)| missing == 0) {
                open.pop();
            }
            at = next;
            if open.is_empty() {
                return Some(Self { nodes });
            }
        }
    }

    /// The repository's root.
    pub(crate) fn root(&self) -> Option<NodeId> {
        (!self.nodes.is_empty()).then_some(0)
    }

    /// The tree of a folder and how many entries it spans, where nothing below was staged since it was written.
    pub(crate) fn tree(&self, node: NodeId) -> Option<(ObjectId, usize)> {
        self.nodes.get(node as usize)?.tree
    }

    /// The folders directly below one, with their names' places in the index file. Not in the order of the entries: git sorts
    /// them by length first.
    pub(crate) fn children(&self, node: NodeId) -> impl Iterator<Item = (Range<u32>, NodeId)> {
        let mut next = self.nodes.get(node as usize).and_then(|node| node.child);
        std::iter::from_fn(move || {
            let id = next?;
            let node = self.nodes.get(id as usize)?;
            next = node.sibling;
            Some((node.name.clone(), id))
        })
    }
}
