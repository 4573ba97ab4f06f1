//! A request that its sender signed whole: method, target, date and body (event-workers, section 9).

use core::fmt;

use super::date;
use super::refusal::RequestRefusal;
use crate::base64;
use crate::mac::{self, Mac};
use crate::secret::SecretFault;

/// What a request's date may be away from the clock, on either side: less than this.
pub const DATE_WINDOW_S: i64 = 3600;

/// What new access keys begin with.
const ACCESS_KEY_PREFIX: &str = "AS-";

/// What is signed of a request.
#[derive(Clone, Copy, Debug)]
pub struct SignedText<'a> {
    /// The method, in capitals.
    pub method: &'a str,
    /// Path and query exactly as they were sent, the leading slash included.
    pub target: &'a str,
    /// The value of `Date` exactly as it was sent.
    pub date: &'a str,
    /// SHA-256 of the body as it was sent; of nothing where there is none.
    pub body_digest: &'a [u8; 32],
}

impl SignedText<'_> {
    /// The value of `Authorization` with which the holder of this key sends the request.
    #[must_use]
    pub fn authorization(&self, access_key: &str, key: &RequestKey) -> String {
        format!("{access_key}:{}", base64::encode(&key.fed(self).tag()))
    }

    /// The text itself, byte by byte.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        self.parts().concat()
    }

    fn parts(&self) -> [&[u8]; 7] {
        let (method, target, date) = (self.method.as_bytes(), self.target.as_bytes(), self.date.as_bytes());
        [method, b"\n", target, b"\n", date, b"\n", self.body_digest]
    }
}

/// The secret of an access key, prepared once. Shows nothing of itself.
#[derive(Clone)]
pub struct RequestKey(Mac);

impl RequestKey {
    /// Reads a secret as its holder has it: standard base64, with its padding.
    ///
    /// # Errors
    ///
    /// [`SecretFault`] where the text is none, or stands for nothing.
    pub fn read(text: &str) -> Result<RequestKey, SecretFault> {
        let expected = "standard base64 with its padding";
        let bytes = base64::decode(text.as_bytes()).ok_or(SecretFault::Undecodable { expected })?;
        if bytes.is_empty() {
            return Err(SecretFault::Empty);
        }
        Ok(RequestKey(Mac::new(&zeroize::Zeroizing::new(bytes))))
    }

    fn fed(&self, signed: &SignedText<'_>) -> Mac {
        let mut mac = self.0.clone();
        signed.parts().iter().for_each(|part| mac.update(part));
        mac
    }
}

impl fmt::Debug for RequestKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("RequestKey(..)")
    }
}

/// A new access key over random bytes.
#[must_use]
pub fn access_key(random: &[u8; 18]) -> String {
    format!("{ACCESS_KEY_PREFIX}{}", base64::encode_url(random))
}

/// A new secret over random bytes, as [`RequestKey::read`] takes it.
#[must_use]
pub fn secret_key(random: &[u8; 64]) -> String {
    base64::encode(random)
}

/// What the head of a request presents, before its body is read; it is not believed yet. Shows nothing of itself.
pub struct PresentedRequest<'a> {
    date: &'a str,
    access_key: &'a str,
    tag: Vec<u8>,
}

impl<'a> PresentedRequest<'a> {
    /// Reads the values of `Date` and `Authorization`.
    ///
    /// # Errors
    ///
    /// [`RequestRefusal`] where one of them is absent or has another form, or the date is too far from `now_s`.
    pub fn read(
        date: Option<&'a [u8]>,
        authorization: Option<&'a [u8]>,
        now_s: i64,
    ) -> Result<PresentedRequest<'a>, RequestRefusal> {
        let date = present(date).ok_or(RequestRefusal::NoDate)?;
        let date = core::str::from_utf8(date).map_err(|_| RequestRefusal::BadDate)?;
        let sent_s = date::seconds(date).ok_or(RequestRefusal::BadDate)?;
        if DATE_WINDOW_S <= sent_s.abs_diff(now_s).try_into().unwrap_or(i64::MAX) {
            return Err(RequestRefusal::DateOutOfRange);
        }
        let authorization = present(authorization).ok_or(RequestRefusal::NoAuthorization)?;
        let authorization = core::str::from_utf8(authorization).map_err(|_| RequestRefusal::MalformedAuthorization)?;
        let (access_key, tag) = authorization.split_once(':').ok_or(RequestRefusal::MalformedAuthorization)?;
        let tag = base64::decode(tag.as_bytes()).ok_or(RequestRefusal::MalformedAuthorization)?;
        Ok(PresentedRequest { date, access_key, tag })
    }

    /// The access key that it names. It proves nothing.
    #[must_use]
    pub fn unverified_access_key(&self) -> &'a str {
        self.access_key
    }

    /// Believes the request, if it was signed with this secret; none: there is no such access key. Then a signature is
    /// computed and compared all the same, so that the time it takes does not tell which access keys there are.
    ///
    /// # Errors
    ///
    /// [`RequestRefusal::UnknownKey`] or [`RequestRefusal::BadSignature`].
    pub fn verify(
        &self,
        method: &str,
        target: &str,
        body_digest: &[u8; 32],
        key: Option<&RequestKey>,
    ) -> Result<(), RequestRefusal> {
        let signed = SignedText { method, target, date: self.date, body_digest };
        let nobody = RequestKey(Mac::new(&mac::token_digest(self.date.as_bytes())));
        let matches = key.unwrap_or(&nobody).fed(&signed).matches(&self.tag);
        match key {
            None => Err(RequestRefusal::UnknownKey),
            Some(_) if !matches => Err(RequestRefusal::BadSignature),
            Some(_) => Ok(()),
        }
    }
}

