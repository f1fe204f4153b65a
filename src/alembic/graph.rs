//! The graph of revisions: an order in which they can be applied, and what is wrong with it.
//!
//! What Alembic refuses and accepts: `alembic/script/revision.py` (1.20).

use std::collections::{BTreeMap, BTreeSet};

use crate::history::{HistoryProblem, HistoryProblemKind};
use crate::source::{Place, RepoPath};

/// Characters that Alembic refuses in an id: they have meanings on its command line.
const FORBIDDEN: &[char] = &['@', '-', '+', ':'];

/// One revision as the graph sees it.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    /// Its id.
    pub(crate) id: String,
    /// Ids of its parents, in the order written.
    pub(crate) parents: Vec<String>,
    /// Ids or labels of what must come first beside them.
    pub(crate) depends_on: Vec<String>,
    /// Branch labels.
    pub(crate) labels: Vec<String>,
    /// Its file.
    pub(crate) path: RepoPath,
    /// The place of its id.
    pub(crate) place: Option<Place>,
    /// The place of its parents.
    pub(crate) parents_place: Option<Place>,
}

/// An order, and what is wrong.
#[derive(Debug, Default)]
pub(crate) struct Arranged {
    /// Positions of the nodes in an order in which they can be applied; those that no order can reach stand last.
    pub(crate) order: Vec<usize>,
    /// What is wrong.
    pub(crate) problems: Vec<HistoryProblem>,
}

/// Orders nodes: parents and dependencies before what needs them, by id among those that are free. Of two nodes with
/// one id the later wins, as in Alembic; the other is left out.
pub(crate) fn arrange(nodes: &[Node]) -> Arranged {
    let mut arranged = Arranged::default();
    let mut by_id: BTreeMap<&str, usize> = BTreeMap::new();
    for (at, node) in nodes.iter().enumerate() {
        if let Some(bad) = node.id.chars().find(|c| FORBIDDEN.contains(c)) {
            arranged.problems.push(problem(
                HistoryProblemKind::NotARevision,
                node,
                node.place.clone(),
                format!("Alembic refuses the revision id `{}`: `{bad}` is not allowed in it", node.id),
            ));
        }
        if let Some(earlier) = by_id.insert(&node.id, at) {
            arranged.problems.push(problem(
                HistoryProblemKind::DuplicateId(node.id.clone()),
                node,
                node.place.clone(),
                format!("the revision id {} is that of {} too", node.id, nodes[earlier].path),
            ));
        }
    }
    let labels: BTreeMap<&str, usize> =
        by_id.values().flat_map(|&at| nodes[at].labels.iter().map(move |label| (label.as_str(), at))).collect();
    // What each node waits for, and nodes that wait for something that is not there.
    let mut needs: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
    let mut broken: BTreeSet<usize> = BTreeSet::new();
    for &at in by_id.values() {
        let node = &nodes[at];
        let mut wanted = BTreeSet::new();
        for (parent, depends) in
            node.parents.iter().map(|id| (id, false)).chain(node.depends_on.iter().map(|id| (id, true)))
        {
            let found = by_id.get(parent.as_str()).or_else(|| labels.get(parent.as_str()).filter(|_| depends));
            match found {
                Some(&other) => {
                    wanted.insert(other);
                }
                None => {
                    broken.insert(at);
                    let variable = if depends { "depends_on" } else { "down_revision" };
                    let abbreviated: Vec<&str> = by_id
                        .keys()
                        .copied()
                        .filter(|id| !parent.is_empty() && id.starts_with(parent.as_str()))
                        .collect();
                    let message = match &abbreviated[..] {
                        [full] => format!(
                            "the {variable} `{parent}` of {} is short for {full}, which Alembic does not take",
                            node.id
                        ),
                        _ if parent.is_empty() => {
                            format!("the {variable} of {} is an empty string; a base has None", node.id)
                        }
                        _ => format!("the {variable} `{parent}` of {} is not among the revisions", node.id),
                    };
                    arranged.problems.push(problem(
                        HistoryProblemKind::MissingParent(parent.clone()),
                        node,
                        node.parents_place.clone().or_else(|| node.place.clone()),
                        message,
                    ));
                }
            }
        }
        needs.insert(at, wanted);
    }
    let mut done: BTreeSet<usize> = BTreeSet::new();
    let mut ready: BTreeSet<(&str, usize)> = BTreeSet::new();
    let mut waiting: BTreeMap<usize, usize> = BTreeMap::new();
    let mut children: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (&at, wanted) in &needs {
        for &other in wanted {
            children.entry(other).or_default().push(at);
        }
        // What waits for something that is not there is never ready.
        waiting.insert(at, wanted.len() + usize::from(broken.contains(&at)));
        if wanted.is_empty() && !broken.contains(&at) {
            ready.insert((nodes[at].id.as_str(), at));
        }
    }
    while let Some((_, at)) = ready.pop_first() {
        done.insert(at);
        arranged.order.push(at);
        for &child in children.get(&at).map_or(&[][..], Vec::as_slice) {
            if let Some(count) = waiting.get_mut(&child) {
                *count -= 1;
                if *count == 0 {
                    ready.insert((nodes[child].id.as_str(), child));
                }
            }
        }
    }
    let left: Vec<usize> = by_id.values().copied().filter(|at| !done.contains(at)).collect();
    for cycle in cycles(&left, &needs) {
        let ids: Vec<String> = cycle.iter().map(|&at| nodes[at].id.clone()).collect();
        let node = &nodes[cycle[0]];
        let message = match &ids[..] {
            [one] => format!("the revision {one} is its own parent"),
            ids => format!("the revisions {} descend from themselves", ids.join(", ")),
        };
        let place = node.parents_place.clone().or_else(|| node.place.clone());
        arranged.problems.push(problem(HistoryProblemKind::Cycle(ids), node, place, message));
    }
    arranged.order.extend(left);
    arranged
}

