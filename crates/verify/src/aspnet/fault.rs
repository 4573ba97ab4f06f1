//! What can be wrong with the configured secrets.

use std::fmt;

use super::receivers;

/// What is wrong with the configured secrets. Names them, and never shows one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The receiver has no `SecretKey` section.
    NoSecret {
        /// The receiver.
        receiver: &'static str,
    },
    /// The secret has another length than it must have.
    Length {
        /// The receiver.
        receiver: &'static str,
        /// The id; empty for the default one.
        id: String,
        /// The fewest characters.
        characters_min: usize,
        /// The most, where there is a limit.
        characters_max: Option<usize>,
    },
    /// There are further levels where a secret belongs, or a secret where they do.
    Corrupted {
        /// The receiver.
        receiver: &'static str,
        /// The id.
        id: String,
    },
    /// The receiver has secrets, and none for this id.
    UnknownId {
        /// The receiver.
        receiver: &'static str,
        /// The id.
        id: String,
    },
    /// There are settings for a receiver that does not exist.
    UnknownReceiver {
        /// Its name, as configured.
        name: String,
    },
}

impl fmt::Display for Fault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::NoSecret { receiver } => write!(
                out,
                "Could not find a valid configuration for the '{receiver}' WebHook receiver. \
                 Configure secret keys for this receiver."
            ),
            Fault::Length { receiver, id, characters_min, characters_max } => {
                write!(
                    out,
                    "Could not find a valid configuration for the '{receiver}' WebHook receiver, instance '{id}'. "
                )?;
                match characters_max {
                    None => write!(out, "The value must be at least {characters_min} characters long."),
                    Some(max) => {
                        write!(out, "The value must be between {characters_min} and {max} characters long.")
                    }
                }
            }
            Fault::Corrupted { receiver, id } => write!(
                out,
                "the configuration WebHooks:{receiver}:SecretKey:{id} has another depth than this receiver's secrets have"
            ),
            Fault::UnknownId { receiver, id } => {
                write!(out, "the receiver {receiver} has secrets, but none for the id {id}")
            }
            Fault::UnknownReceiver { name } => {
                let known: Vec<_> = receivers::ALL.iter().map(|receiver| receiver.name).collect();
                write!(out, "WebHooks:{name} belongs to no receiver; known are {}", known.join(", "))
            }
        }
    }
}

impl std::error::Error for Fault {}
