//! SARIF 2.1.0 (<https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html>).
//!
//! URIs are relative to the repository's root and every result has a fingerprint of ours, so that code scanning
//! follows a finding through unrelated edits.

use serde_json::{Value, json};

use super::json::to_text;
use super::{NotJudged, Report, escape, text};
use crate::finding::{Finding, Level};
use crate::rules::RuleId;
use crate::source::{Place, RepoPath};

/// GitHub takes 25 000 results of a run and refuses the file otherwise.
const MOST_RESULTS: usize = 25_000;

/// The report.
pub(super) fn sarif(report: &Report) -> String {
    let rules: Vec<Value> = RuleId::ALL.iter().map(|&rule| self::rule(rule)).collect();
    let results: Vec<Value> = report.findings.iter().take(MOST_RESULTS).map(result).collect();
    let notifications: Vec<Value> = report.not_judged.iter().map(notification).collect();
    to_text(&json!({
        "$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "driftgate",
                "version": env!("CARGO_PKG_VERSION"),
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "informationUri": env!("CARGO_PKG_REPOSITORY"),
                "rules": rules,
            }},
            "columnKind": "unicodeCodePoints",
            "invocations": [{ "executionSuccessful": true, "toolExecutionNotifications": notifications }],
            "results": results,
        }],
    }))
}

fn rule(rule: RuleId) -> Value {
    let (default, page) = (rule.default_level(), rule.page());
    json!({
        "id": rule.as_str(),
        "shortDescription": { "text": rule.summary() },
        "fullDescription": { "text": rule.summary() },
        "help": { "text": page, "markdown": page },
        "helpUri": rule.url(),
        "defaultConfiguration": { "enabled": default.is_some(), "level": default.map_or("none", level) },
    })
}

fn level(level: Level) -> &'static str {
    level.as_str()
}

fn result(finding: &Finding) -> Value {
    let mut message = finding.message.clone();
    if finding.differences.len() > 1 {
        for difference in &finding.differences {
            message.push_str("\n- ");
            message.push_str(&text::difference(difference));
        }
    }
    for part in [&finding.reason, &finding.help] {
        if !part.is_empty() {
            message.push_str("\n\n");
            message.push_str(part);
        }
    }
    let related: Vec<Value> = finding
        .related
        .iter()
        .enumerate()
        .map(|(index, related)| {
            let mut location = location(&related.path, related.place.as_ref());
            set(&mut location, "id", json!(index + 1));
            set(&mut location, "message", json!({ "text": related.message }));
            location
        })
        .collect();
    let index = RuleId::ALL.iter().position(|&rule| rule == finding.rule);
    json!({
        "ruleId": finding.rule.as_str(),
        "ruleIndex": index,
        "level": level(finding.level),
        "message": { "text": message },
        "locations": [location(&finding.path, finding.place.as_ref())],
        "relatedLocations": related,
        "partialFingerprints": { "driftgate/v1": finding.fingerprint() },
        "properties": { "project": finding.project, "object": finding.object },
    })
}

fn location(path: &RepoPath, place: Option<&Place>) -> Value {
    let mut physical = json!({
        "artifactLocation": { "uri": escape::uri(&path.to_bytes()), "uriBaseId": "%SRCROOT%" },
    });
    if let Some(place) = place {
        let (start, end) = (place.start(), place.end());
        let region = json!({ "startLine": start.0, "startColumn": start.1, "endLine": end.0, "endColumn": end.1 });
        set(&mut physical, "region", region);
    }
    json!({ "physicalLocation": physical })
}

fn notification(place: &NotJudged) -> Value {
    let mut location = json!({
        "physicalLocation": { "artifactLocation": {
            "uri": escape::uri(&place.path.to_bytes()), "uriBaseId": "%SRCROOT%",
        }},
    });
    if let (Some(line), Some(physical)) = (place.line, location.get_mut("physicalLocation")) {
        set(physical, "region", json!({ "startLine": line }));
    }
    json!({
        "level": "note",
        "message": { "text": format!("not judged: {}", place.reason) },
        "locations": [location],
    })
}

/// Adds a property to an object.
fn set(object: &mut Value, key: &str, value: Value) {
    if let Value::Object(map) = object {
        map.insert(key.to_owned(), value);
    }
}
