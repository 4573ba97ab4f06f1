//! The secret of a receiver and an id, and the length it must have.

use crate::receive::Proof;

use super::configuration::{Configuration, Value};
use super::fault::Fault;
use super::pipeline::Believed;
use super::receiver::{Receiver, Verification};
use super::receivers;
use super::route::DEFAULT_ID;

/// How long the secret of a receiver may be that checks a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CodeLength {
    /// The fewest characters.
    pub characters_min: usize,
    /// The most, if there is to be a limit.
    pub characters_max: Option<usize>,
}

impl Default for CodeLength {
    /// 32 to 128, both included.
    fn default() -> Self {
        Self { characters_min: 32, characters_max: Some(128) }
    }
}

/// The configured secrets of an id, or of one key's name there. Any may match.
pub(super) struct Secrets<'c> {
    /// The path, as configured, below the receiver's section.
    path: &'c [String],
    values: &'c [Value],
}

impl Secrets<'_> {
    /// Believes by the first secret that explains the request; `None` if none does.
    pub fn believed(&self, scheme: &'static str, explains: impl Fn(&str) -> bool) -> Option<Believed> {
        let value = self.values.iter().find(|value| explains(&value.text))?;
        let id = self.path.first().map_or(DEFAULT_ID, String::as_str);
        let name = value.id.clone().unwrap_or_else(|| self.path.join(":"));
        let proof = Proof::new(scheme, name.into(), None);
        Some(Believed { proof, id: id.to_owned(), events: Vec::new(), values: Vec::new() })
    }
}

impl CodeLength {
    fn of(self, receiver: &Receiver) -> Self {
        match receiver.verification {
            Verification::Code => self,
            _ => Self { characters_min: receiver.secret_characters_min, characters_max: None },
        }
    }

    fn holds(self, text: &str) -> bool {
        let characters = text.chars().count();
        characters >= self.characters_min && self.characters_max.is_none_or(|max| characters <= max)
    }

    fn checked(self, receiver: &'static Receiver, id: &str, values: &[Value]) -> Result<(), Fault> {
        let CodeLength { characters_min, characters_max } = self.of(receiver);
        if values.iter().all(|value| self.of(receiver).holds(&value.text)) {
            return Ok(());
        }
        let id = if id.eq_ignore_ascii_case(DEFAULT_ID) { String::new() } else { id.to_owned() };
        Err(Fault::Length { receiver: receiver.name, id, characters_min, characters_max })
    }
}

/// The secret of this id, which has its length.
pub(super) fn find<'c>(
    configuration: &'c Configuration,
    length: CodeLength,
    receiver: &'static Receiver,
    id: &str,
) -> Result<Secrets<'c>, Fault> {
    section(configuration, receiver)?;
    let path = [receiver.name, "SecretKey", id];
    let Some((spelled, values)) = configuration.entry(&path) else {
        let (receiver, id) = (receiver.name, id.to_owned());
        let corrupted = configuration.has(&path);
        return Err(if corrupted { Fault::Corrupted { receiver, id } } else { Fault::UnknownId { receiver, id } });
    };
    length.checked(receiver, id, values)?;
    Ok(Secrets { path: &spelled[2..], values })
}

/// The secret of this id under this key's name, where an id has several; `None` if it has none of that name that is
/// long enough.
pub(super) fn find_named<'c>(
    configuration: &'c Configuration,
    length: CodeLength,
    receiver: &'static Receiver,
    id: &str,
    key_name: &str,
) -> Option<Secrets<'c>> {
    let (spelled, values) = configuration.entry(&[receiver.name, "SecretKey", id, key_name])?;
    length.checked(receiver, id, values).ok()?;
    Some(Secrets { path: &spelled[2..], values })
}

/// Whether this id has secrets under names.
pub(super) fn has_named(configuration: &Configuration, receiver: &'static Receiver, id: &str) -> Result<(), Fault> {
    section(configuration, receiver)?;
    if configuration.below(&[receiver.name, "SecretKey", id]).any(|(path, _)| path.len() > 3) {
        return Ok(());
    }
    Err(Fault::UnknownId { receiver: receiver.name, id: id.to_owned() })
}

fn section(configuration: &Configuration, receiver: &'static Receiver) -> Result<(), Fault> {
    let there = configuration.has(&[receiver.name, "SecretKey"]);
    there.then_some(()).ok_or(Fault::NoSecret { receiver: receiver.name })
}

