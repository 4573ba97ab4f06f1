//! Payload templates: JSON in which a text that is nothing but `{a.path}` is a hole.
//!
//! A hole takes a whole value, never a part of a text, so that nothing that is filled in can change the shape around it.
//! What is not there is null. The order of members is kept.

use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};
use serde_json::Value;

/// A payload with holes.
#[derive(Debug, Clone, PartialEq)]
pub enum Template {
    /// A value as it stands.
    Value(Value),
    /// A hole: the names between the dots.
    Hole(Vec<String>),
    /// A list.
    List(Vec<Template>),
    /// An object, its members in order.
    Object(Vec<(String, Template)>),
}

/// Where holes are filled from.
pub trait Values {
    /// The value at a path, or the template that stands for it.
    fn at(&self, path: &[String]) -> Filled<'_>;
}

/// What fills a hole.
pub enum Filled<'a> {
    /// A value.
    Value(Value),
    /// Another template, filled from the same values.
    Template(&'a Template),
}

/// A template together with what fills it: serializes as the finished JSON.
pub struct Rendered<'a, V> {
    /// The template.
    pub template: &'a Template,
    /// What fills it.
    pub values: &'a V,
}

impl Template {
    /// The paths of all holes, for checking them beforehand.
    #[must_use]
    pub fn holes(&self) -> Vec<&[String]> {
        match self {
            Template::Value(_) => Vec::new(),
            Template::Hole(path) => vec![path],
            Template::List(items) => items.iter().flat_map(Template::holes).collect(),
            Template::Object(members) => members.iter().flat_map(|(_, member)| member.holes()).collect(),
        }
    }

    fn of_text(text: String) -> Self {
        let inner = text.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
        match inner.filter(|inner| !inner.is_empty() && !inner.contains(['{', '}', '"', ' '])) {
            Some(path) => Template::Hole(path.split('.').map(str::to_owned).collect()),
            None => Template::Value(Value::String(text)),
        }
    }
}

impl<V: Values> Serialize for Rendered<'_, V> {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        let values = self.values;
        let part = |template| Rendered { template, values };
        match self.template {
            Template::Value(value) => value.serialize(out),
            Template::Hole(path) => match values.at(path) {
                Filled::Value(value) => value.serialize(out),
                Filled::Template(template) => part(template).serialize(out),
            },
            Template::List(items) => {
                let mut list = out.serialize_seq(Some(items.len()))?;
                items.iter().try_for_each(|item| list.serialize_element(&part(item)))?;
                list.end()
            }
            Template::Object(members) => {
                let mut object = out.serialize_map(Some(members.len()))?;
                members.iter().try_for_each(|(name, member)| object.serialize_entry(name, &part(member)))?;
                object.end()
            }
        }
    }
}

impl Serialize for Template {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        match self {
            Template::Value(value) => value.serialize(out),
            Template::Hole(path) => format!("{{{}}}", path.join(".")).serialize(out),
            Template::List(items) => items.serialize(out),
            Template::Object(members) => out.collect_map(members.iter().map(|(name, member)| (name, member))),
        }
    }
}

impl<'de> Deserialize<'de> for Template {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct AnyValue;
        impl<'de> Visitor<'de> for AnyValue {
            type Value = Template;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a JSON value; a text that is nothing but {a.path} is a hole")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Template, E> {
                Ok(Template::of_text(text.to_owned()))
            }
            fn visit_bool<E: de::Error>(self, value: bool) -> Result<Template, E> {
                Ok(Template::Value(value.into()))
            }
            fn visit_i64<E: de::Error>(self, value: i64) -> Result<Template, E> {
                Ok(Template::Value(value.into()))
            }
            fn visit_u64<E: de::Error>(self, value: u64) -> Result<Template, E> {
                Ok(Template::Value(value.into()))
            }
            fn visit_f64<E: de::Error>(self, value: f64) -> Result<Template, E> {
                Ok(Template::Value(value.into()))
            }
            fn visit_unit<E: de::Error>(self) -> Result<Template, E> {
                Ok(Template::Value(Value::Null))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut from: A) -> Result<Template, A::Error> {
                let mut items = Vec::new();
                while let Some(item) = from.next_element()? {
                    items.push(item);
                }
                Ok(Template::List(items))
            }
            fn visit_map<A: MapAccess<'de>>(self, mut from: A) -> Result<Template, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = from.next_entry()? {
                    members.push(member);
                }
                Ok(Template::Object(members))
            }
        }
        from.deserialize_any(AnyValue)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct One;

    impl Values for One {
        fn at(&self, path: &[String]) -> Filled<'_> {
            let known = path.join(".") == "subject.id";
            Filled::Value(if known { Value::from("\"}, {\"evil\": 1") } else { Value::Null })
        }
    }

    fn filled(text: &str) -> String {
        let template: Template = serde_json::from_str(text).expect("a template");
        serde_json::to_string(&Rendered { template: &template, values: &One }).expect("JSON")
    }

    #[test]
    fn a_hole_takes_a_whole_value_and_cannot_break_out_of_its_place() {
        assert_eq!(filled(r#"{"z":"{subject.id}","a":[1]}"#), r#"{"z":"\"}, {\"evil\": 1","a":[1]}"#);
    }

    #[test]
    fn what_is_not_there_is_null_and_what_is_no_hole_stays_text() {
        let text = r#"["{nothing}","a {subject.id}","{}","{not this}","{a}{b}",true,null,-1,1.5]"#;
        assert_eq!(filled(text), text.replace("\"{nothing}\"", "null"));
    }

    #[test]
    fn a_template_is_written_as_it_was_read() {
        let text = r#"{"b":{"c":"{subject.id}"},"a":["{x.y}",2]}"#;
        let template: Template = serde_json::from_str(text).expect("a template");
        assert_eq!(serde_json::to_string(&template).expect("JSON"), text);
        assert_eq!(template.holes().len(), 2);
    }
}
