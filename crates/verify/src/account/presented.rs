//! The token itself: its form, its header, its signature.

use core::fmt;

use serde_json::{Map, Value};

use super::claims::{self, Claims};
use super::refusal::JwtRefusal;
use crate::jws::{Compact, Object};
use crate::mac;

/// The scheme before the token, compared without regard to case.
const SCHEME: &str = "jwt";
/// The one algorithm.
const ALGORITHM: &str = "HS256";

/// A token that was presented and is not believed yet. Shows nothing of itself.
pub struct Presented<'a> {
    /// What is signed: header and claims as they were sent.
    signed: &'a [u8],
    tag: Vec<u8>,
    header: Map<String, Value>,
    claims: Map<String, Value>,
}

impl<'a> Presented<'a> {
    /// Reads the value of `Authorization`. None: it is absent, or of another scheme; then nobody has presented
    /// anything.
    ///
    /// # Errors
    ///
    /// [`JwtRefusal`] where it is of this scheme and does not read, or names no key.
    pub fn read(authorization: Option<&'a str>) -> Result<Option<Presented<'a>>, JwtRefusal> {
        let mut parts = authorization.unwrap_or_default().split_ascii_whitespace();
        if !parts.next().is_some_and(|scheme| scheme.eq_ignore_ascii_case(SCHEME)) {
            return Ok(None);
        }
        let token = parts.next().ok_or(JwtRefusal::NoToken)?;
        if parts.next().is_some() {
            return Err(JwtRefusal::TokenWithSpaces);
        }
        let presented = Presented::decode(token).ok_or(JwtRefusal::Undecodable)?;
        claims::issuer(&presented.claims)?;
        Ok(Some(presented))
    }

    fn decode(token: &'a str) -> Option<Presented<'a>> {
        let Compact { signed, header, claims, signature } = Compact::split(token.as_bytes()).ok()?;
        Some(Presented { signed, tag: signature, header: object(&header)?, claims: object(&claims)? })
    }

    /// The key that it names. It proves nothing.
    #[must_use]
    pub fn unverified_issuer(&self) -> &str {
        claims::issuer(&self.claims).unwrap_or_default()
    }

    /// Believes it, if it was signed with this secret and lives now. An empty secret proves nothing.
    ///
    /// # Errors
    ///
    /// [`JwtRefusal`] says why not.
    pub fn verify(&self, secret: &str, now_s: i64) -> Result<Claims, JwtRefusal> {
        // What `crit` asks for must be understood or refused (RFC 7515, section 4.1.11), and nothing of it is here.
        let odd = self.header.contains_key("crit") || self.header.get("kid").is_some_and(|kid| !kid.is_string());
        if odd || self.header.get("alg").and_then(Value::as_str) != Some(ALGORITHM) {
            return Err(JwtRefusal::Invalid);
        }
        if secret.is_empty() || !mac::matches(secret.as_bytes(), &[self.signed], &self.tag) {
            return Err(JwtRefusal::Undecodable);
        }
        claims::judge(&self.claims, now_s)
    }
}

impl fmt::Debug for Presented<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Presented(..)")
    }
}

/// No two readers may think differently of what it says, so no name may occur twice.
fn object(json: &[u8]) -> Option<Map<String, Value>> {
    Object::read(json).and_then(|_| serde_json::from_slice(json).ok())
}