/// Everything that a start must refuse.
pub(super) fn check(configuration: &Configuration, length: CodeLength) -> Vec<Fault> {
    let mut faults = Vec::new();
    for name in configuration.sections() {
        let Some(receiver) = receivers::find(name) else {
            faults.push(Fault::UnknownReceiver { name: name.to_owned() });
            continue;
        };
        faults.extend(section(configuration, receiver).err());
        let depth = if receiver.names_its_secrets() { 4 } else { 3 };
        for (path, values) in configuration.below(&[receiver.name, "SecretKey"]) {
            let id = path[2..].join(":");
            faults.extend(if path.len() == depth {
                length.checked(receiver, &id, values).err()
            } else {
                Some(Fault::Corrupted { receiver: receiver.name, id })
            });
        }
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::{CodeLength, check, find};
    use crate::aspnet::Configuration;
    use crate::aspnet::receivers;

    fn configuration(entries: &[(&str, &str)]) -> Configuration {
        let mut configuration = Configuration::default();
        entries.iter().for_each(|(path, value)| configuration.add(&format!("WebHooks:{path}"), value));
        configuration
    }

    fn faults(entries: &[(&str, &str)], length: CodeLength) -> Vec<String> {
        check(&configuration(entries), length).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn both_ends_of_a_codes_length_belong_to_it_and_can_be_moved() {
        let told = |characters: usize, length| faults(&[("kudu:SecretKey:default", &"x".repeat(characters))], length);
        let default = CodeLength::default();
        let open = CodeLength { characters_min: 8, characters_max: None };
        let text = "Could not find a valid configuration for the 'kudu' WebHook receiver, instance ''. \
                    The value must be ";

        assert_eq!((told(32, default), told(128, default)), (vec![], vec![]));
        assert_eq!(told(31, default), [format!("{text}between 32 and 128 characters long.")]);
        assert_eq!(told(129, default), [format!("{text}between 32 and 128 characters long.")]);
        assert_eq!((told(8, open), told(1000, open)), (vec![], vec![]));
        assert_eq!(told(7, open), [format!("{text}at least 8 characters long.")]);
    }

    #[test]
    fn other_secrets_have_the_least_length_of_their_receiver() {
        let told = |path: &str, characters: usize| faults(&[(path, &"x".repeat(characters))], CodeLength::default());

        assert_eq!(told("GitHub:secretkey:One", 16), [""; 0]);
        assert_eq!(
            told("GitHub:secretkey:One", 15),
            ["Could not find a valid configuration for the 'github' WebHook receiver, instance 'One'. \
              The value must be at least 16 characters long."]
        );
        assert_eq!(told("pusher:SecretKey:default:app", 8), [""; 0]);
        assert_eq!(told("pusher:SecretKey:default:app", 7).len(), 1);
    }

    #[test]
    fn a_start_refuses_what_could_never_be_served() {
        let told = |path: &str| faults(&[(path, &"x".repeat(32))], CodeLength::default()).join("; ");

        assert!(
            told("nosuch:SecretKey:default").starts_with("WebHooks:nosuch belongs to no receiver; known are azure")
        );
        assert!(told("stripe:PassThroughTestEvents").ends_with("Configure secret keys for this receiver."));
        assert!(told("github:SecretKey:a:b").contains("another depth"));
        assert!(told("pusher:SecretKey:default").contains("another depth"));
        assert!(told("github:SecretKey").contains("another depth"));
        assert_eq!(told("DisableHttpsCheck"), "");
    }

    #[test]
    fn a_fault_shows_no_secret() {
        let told =
            faults(&[("github:SecretKey:a", "hunter2"), ("kudu:SecretKey:a:b", "hunter2")], CodeLength::default());

        assert_eq!(told.len(), 2);
        assert!(!told.join(" ").contains("hunter2"));
    }

    #[test]
    fn a_secret_is_found_in_any_case_and_there_is_none_to_fall_back_to() {
        let secret = "x".repeat(16);
        let configuration = configuration(&[("github:SecretKey:default", &secret), ("github:SecretKey:One", &secret)]);
        let github = receivers::find("github").expect("a receiver");
        let found = |id| find(&configuration, CodeLength::default(), github, id).map(|secrets| secrets.path.join(":"));

        assert_eq!(found("oNE"), Ok("One".to_owned()));
        assert_eq!(found("DEFAULT"), Ok("default".to_owned()));
        assert!(found("two").is_err());
        assert!(found("one:x").is_err());
    }
}
