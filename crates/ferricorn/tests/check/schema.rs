//! As much of JSON Schema (draft 7) as the schema of SARIF uses.
//!
//! `sarif-schema-2.1.0.json` is the schema of OASIS as the crate serde-sarif 0.8.0 (MIT) has it, unchanged. A keyword that is
//! not known here is an error, so that nothing passes because it is not looked at.

use serde_json::Value;

const SCHEMA: &str = include_str!("sarif-schema-2.1.0.json");

/// What of a log is against the schema.
pub(crate) fn problems_of_sarif(log: &Value) -> Vec<String> {
    let root: Value = serde_json::from_str(SCHEMA).expect("the schema is JSON");
    let mut problems = Vec::new();
    Validator { root: &root, problems: &mut problems }.validate(&root, log, "");
    problems
}

struct Validator<'s, 'p> {
    root: &'s Value,
    problems: &'p mut Vec<String>,
}

impl Validator<'_, '_> {
    fn validate(&mut self, schema: &Value, value: &Value, place: &str) {
        let Some(schema) = schema.as_object() else { return self.problem(place, "is judged by no schema") };
        for (keyword, rule) in schema {
            match keyword.as_str() {
                "$schema" | "$id" | "title" | "description" | "default" | "definitions" => {}
                "$ref" => {
                    let pointer = rule.as_str().unwrap_or_default().trim_start_matches('#');
                    let target = self.root.pointer(pointer).expect("the schema names what it has").clone();
                    self.validate(&target, value, place);
                }
                "type" => self.hold(is_of_type(rule, value), place, &format!("is no {rule}")),
                "enum" => self.hold(is_one_of(rule, value), place, &format!("is none of {rule}")),
                "required" => {
                    for name in rule.as_array().into_iter().flatten().filter_map(Value::as_str) {
                        let is_there = !value.is_object() || value.get(name).is_some();
                        self.hold(is_there, place, &format!("has no `{name}`"));
                    }
                }
                "properties" => {
                    for (name, schema) in rule.as_object().into_iter().flatten() {
                        if let Some(value) = value.get(name) {
                            self.validate(schema, value, &format!("{place}/{name}"));
                        }
                    }
                }
                "additionalProperties" => self.others(rule, schema.get("properties"), value, place),
                "items" => {
                    for (at, item) in value.as_array().into_iter().flatten().enumerate() {
                        self.validate(rule, item, &format!("{place}/{at}"));
                    }
                }
                "minItems" => {
                    let most =
                        value.as_array().is_none_or(|items| items.len() as u64 >= rule.as_u64().unwrap_or(0));
                    self.hold(most, place, "has too few items");
                }
                "uniqueItems" => {
                    let mut items: Vec<String> =
                        value.as_array().into_iter().flatten().map(Value::to_string).collect();
                    let number = items.len();
                    items.sort();
                    items.dedup();
                    self.hold(rule != true || items.len() == number, place, "has an item twice");
                }
                "minimum" => {
                    self.hold(value.as_f64() >= rule.as_f64() || !value.is_number(), place, "is too small");
                }
                "maximum" => {
                    self.hold(value.as_f64() <= rule.as_f64() || !value.is_number(), place, "is too large");
                }
                "format" => self.hold(has_format(rule, value), place, &format!("is no {rule}")),
                "anyOf" | "oneOf" => {
                    let fits = rule
                        .as_array()
                        .into_iter()
                        .flatten()
                        .filter(|schema| self.fits(schema, value))
                        .count();
                    self.hold(
                        if keyword == "oneOf" { fits == 1 } else { fits > 0 },
                        place,
                        "fits no alternative",
                    );
                }
                unknown => {
                    self.problem(place, &format!("is judged by `{unknown}`, which this test does not know"));
                }
            }
        }
    }

    fn others(&mut self, rule: &Value, properties: Option<&Value>, value: &Value, place: &str) {
        for (name, value) in value.as_object().into_iter().flatten() {
            if properties.is_some_and(|known| known.get(name).is_some()) {
                continue;
            }
            match rule.as_bool() {
                Some(allowed) => self.hold(allowed, place, &format!("has `{name}`, which nobody knows")),
                None => self.validate(rule, value, &format!("{place}/{name}")),
            }
        }
    }

    fn fits(&self, schema: &Value, value: &Value) -> bool {
        let mut problems = Vec::new();
        Validator { root: self.root, problems: &mut problems }.validate(schema, value, "");
        problems.is_empty()
    }

    fn hold(&mut self, holds: bool, place: &str, problem: &str) {
        if !holds {
            self.problem(place, problem);
        }
    }

    fn problem(&mut self, place: &str, problem: &str) {
        self.problems.push(format!("{place} {problem}"));
    }
}

fn is_of_type(rule: &Value, value: &Value) -> bool {
    let is = |name: &Value| match name.as_str() {
        Some("object") => value.is_object(),
        Some("array") => value.is_array(),
        Some("string") => value.is_string(),
        Some("integer") => value.is_i64() || value.is_u64(),
        Some("number") => value.is_number(),
        Some("boolean") => value.is_boolean(),
        _ => false,
    };
    rule.as_array().map_or_else(|| is(rule), |names| names.iter().any(is))
}

fn is_one_of(rule: &Value, value: &Value) -> bool {
    rule.as_array().is_some_and(|allowed| allowed.contains(value))
}

fn has_format(rule: &Value, value: &Value) -> bool {
    let Some(text) = value.as_str() else { return true };
    let plain = text.bytes().all(|byte| byte.is_ascii_graphic() && !b"<>\"{}|\\^`".contains(&byte));
    match rule.as_str() {
        Some("uri") => plain && text.split_once(':').is_some(),
        Some("uri-reference") => plain,
        _ => false,
    }
}

#[test]
fn the_validator_sees_what_is_wrong() {
    let right =
        serde_json::json!({"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "x"}}, "results": []}]});
    assert_eq!(problems_of_sarif(&right), [""; 0]);
    for (pointer, wrong) in [
        ("/version", serde_json::json!("2.0.0")),
        ("/runs/0/tool/driver", serde_json::json!({})),
        ("/runs/0/tool/driver", serde_json::json!({"name": "x", "nam": 1})),
        ("/runs/0/results", serde_json::json!([{"ruleId": "a"}])),
        (
            "/runs/0/results",
            serde_json::json!([{"message": {"text": "a"}, "locations": [{"physicalLocation": {"region": {"startLine": 0}}}]}]),
        ),
    ] {
        let mut log = right.clone();
        *log.pointer_mut(pointer).expect("it is there") = wrong.clone();
        assert!(!problems_of_sarif(&log).is_empty(), "{wrong} passes");
    }
}
