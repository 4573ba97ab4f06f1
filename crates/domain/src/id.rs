//! Keys inside, ids outside.
//!
//! Inside, a row is named by an integer that the store allots in rising order: for most kinds the first 60 bits of a
//! `UUIDv7` (48 bits of milliseconds, 12 bits of counter), for expectations a small counter that the scanner protocol
//! shows. Outside, the same row has an id: a prefix and the whole UUID in 26 characters of Crockford's base32. The
//! UUID's last 62 bits are a function of the key and of the installation's [`Salt`], so no id needs a column or an
//! index, two installations do not share ids, and a mistyped id is noticed.

/// What a key of a kind must offer to be shown outside.
pub trait Key: Copy {
    /// The prefix without the underscore: `evt`.
    const PREFIX: &'static str;
    /// The integer.
    fn number(self) -> i64;
    /// The key with this integer.
    fn from_number(number: i64) -> Self;
}

macro_rules! keys {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub i64);

        impl Key for $name {
            const PREFIX: &'static str = $prefix;
            fn number(self) -> i64 { self.0 }
            fn from_number(number: i64) -> Self { Self(number) }
        }
    )+};
}

keys! {
    /// A believed request.
    ReceiptKey = "rcp",
    /// A believed fact.
    EventKey = "evt",
    /// What is owed by a service about an event: a small number, shown by the scanner protocol.
    ExpectationKey = "exp",
    /// One request for judgement; its id is the `webhook-id` of all its attempts.
    RunKey = "run",
    /// One try.
    AttemptKey = "att",
    /// One conclusion.
    ResultKey = "res",
    /// One upload of a blob.
    ArtifactKey = "art",
    /// Who sends to us.
    SourceKey = "src",
    /// Who we send to.
    ServiceKey = "svc",
    /// When this is found, do that.
    RuleKey = "rul",
    /// What a rule found, with the state of its action.
    MatchKey = "act",
    /// A request that a person look.
    FlagKey = "flg",
    /// What stops a release.
    HoldKey = "hld",
    /// A person or a machine.
    AccountKey = "acc",
    /// A key of an account.
    CredentialKey = "crd",
    /// A person's being signed in with one browser.
    SessionKey = "ses",
    /// A long piece of work over many subjects.
    BatchKey = "bat",
    /// What subjects live in.
    CollectionKey = "col",
    /// A switch that an administrator turned.
    SwitchKey = "swi",
    /// A type of event that the configuration describes.
    EventTypeKey = "evk",
    /// A label in one collection: a small number, shown by the worker protocol.
    TagKey = "tag",
    /// A value that workers are told.
    VariableKey = "var",
    /// What is judged.
    SubjectKey = "sub",
    /// Refusal of an actor's later submissions or releases.
    RestrictionKey = "rst",
    /// A person has dealt with it.
    ClearanceKey = "clr",
    /// A refused request that was kept.
    QuarantineKey = "qua",
    /// One administrative change.
    AuditKey = "aud",
}

/// Why a text is no id of the kind that was asked for.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadId {
    /// Another prefix, or none.
    #[error("expected an id that begins with \"{expected}_\", found {found:?}")]
    Prefix {
        /// The prefix of the kind.
        expected: &'static str,
        /// The text as given, cut to 40 characters.
        found: String,
    },
    /// Not 26 characters of base32, or not an id that this installation gave out.
    #[error("{found:?} is not an id of this installation: a character was mistyped, or it belongs elsewhere")]
    Unknown {
        /// The text as given, cut to 40 characters.
        found: String,
    },
}

/// What makes this installation's ids its own: 64 random bits, made once with the store.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Salt(pub u64);

impl std::fmt::Debug for Salt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Salt(..)")
    }
}

const TAIL_MASK: u64 = (1 << 62) - 1;

impl Salt {
    /// The id of a row whose key grows with time.
    #[must_use]
    pub fn show<K: Key>(self, key: K) -> String {
        spell(K::PREFIX, key.number(), self.tail::<K>(key.number()))
    }

    /// The same id as the 32 hex digits of a UUID, for protocols that show one.
    #[must_use]
    pub fn show_uuid<K: Key>(self, key: K) -> String {
        format!("{:032x}", uuid(key.number(), self.tail::<K>(key.number())))
    }

    /// The key that 32 hex digits name, if they are an id of this kind and installation.
    #[must_use]
    pub fn parse_uuid<K: Key>(self, digits: &str) -> Option<K> {
        let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        if digits.len() != 32 || !digits.bytes().all(is_digit) {
            return None;
        }
        let (number, tail) = split(u128::from_str_radix(digits, 16).ok()?)?;
        (tail == self.tail::<K>(number)).then(|| K::from_number(number))
    }

    /// The key that an id names.
    ///
    /// # Errors
    /// [`BadId`] when the text is no id of this kind and installation.
    pub fn parse<K: Key>(self, text: &str) -> Result<K, BadId> {
        let (number, tail) = unspell::<K>(text)?;
        if tail != self.tail::<K>(number) {
            return Err(BadId::Unknown { found: cut(text) });
        }
        Ok(K::from_number(number))
    }

    /// The id of an expectation: the time of its event, and its own number folded into the random part.
    #[must_use]
    pub fn show_expectation(self, key: ExpectationKey, event: EventKey) -> String {
        spell(ExpectationKey::PREFIX, event.0, self.fold(key.0))
    }