impl fmt::Debug for PresentedRequest<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("PresentedRequest(..)")
    }
}

fn present(value: Option<&[u8]>) -> Option<&[u8]> {
    value.filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::{PresentedRequest, RequestKey, RequestRefusal, SignedText, access_key, secret_key};
    use crate::mac::token_digest as digest;
    use crate::secret::SecretFault;

    const DATE: &str = "Sun, 21 Oct 2018 12:16:24 GMT";
    const NOW: i64 = 1_540_124_185;
    const BODY: &[u8] = br#"{"slug":"test-op","name":"Test Op"}"#;
    const SECRET: &str = "DuvC7Wzpnsa2vtnOYw0RPGWeSdVB5L2L++PLpwGNb5yPQW47BoT5sohaMknU6Sh6a+0d/8dMh+wBEa2IPMMcNQ==";
    const AUTHORIZATION: &str = "P4qRS5sa346iHWZBB53qzzNm:RlbnBDbg5hj/foncSzOnfDWOCrTapyaL7fqKxkcCsFE=";

    fn key() -> RequestKey {
        RequestKey::read(SECRET).expect("a secret")
    }

    fn read(date: &'static str, authorization: &'static str, now_s: i64) -> Result<(), RequestRefusal> {
        PresentedRequest::read(Some(date.as_bytes()), Some(authorization.as_bytes()), now_s).map(drop)
    }

    #[test]
    fn the_published_example_is_signed_alike_and_believed() {
        let body_digest = &digest(BODY);
        let signed = SignedText { method: "POST", target: "/api/operations", date: DATE, body_digest };
        assert_eq!(signed.authorization("P4qRS5sa346iHWZBB53qzzNm", &key()), AUTHORIZATION);

        let presented = PresentedRequest::read(Some(DATE.as_bytes()), Some(AUTHORIZATION.as_bytes()), NOW);

        let presented = presented.expect("it reads");
        assert_eq!(presented.unverified_access_key(), "P4qRS5sa346iHWZBB53qzzNm");
        assert_eq!(presented.verify("POST", "/api/operations", body_digest, Some(&key())), Ok(()));
    }

    #[test]
    fn each_part_that_is_signed_is_bound() {
        let presented = PresentedRequest::read(Some(DATE.as_bytes()), Some(AUTHORIZATION.as_bytes()), NOW);
        let presented = presented.expect("it reads");
        let (right, other) = (&digest(BODY), &digest(b""));
        let another = RequestKey::read(&secret_key(&[7; 64])).expect("a secret");

        for (method, target, digest, key, refusal) in [
            ("PUT", "/api/operations", right, Some(&key()), RequestRefusal::BadSignature),
            ("POST", "/api/operations?", right, Some(&key()), RequestRefusal::BadSignature),
            ("POST", "/api/operations", other, Some(&key()), RequestRefusal::BadSignature),
            ("POST", "/api/operations", right, Some(&another), RequestRefusal::BadSignature),
            ("POST", "/api/operations", right, None, RequestRefusal::UnknownKey),
        ] {
            assert_eq!(presented.verify(method, target, digest, key), Err(refusal), "{method} {target}");
        }
    }

    #[test]
    fn the_date_is_looked_at_before_the_authorization() {
        assert_eq!(PresentedRequest::read(None, None, NOW).map(drop), Err(RequestRefusal::NoDate));
        assert_eq!(read("", "", NOW), Err(RequestRefusal::NoDate));
        assert_eq!(read("today", "", NOW), Err(RequestRefusal::BadDate));
        assert_eq!(read(DATE, "", NOW), Err(RequestRefusal::NoAuthorization));
        let bytes = PresentedRequest::read(Some(b"Sun, \xff"), None, NOW).map(drop);
        assert_eq!(bytes, Err(RequestRefusal::BadDate));
    }

    #[test]
    fn a_date_is_less_than_an_hour_away() {
        for (away_s, outcome) in [
            (-3600, Err(RequestRefusal::DateOutOfRange)),
            (-3599, Ok(())),
            (3599, Ok(())),
            (3600, Err(RequestRefusal::DateOutOfRange)),
        ] {
            assert_eq!(read(DATE, AUTHORIZATION, 1_540_124_184 + away_s), outcome, "{away_s}");
        }
        assert_eq!(read(DATE, AUTHORIZATION, i64::MIN), Err(RequestRefusal::DateOutOfRange));
    }

    #[test]
    fn an_authorization_is_a_key_a_colon_and_padded_base64() {
        for malformed in ["abc", "abc:-_8=", "abc:+/8", "abc:d:+/8=", "abc: +/8="] {
            assert_eq!(read(DATE, malformed, NOW), Err(RequestRefusal::MalformedAuthorization), "{malformed}");
        }
        for formed in ["abc:", ":", "abc:+/8="] {
            assert_eq!(read(DATE, formed, NOW), Ok(()), "{formed}");
        }
    }

    #[test]
    fn new_keys_have_their_form() {
        let access_key = access_key(&[0xff; 18]);
        assert_eq!((access_key.len(), access_key.as_str()), (27, "AS-________________________"));
        assert_eq!(secret_key(&[7; 64]).len(), 88);
        assert!(RequestKey::read(&secret_key(&[7; 64])).is_ok());
    }

    #[test]
    fn a_secret_that_is_none_is_not_read() {
        assert_eq!(RequestKey::read("").map(drop), Err(SecretFault::Empty));
        assert!(matches!(RequestKey::read("not base64").map(drop), Err(SecretFault::Undecodable { .. })));
        assert_eq!(format!("{:?}", key()), "RequestKey(..)");
    }
}
