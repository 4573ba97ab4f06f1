//! How keys are allotted: in rising order, above the highest one that is there, also when the clock went back.

use domain::Timestamp;

use crate::StoreError;
use crate::table::{Rows, Value};
use crate::tables::{EXPECTATION, META, TABLES, meta};

/// The next keys of one store. Lives with the writer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Numbers {
    last: i64,
    expectation: i64,
}

impl Numbers {
    /// The numbers after everything that is kept.
    ///
    /// # Errors
    /// When the engine fails.
    pub fn after(rows: &mut dyn Rows) -> Result<Self, StoreError> {
        let mut numbers = Self { last: 0, expectation: 0 };
        for table in TABLES.iter().filter(|table| !std::ptr::eq(**table, &EXPECTATION)) {
            if let Some(row) = rows.newest(table, None, 1)?.first() {
                numbers.last = numbers.last.max(integer(row.first()));
            }
        }
        let kept = rows.get(&META, meta::EXPECTATION)?;
        numbers.expectation = integer(kept.as_ref().and_then(|row| row.get(1)));
        if let Some(row) = rows.newest(&EXPECTATION, None, 1)?.first() {
            numbers.expectation = numbers.expectation.max(integer(row.first()));
        }
        Ok(numbers)
    }

    /// A key that grows with time: 48 bits of milliseconds, 12 bits of counter.
    pub fn key(&mut self, now: Timestamp) -> i64 {
        self.last = (self.last + 1).max(now.milliseconds().saturating_mul(1 << 12).max(1));
        self.last
    }

    /// The next expectation's number, or a pushed result's.
    pub fn expectation(&mut self) -> i64 {
        self.expectation += 1;
        self.expectation
    }
}

fn integer(value: Option<&Value>) -> i64 {
    match value {
        Some(Value::Int(number)) => *number,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_rise_also_when_the_clock_goes_back() {
        let mut numbers = Numbers { last: 0, expectation: 0 };
        let first = numbers.key(Timestamp(1_767_225_600_000_000));
        let second = numbers.key(Timestamp(1_767_225_600_000_000));
        let third = numbers.key(Timestamp(0));
        assert!(first < second && second < third);
        assert_eq!(first >> 12, 1_767_225_600_000);
    }
}