    /// The expectation and its event that an id names; whether the two belong together is for the store to say.
    ///
    /// # Errors
    /// [`BadId`] when the text is no id of an expectation of this installation.
    pub fn parse_expectation(self, text: &str) -> Result<(ExpectationKey, EventKey), BadId> {
        let (event, tail) = unspell::<ExpectationKey>(text)?;
        // Numbers are small; folding spreads a mistyped id over the whole range, so it is noticed here.
        let number = i64::try_from(tail ^ (mix(self.0) & TAIL_MASK)).unwrap_or(-1);
        if !(1..1 << 53).contains(&number) {
            return Err(BadId::Unknown { found: cut(text) });
        }
        Ok((ExpectationKey(number), EventKey(event)))
    }

    fn tail<K: Key>(self, number: i64) -> u64 {
        let kind = K::PREFIX.bytes().fold(0_u64, |sum, byte| sum << 8 | u64::from(byte));
        mix(mix(self.0 ^ number.cast_unsigned()) ^ kind) & TAIL_MASK
    }

    fn fold(self, number: i64) -> u64 {
        (number.cast_unsigned() ^ mix(self.0)) & TAIL_MASK
    }
}

/// The finaliser of `SplitMix64`: spreads each input bit over all output bits.
const fn mix(value: u64) -> u64 {
    let value = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// RFC 9562, section 5.7: 48 bits of time, version 7, 12 bits, variant 2, 62 bits.
fn uuid(number: i64, tail: u64) -> u128 {
    let number = u128::from(number.cast_unsigned());
    (number >> 12) << 80 | 0x7 << 76 | (number & 0xfff) << 64 | 0b10 << 62 | u128::from(tail)
}

/// The number and the tail of a UUID of ours.
fn split(uuid: u128) -> Option<(i64, u64)> {
    if uuid >> 76 & 0xf != 7 || uuid >> 62 & 0b11 != 0b10 {
        return None;
    }
    let number = (uuid >> 80) << 12 | (uuid >> 64 & 0xfff);
    Some((i64::try_from(number).ok()?, u64::try_from(uuid & u128::from(TAIL_MASK)).ok()?))
}

fn spell(prefix: &str, number: i64, tail: u64) -> String {
    let uuid = uuid(number, tail);
    let mut text = String::with_capacity(prefix.len() + 27);
    text.push_str(prefix);
    text.push('_');
    for place in (0..26).rev() {
        text.push(char::from(ALPHABET[usize::try_from(uuid >> (5 * place) & 31).unwrap_or(0)]));
    }
    text
}

fn unspell<K: Key>(text: &str) -> Result<(i64, u64), BadId> {
    let letters = text
        .strip_prefix(K::PREFIX)
        .and_then(|rest| rest.strip_prefix('_'))
        .ok_or_else(|| BadId::Prefix { expected: K::PREFIX, found: cut(text) })?;
    let unknown = || BadId::Unknown { found: cut(text) };
    if letters.len() != 26 {
        return Err(unknown());
    }
    let mut uuid = 0_u128;
    for letter in letters.bytes() {
        let value = ALPHABET.iter().position(|each| *each == letter).ok_or_else(unknown)?;
        uuid = uuid.checked_mul(32).ok_or_else(unknown)? | value as u128;
    }
    split(uuid).ok_or_else(unknown)
}

fn cut(text: &str) -> String {
    text.chars().take(40).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SALT: Salt = Salt(42);
    const NUMBER: i64 = 1_767_225_600_000 << 12 | 7;

    #[test]
    fn an_id_is_a_uuid_of_version_seven_and_reads_back() {
        let id = SALT.show(EventKey(NUMBER));
        assert!(id.starts_with("evt_") && id.len() == 30, "{id}");
        assert_eq!(SALT.parse::<EventKey>(&id), Ok(EventKey(NUMBER)));
    }

    #[test]
    fn an_id_may_be_shown_as_a_uuid() {
        let uuid = SALT.show_uuid(EventKey(NUMBER));
        assert_eq!((uuid.len(), &uuid[12..13]), (32, "7"));
        assert_eq!(SALT.parse_uuid(&uuid), Some(EventKey(NUMBER)));
        assert_eq!(SALT.parse_uuid::<RunKey>(&uuid), None);
        assert_eq!(Salt(43).parse_uuid::<EventKey>(&uuid), None);
        for text in ["", "+0000000000000000000000000000000", &uuid.to_uppercase(), &"f".repeat(32)] {
            assert_eq!(SALT.parse_uuid::<EventKey>(text), None, "{text}");
        }
    }

    #[test]
    fn ids_sort_as_their_keys() {
        assert!(SALT.show(EventKey(NUMBER)) < SALT.show(EventKey(NUMBER + 1)));
    }

    #[test]
    fn a_mistyped_id_another_kind_or_another_installation_is_refused() {
        let id = SALT.show(EventKey(NUMBER));
        let mistyped = format!("{}{}", &id[..29], if id.ends_with('0') { '1' } else { '0' });
        assert!(matches!(SALT.parse::<EventKey>(&mistyped), Err(BadId::Unknown { .. })));
        assert!(matches!(SALT.parse::<RunKey>(&id), Err(BadId::Prefix { .. })));
        assert!(matches!(Salt(43).parse::<EventKey>(&id), Err(BadId::Unknown { .. })));
        assert!(matches!(SALT.parse::<EventKey>("evt_zzzzzzzzzzzzzzzzzzzzzzzzzz"), Err(BadId::Unknown { .. })));
    }

    #[test]
    fn an_expectation_carries_its_small_number() {
        let id = SALT.show_expectation(ExpectationKey(17), EventKey(NUMBER));
        assert_eq!(SALT.parse_expectation(&id), Ok((ExpectationKey(17), EventKey(NUMBER))));
    }
}