fn problem(kind: HistoryProblemKind, node: &Node, place: Option<Place>, message: String) -> HistoryProblem {
    HistoryProblem { kind, place, path: node.path.clone(), message }
}

/// The groups of nodes that reach themselves, each sorted by id.
fn cycles(left: &[usize], needs: &BTreeMap<usize, BTreeSet<usize>>) -> Vec<Vec<usize>> {
    let reach = |from: usize| {
        let mut seen = BTreeSet::new();
        let mut queue: Vec<usize> = needs.get(&from).into_iter().flatten().copied().collect();
        while let Some(at) = queue.pop() {
            if seen.insert(at) {
                queue.extend(needs.get(&at).into_iter().flatten().copied());
            }
        }
        seen
    };
    // A graph this broken is small; the bound keeps a hostile one from taking long.
    let reached: BTreeMap<usize, BTreeSet<usize>> = left.iter().take(2000).map(|&at| (at, reach(at))).collect();
    let mut grouped: BTreeSet<usize> = BTreeSet::new();
    let mut groups = Vec::new();
    for (&at, from_here) in &reached {
        if grouped.contains(&at) || !from_here.contains(&at) {
            continue;
        }
        let group: Vec<usize> = from_here
            .iter()
            .copied()
            .filter(|other| reached.get(other).is_some_and(|back| back.contains(&at)))
            .collect();
        grouped.extend(group.iter().copied());
        groups.push(group);
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(id: &str, parents: &[&str]) -> Node {
        Node {
            id: id.to_owned(),
            parents: parents.iter().map(|&id| id.to_owned()).collect(),
            depends_on: Vec::new(),
            labels: Vec::new(),
            path: RepoPath::new(format!("versions/{id}.py")),
            place: None,
            parents_place: None,
        }
    }

    fn order(nodes: &[Node]) -> (Vec<&str>, Vec<HistoryProblemKind>) {
        let arranged = arrange(nodes);
        let order = arranged.order.iter().map(|&at| nodes[at].id.as_str()).collect();
        (order, arranged.problems.into_iter().map(|problem| problem.kind).collect())
    }

    #[test]
    fn parents_come_first() {
        let nodes = [node("d", &["b", "c"]), node("c", &["a"]), node("b", &["a"]), node("a", &[])];
        assert_eq!(order(&nodes), (vec!["a", "b", "c", "d"], vec![]));
        let mut nodes = [node("a", &["z"]), node("z", &[]), node("b", &[])];
        nodes[1].depends_on = vec!["lib".into()];
        nodes[2].labels = vec!["lib".into()];
        assert_eq!(order(&nodes), (vec!["b", "z", "a"], vec![]));
    }

    #[test]
    fn what_alembic_refuses_is_said() {
        use HistoryProblemKind as P;
        assert_eq!(
            order(&[node("a", &["x"]), node("b", &["a"])]),
            (vec!["a", "b"], vec![P::MissingParent("x".into())])
        );
        assert_eq!(order(&[node("a", &["a"])]), (vec!["a"], vec![P::Cycle(vec!["a".into()])]));
        assert_eq!(
            order(&[node("a", &["b"]), node("b", &["a"]), node("c", &["b"])]),
            (vec!["a", "b", "c"], vec![P::Cycle(vec!["a".into(), "b".into()])])
        );
        assert_eq!(order(&[node("a-b", &[])]), (vec!["a-b"], vec![P::NotARevision]));
        assert_eq!(order(&[node("a", &[""])]).1, vec![P::MissingParent(String::new())]);
        assert_eq!(order(&[node("abcd", &[]), node("e", &["abc"])]).1, vec![P::MissingParent("abc".into())]);
    }

    #[test]
    fn of_two_with_one_id_the_later_wins() {
        let mut nodes = [node("a", &[]), node("a", &[])];
        nodes[1].path = RepoPath::new("versions/other.py");
        let arranged = arrange(&nodes);
        assert_eq!(arranged.order, [1]);
        assert_eq!(arranged.problems[0].kind, HistoryProblemKind::DuplicateId("a".into()));
    }
}
