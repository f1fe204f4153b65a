//! `required-version`: one or more comparisons with this program's version.

/// Whether `actual` (`1.2.3`) meets a requirement: comparisons joined by commas, each `1.2`, `=1.2`, `>=1.2`, `>1.2`,
/// `<=1.2` or `<2`. Parts that are left out match anything (`1.2` is met by `1.2.9`). None where it is no requirement.
pub(super) fn meets(requirement: &str, actual: &str) -> Option<bool> {
    let actual = parse(actual)?;
    let mut met = true;
    for comparison in requirement.split(',') {
        let comparison = comparison.trim();
        let (operator, version) =
            ["=>", "=<", "==", "^", "~"].iter().all(|wrong| !comparison.starts_with(wrong)).then(|| {
                [">=", "<=", ">", "<", "="]
                    .into_iter()
                    .find_map(|operator| comparison.strip_prefix(operator).map(|rest| (operator, rest.trim())))
                    .unwrap_or(("=", comparison))
            })?;
        let wanted = parse(version)?;
        let order = actual.iter().zip(&wanted).map(|(a, b)| a.cmp(b)).find(|order| order.is_ne());
        let order = order.unwrap_or(std::cmp::Ordering::Equal);
        met &= match operator {
            ">=" => order.is_ge(),
            "<=" => order.is_le(),
            ">" => order.is_gt(),
            "<" => order.is_lt(),
            _ => order.is_eq(),
        };
    }
    Some(met)
}

/// One to three numbers; what follows a `-` or `+` is not compared.
fn parse(version: &str) -> Option<Vec<u32>> {
    let core = version.split(['-', '+']).next().unwrap_or_default();
    let parts: Option<Vec<u32>> = core.split('.').map(|part| part.parse().ok()).collect();
    parts.filter(|parts| parts.len() <= 3)
}

#[cfg(test)]
mod tests {
    use super::meets;

    #[test]
    fn comparisons() {
        for (requirement, expected) in [
            ("1.2.3", Some(true)),
            ("1.2", Some(true)),
            ("1", Some(true)),
            ("=1.3", Some(false)),
            (">=1.2, <2", Some(true)),
            (">1.2", Some(false)),
            (">1.2.2", Some(true)),
            ("<1.2.3", Some(false)),
            ("<=1.2", Some(true)),
            ("", None),
            ("^1", None),
            ("1.x", None),
            ("1.2.3.4", None),
        ] {
            assert_eq!(meets(requirement, "1.2.3"), expected, "{requirement}");
        }
    }
}
