//! Salesforce's outbound messages: SOAP, proven by the organisation id in the body, answered in SOAP.

use crate::key::Key;
use crate::receive::Reply;
use crate::refusal::{Reason, Refusal};

use super::body;
use super::ended::Ended;
use super::pipeline::{Believed, Request};
use super::xml;

/// The media type of the answers.
pub(super) const CONTENT_TYPE: &str = "application/xml; charset=utf-8";

/// What has been received; without it the message is sent again.
pub(super) const ACKNOWLEDGED: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
 <soapenv:Body>
  <notificationsResponse xmlns="http://soap.sforce.com/2005/09/outbound">
   <Ack>true</Ack>
  </notificationsResponse>
 </soapenv:Body>
</soapenv:Envelope>"#;

const ORGANIZATION_ID: &str = "OrganizationId";
const ACTION_ID: &str = "ActionId";

/// The characters of an id that count; a longer form of it has three more, which only guard its capitals.
const ID_CHARACTERS: usize = 15;
const LONG_ID_CHARACTERS: usize = 18;

impl Request<'_> {
    /// Believes the organisation's id, if this has a body; anything else is left to the steps that refuse it.
    pub(super) fn salesforce(&self) -> Result<Option<Believed>, Ended> {
        self.https()?;
        if self.head.method != "POST" || self.body.is_empty() {
            return Ok(None);
        }
        let [organization, action] = self.elements()?;
        let organization = organization.ok_or_else(|| missing(ORGANIZATION_ID, Reason::MissingToken))?;
        let believed = self.told(|secret| is_same(secret, &organization))?.ok_or_else(|| {
            let path = path(ORGANIZATION_ID);
            let text =
                format!("The '{path}' value provided in the HTTP request body did not match the expected value.");
            fault(Reason::TokenMismatch, text)
        })?;
        let action = action.ok_or_else(|| missing(ACTION_ID, Reason::MissingEvent))?;
        Ok(Some(Believed { events: vec![action], ..believed }))
    }

    /// The texts of the two elements, where they have one.
    fn elements(&self) -> Result<[Option<String>; 2], Ended> {
        if !self.receiver.body.is_announced(self.head) {
            let detail = format!("expected XML, found the content type '{}'", body::content_type(self.head));
            return Err(Ended::unreadable(Reason::BadContentType, detail));
        }
        let at = |name| ["Body", "notifications", name];
        let found = xml::texts(self.body, [&at(ORGANIZATION_ID), &at(ACTION_ID)]).map_err(|fault| {
            Ended::unreadable(Reason::MalformedBody, format!("expected XML in the body, but {fault}"))
        })?;
        Ok(found.map(|text| text.filter(|text| !text.is_empty())))
    }
}

fn is_same(secret: &str, organization: &str) -> bool {
    Key::for_tokens(short(secret).as_bytes()).is_token(short(organization).as_bytes())
}

/// An id without what only its longer form has.
fn short(id: &str) -> &str {
    let is_long = id.chars().count() == LONG_ID_CHARACTERS;
    id.char_indices().nth(ID_CHARACTERS).filter(|_| is_long).map_or(id, |(end, _)| &id[..end])
}

fn path(name: &str) -> String {
    format!("/*[local-name()='Body']/*[local-name()='notifications']/*[local-name()='{name}']")
}

fn missing(name: &str, reason: Reason) -> Ended {
    fault(reason, format!("The HTTP request body did not contain a required '{}' element.", path(name)))
}

/// 400 and a SOAP fault.
fn fault(reason: Reason, text: String) -> Ended {
    let body = format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
 <soapenv:Body>
  <soapenv:Fault>
   <faultcode>soapenv:Client</faultcode>
   <faultstring>{text}</faultstring>
   <detail />
  </soapenv:Fault>
 </soapenv:Body>
</soapenv:Envelope>"#
    );
    Ended::Refused(Refusal::new(reason, text), Reply::of(400, Some(CONTENT_TYPE), body.into_bytes()))
}

#[cfg(test)]
mod tests {
    use super::is_same;

    #[test]
    fn the_three_guards_of_a_long_id_do_not_count() {
        assert!(is_same("012345678901234", "012345678901234AAA"));
        assert!(is_same("012345678901234BBB", "012345678901234"));
        assert!(!is_same("012345678901234", "012345678901235AAA"));
        assert!(!is_same("012345678901234", "012345678901234AA"));
        assert!(!is_same("012345678901234", "01234567890123"));
    }
}
