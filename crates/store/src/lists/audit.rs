//! What came in and was believed or refused, and what was changed by whom.

use domain::SourceKey;
use domain::event::Receipt;

use super::walk::{From, Page, Span, Work, glance, walk};
use super::word;
use crate::StoreError;
use crate::table::Rows;
use crate::tables::{Audit, Quarantine};

/// Which receipts.
#[derive(Debug, Clone, Default)]
pub struct ReceiptFilter {
    /// Sent by this source.
    pub source: Option<SourceKey>,
}

/// Which refused requests. What is not stated does not matter; what is stated must all hold.
#[derive(Debug, Clone, Default)]
pub struct QuarantineFilter {
    /// Sent to this source.
    pub source: Option<SourceKey>,
    /// Refused for the reason of this code.
    pub reason: Option<String>,
}

/// Which entries of the audit. What is not stated does not matter; what is stated must all hold.
#[derive(Debug, Clone, Default)]
pub struct AuditFilter {
    /// Done by this account.
    pub who: Option<String>,
    /// A part of what was done, whatever the case of its letters.
    pub word: Option<String>,
}

glance! {
    /// What the list looks at in a receipt.
    ReceiptGlance of RECEIPT { source: Option<SourceKey> }
}

glance! {
    /// What the list looks at in a refused request.
    RefusedGlance of QUARANTINE { source: Option<SourceKey>, reason: String }
}

glance! {
    /// What the list looks at in an entry of the audit.
    AuditGlance of AUDIT { who: String, what: String }
}

/// A page of receipts.
///
/// # Errors
/// When the engine fails.
pub fn receipts(rows: &mut dyn Rows, filter: &ReceiptFilter, span: &Span) -> Result<Page<Receipt>, StoreError> {
    walk(&mut Work::new(rows, span.looked_max), &From::Table, span, |_, receipt: &ReceiptGlance| {
        Ok(filter.source.is_none_or(|source| receipt.source == Some(source)))
    })
}

/// A page of refused requests.
///
/// # Errors
/// When the engine fails.
pub fn quarantine(rows: &mut dyn Rows, filter: &QuarantineFilter, span: &Span) -> Result<Page<Quarantine>, StoreError> {
    walk(&mut Work::new(rows, span.looked_max), &From::Table, span, |_, refused: &RefusedGlance| {
        Ok(filter.source.is_none_or(|source| refused.source == Some(source))
            && filter.reason.as_ref().is_none_or(|reason| refused.reason == *reason))
    })
}

/// A page of the audit.
///
/// # Errors
/// When the engine fails.
pub fn audit(rows: &mut dyn Rows, filter: &AuditFilter, span: &Span) -> Result<Page<Audit>, StoreError> {
    walk(&mut Work::new(rows, span.looked_max), &From::Table, span, |_, entry: &AuditGlance| {
        Ok(filter.who.as_ref().is_none_or(|who| entry.who == *who)
            && filter.word.as_ref().is_none_or(|word| word::contains(&entry.what, word)))
    })
}
