//! What is told.

/// Declares the mistakes with their codes.
macro_rules! mistakes {
    ($($(#[$doc:meta])* $name:ident = $code:literal,)*) => {
        /// A usual mistake.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Mistake {
            $($(#[$doc])* $name,)*
        }

        impl Mistake {
            /// Every mistake, in the order of the documentation.
            pub const ALL: &[Mistake] = &[$(Mistake::$name,)*];

            /// The stable code.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self {
                    $(Mistake::$name => $code,)*
                }
            }
        }
    };
}

mistakes! {
    /// The signed time is written in another unit.
    TimeUnit = "time-unit",
    /// The signed time is too far from ours.
    ClockSkew = "clock-skew",
    /// The signature is made with another hash, such as SHA-1.
    OtherHash = "other-hash",
    /// The signature is written in hex instead of base64, or the other way round.
    OtherEncoding = "other-encoding",
    /// The right signature stands in another header.
    OtherHeader = "other-header",
    /// The text in front of the signature or the token is missing or another.
    WrongPrefix = "wrong-prefix",
    /// One of the secrets has white space or quotes around it.
    SecretWhiteSpace = "secret-white-space",
    /// One side decodes the secret, the other takes it as it stands.
    SecretDecoding = "secret-decoding",
    /// The secret was right once, or will be.
    SecretNotInForce = "secret-not-in-force",
    /// The secret is that of another source.
    OtherSource = "other-source",
    /// The request is signed as another provider signs.
    OtherProvider = "other-provider",
    /// A line break at the body's end was added or lost.
    TrailingNewline = "trailing-newline",
    /// The line breaks in the body were rewritten.
    LineBreaks = "line-breaks",
    /// A byte order mark in front of the body was added or lost.
    ByteOrderMark = "byte-order-mark",
    /// The JSON came as a form, or was taken out of one.
    FormPayload = "form-payload",
    /// The JSON was parsed and written again.
    Reserialised = "reserialised",
    /// The body was compressed or decompressed on its way.
    Compression = "compression",
    /// The sender knows another address than the gateway sees.
    OtherUrl = "other-url",
    /// The path alone was signed, or without its slash.
    PathForUrl = "path-for-url",
    /// A plus sign in the URL was not escaped.
    UnescapedPlus = "unescaped-plus",
}

/// What went wrong with a refused request, and what to do. Holds no secret, no part of one, and no signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnosis {
    /// Which mistake; `None` if it is none of the usual ones.
    pub mistake: Option<Mistake>,
    /// Whether it was proven: without the mistake the request is rightly signed. Otherwise it is likely.
    pub certain: bool,
    /// What is wrong.
    pub text: String,
    /// What to do about it.
    pub mend: String,
}

impl Diagnosis {
    pub(super) fn certain(mistake: Mistake, text: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { mistake: Some(mistake), certain: true, text: text.into(), mend: mend.into() }
    }

    pub(super) fn likely(mistake: Mistake, text: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { certain: false, ..Self::certain(mistake, text, mend) }
    }
}
