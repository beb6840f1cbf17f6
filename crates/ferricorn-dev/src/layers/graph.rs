//! A plan of rooms and the arrows between them. Pure: names in, figures out.
//!
//! Owns: which rooms form a circle, and which arrows lead to a higher floor. Does not own: how imports are found.

use std::collections::{BTreeMap, BTreeSet};

/// An arrow from the room that imports to the room that is imported, and the files that draw it.
pub(crate) type Arrows = BTreeMap<(String, String), BTreeSet<String>>;

/// The rooms that reach each other, a list for each circle; empty for a plan without one.
pub(crate) fn circles(arrows: &Arrows) -> Vec<Vec<String>> {
    let reach = reachable(arrows);
    let mut seen = BTreeSet::new();
    let mut circles = Vec::new();
    for (room, targets) in &reach {
        if seen.contains(room) || !targets.contains(room) {
            continue;
        }
        let back = |other: &&String| reach.get(*other).is_some_and(|there| there.contains(room));
        let circle: Vec<String> = targets.iter().filter(back).cloned().collect();
        seen.extend(circle.iter().cloned());
        circles.push(circle);
    }
    circles
}

/// Every room that can be reached from each room by one arrow or more.
fn reachable(arrows: &Arrows) -> BTreeMap<String, BTreeSet<String>> {
    let mut next = BTreeMap::<&str, Vec<&str>>::new();
    for (from, to) in arrows.keys() {
        next.entry(from).or_default().push(to);
    }
    next.keys()
        .map(|room| {
            let mut found = BTreeSet::new();
            let mut open = vec![*room];
            while let Some(room) = open.pop() {
                for &target in next.get(room).into_iter().flatten() {
                    if found.insert(target.to_owned()) {
                        open.push(target);
                    }
                }
            }
            ((*room).to_owned(), found)
        })
        .collect()
}

/// The arrows from a lower floor to a higher one; `floors` lists the rooms from the ground up.
pub(crate) fn backward<'a>(arrows: &'a Arrows, floors: &[String]) -> Vec<(&'a str, &'a str)> {
    let floor = |room: &str| floors.iter().position(|name| name == room);
    arrows
        .keys()
        .filter(|(from, to)| floor(from).zip(floor(to)).is_some_and(|(from, to)| from < to))
        .map(|(from, to)| (from.as_str(), to.as_str()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(arrows: &[(&str, &str)]) -> Arrows {
        arrows.iter().map(|(from, to)| (((*from).into(), (*to).into()), BTreeSet::new())).collect()
    }

    #[test]
    fn a_circle_is_found_with_all_its_rooms_and_nothing_else() {
        let arrows = plan(&[("a", "b"), ("b", "c"), ("c", "a"), ("c", "d"), ("e", "a")]);
        assert_eq!(circles(&arrows), [["a", "b", "c"]]);
        assert_eq!(circles(&plan(&[("a", "b"), ("b", "c")])), Vec::<Vec<String>>::new());
    }

    #[test]
    fn an_arrow_to_a_higher_floor_runs_backward() {
        let floors = ["ground", "first"].map(str::to_owned);
        let arrows = plan(&[("first", "ground"), ("ground", "first"), ("ground", "elsewhere")]);
        assert_eq!(backward(&arrows, &floors), [("ground", "first")]);
    }
}