/// A token with these claims, a JSON object: what a service sends after `JWT `.
#[must_use]
pub fn token(secret: &str, claims: &str) -> String {
    signed(secret, r#"{"alg":"HS256","typ":"JWT"}"#, claims)
}

fn signed(secret: &str, header: &str, claims: &str) -> String {
    Compact::join(header, claims, |signed| mac::tag(secret.as_bytes(), &[signed]).to_vec())
}

#[cfg(test)]
mod tests {
    use super::super::{Claims, JwtRefusal};
    use super::{Presented, signed, token};

    const SECRET: &str = "0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0";
    const CLAIMS: &str = r#"{"iss":"user:11181:483","jti":"0.47362944623455405","iat":1767225600,"exp":1767225660}"#;
    const TOKEN: &str = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJ1c2VyOjExMTgxOjQ4MyIsImp0aSI6IjAuNDczNjI5NDQ2\
                         MjM0NTU0MDUiLCJpYXQiOjE3NjcyMjU2MDAsImV4cCI6MTc2NzIyNTY2MH0.B-uC74M6jps2gQ7XqkA0zbfU3Koq_NZ8jT\
                         qjRivjg0o";
    const NOW: i64 = 1_767_225_600;

    fn judged(token: &str, now_s: i64) -> Result<Claims, JwtRefusal> {
        let header = format!("JWT {token}");
        Presented::read(Some(&header))?.expect("a token").verify(SECRET, now_s)
    }

    /// What becomes of a token with these claims beside the issuer.
    fn claiming(claims: &str) -> Result<Claims, JwtRefusal> {
        judged(&token(SECRET, &format!(r#"{{"iss":"user:1:2"{claims}}}"#)), NOW)
    }

    #[test]
    fn the_published_example_is_signed_alike_and_believed() {
        assert_eq!(token(SECRET, CLAIMS), TOKEN);
        let header = format!("jWt  {TOKEN}");
        let presented = Presented::read(Some(&header)).expect("it reads").expect("a token");
        assert_eq!(presented.unverified_issuer(), "user:11181:483");
        assert_eq!(format!("{presented:?}"), "Presented(..)");

        let claims = presented.verify(SECRET, NOW).expect("believed");

        let jti = Some("0.47362944623455405".to_owned());
        assert_eq!(claims, Claims { iss: "user:11181:483".to_owned(), jti, exp: 1_767_225_660 });
    }

    #[test]
    fn without_this_scheme_nobody_has_presented_anything() {
        for header in [None, Some(""), Some(" "), Some("Bearer abc"), Some("JWTx abc"), Some("Basic JWT abc")] {
            assert!(Presented::read(header).is_ok_and(|presented| presented.is_none()), "{header:?}");
        }
    }

    #[test]
    fn what_does_not_read_is_refused_before_any_key_is_looked_for() {
        let refused = |header: &str| Presented::read(Some(header)).expect_err("refused");
        assert_eq!(refused("JWT"), JwtRefusal::NoToken);
        assert_eq!(refused("jwt  "), JwtRefusal::NoToken);
        assert_eq!(refused("JWT a b"), JwtRefusal::TokenWithSpaces);
        let [header, claims, tag] = TOKEN.split('.').collect::<Vec<_>>()[..] else { panic!("three parts") };
        for broken in [
            "abc".to_owned(),
            "..".to_owned(),
            format!("{header}.{claims}"),
            format!("{header}.{claims}.{tag}="),
            format!("{header}.{claims}.{tag}.{tag}"),
            format!("{header}.{claims}.ä"),
            format!("W10.{claims}.{tag}"),
            format!("{header}.W10.{tag}"),
            format!("{header}.e30x.{tag}"),
            token(SECRET, r#"{"iss":"user:1:2","iss":"user:1:3"}"#),
            signed(SECRET, r#"{"alg":"HS256","alg":"HS256"}"#, CLAIMS),
        ] {
            assert_eq!(refused(&format!("JWT {broken}")), JwtRefusal::Undecodable, "{broken}");
        }
        assert_eq!(refused(&format!("JWT {}", token(SECRET, "{}"))), JwtRefusal::NoIssuer);
        assert_eq!(refused(&format!("JWT {}", token(SECRET, r#"{"iss":7}"#))), JwtRefusal::UnknownIssuer);
    }

    #[test]
    fn another_secret_another_text_or_a_shortened_signature_is_refused() {
        assert_eq!(judged(&token("another", CLAIMS), NOW), Err(JwtRefusal::Undecodable));
        let changed = token(SECRET, &CLAIMS.replace("483", "484"));
        let (changed, _) = changed.rsplit_once('.').expect("a signature");
        let (_, tag) = TOKEN.rsplit_once('.').expect("a signature");
        assert_eq!(judged(&format!("{changed}.{tag}"), NOW), Err(JwtRefusal::Undecodable));
        assert_eq!(judged(&TOKEN[..TOKEN.len() - 4], NOW), Err(JwtRefusal::Undecodable));
        let empty = format!("JWT {}", token("", CLAIMS));
        let presented = Presented::read(Some(&empty)).expect("it reads").expect("a token");
        assert_eq!(presented.verify("", NOW), Err(JwtRefusal::Undecodable));
    }

    #[test]
    fn another_algorithm_is_refused_whatever_the_signature() {
        for header in [
            r#"{"alg":"none"}"#,
            r#"{"alg":"hs256"}"#,
            r#"{"alg":"HS512"}"#,
            r#"{"typ":"JWT"}"#,
            r#"{"alg":["HS256"]}"#,
            r#"{"alg":"HS256","crit":["b64"],"b64":false}"#,
            r#"{"alg":"HS256","kid":1}"#,
        ] {
            assert_eq!(judged(&signed(SECRET, header, CLAIMS), NOW), Err(JwtRefusal::Invalid), "{header}");
        }
        assert!(judged(&signed(SECRET, r#"{"kid":"k","alg":"HS256"}"#, CLAIMS), NOW).is_ok());
    }

    #[test]
    fn a_token_lives_from_its_beginning_to_its_end_with_five_seconds_on_either_side() {
        for (now, outcome) in [
            (NOW - 6, Err(JwtRefusal::BadIssuedAt)),
            (NOW - 5, Ok(())),
            (NOW + 64, Ok(())),
            (NOW + 65, Err(JwtRefusal::Expired)),
        ] {
            assert_eq!(judged(TOKEN, now).map(|_| ()), outcome, "{now}");
        }
    }

    #[test]
    fn claims_are_refused_in_their_order() {
        for (claims, refusal) in [
            ("", JwtRefusal::NoExpiry),
            (r#","iat":1767225600,"exp":null"#, JwtRefusal::NoExpiry),
            (r#","exp":1767225660"#, JwtRefusal::NoIssuedAt),
            (r#","iat":1767225600,"exp":1767225595"#, JwtRefusal::Expired),
            (r#","iat":"soon","exp":1767225595"#, JwtRefusal::Expired),
            (r#","iat":1767225606,"exp":1767225660"#, JwtRefusal::BadIssuedAt),
            (r#","iat":"1767225606","exp":1767225660"#, JwtRefusal::BadIssuedAt),
            (r#","iat":"soon","exp":1767225660"#, JwtRefusal::BadIssuedAt),
            (r#","iat":{},"exp":1767225660"#, JwtRefusal::BadIssuedAt),
            (r#","iat":1767225600,"exp":1767225901"#, JwtRefusal::TooLong),
            (r#","iat":0,"exp":1767225660"#, JwtRefusal::TooLong),
            (r#","iat":1767225600,"exp":1e300"#, JwtRefusal::TooLong),
            (r#","iat":"1767225600","exp":1767225660"#, JwtRefusal::WrongType),
            (r#","iat":1767225600,"exp":"1767225660""#, JwtRefusal::WrongType),
            (r#","iat":"1767225600","exp":"1767225660""#, JwtRefusal::WrongType),
            (r#","iat":1767225600,"exp":[]"#, JwtRefusal::WrongType),
            (r#","iat":1767225600,"exp":1767225660.5"#, JwtRefusal::WrongType),
            (r#","iat":1767225600,"exp":1767225660,"orig_iat":null"#, JwtRefusal::Refreshed),
        ] {
            assert_eq!(claiming(claims), Err(refusal), "{claims}");
        }
    }

    #[test]
    fn what_no_rule_speaks_of_is_let_through() {
        for claims in [
            r#","iat":1767225600,"exp":1767225900"#,
            r#","iat":1767225600.25,"exp":1767225660.0"#,
            r#","iat":1767225600,"exp":1767225660,"nbf":1867225600,"aud":"x","sub":1"#,
        ] {
            assert!(claiming(claims).is_ok(), "{claims}");
        }
        let numbered = claiming(r#","iat":1767225600,"exp":1767225660,"jti":7"#).expect("believed");
        assert_eq!(numbered.jti.as_deref(), Some("7"));
    }
}
