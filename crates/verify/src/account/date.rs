//! The `Date` of a signed request: RFC 1123, in the one zone `GMT`.

use crate::calendar;

const WEEKDAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// The second since 1970 that `Www, DD Mmm YYYY HH:MM:SS GMT` names. A weekday that is not that day's is let through.
pub(super) fn seconds(text: &str) -> Option<i64> {
    let [weekday, day, month, year, time, "GMT"] = text.split(' ').collect::<Vec<_>>()[..] else {
        return None;
    };
    let [hour, minute, second] = time.split(':').collect::<Vec<_>>()[..] else {
        return None;
    };
    WEEKDAYS.iter().find(|name| weekday.strip_suffix(',') == Some(name))?;
    let month = MONTHS.iter().position(|name| *name == month)?;
    let days = calendar::days(number(year, 4, 9999)?, month, number(day, 2, 31)?)?;
    let (hour, minute, second) = (number(hour, 2, 23)?, number(minute, 2, 59)?, number(second, 2, 59)?);
    Some(((days * 24 + hour) * 60 + minute) * 60 + second)
}

/// A number of exactly so many digits, up to `max`.
fn number(text: &str, digits: usize, max: i64) -> Option<i64> {
    let plain = text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|number| plain && *number <= max)
}

#[cfg(test)]
mod tests {
    use super::seconds;

    #[test]
    fn a_date_names_its_second() {
        for (text, expected) in [
            ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
            ("Wed, 31 Dec 1969 23:59:59 GMT", -1),
            ("Sun, 21 Oct 2018 12:16:24 GMT", 1_540_124_184),
            ("Tue, 29 Feb 2000 23:59:59 GMT", 951_868_799),
            ("Wed, 01 Mar 2000 00:00:00 GMT", 951_868_800),
            ("Thu, 29 Feb 2024 00:00:00 GMT", 1_709_164_800),
            ("Mon, 01 Mar 2100 00:00:00 GMT", 4_107_542_400),
            ("Fri, 31 Dec 9999 23:59:59 GMT", 253_402_300_799),
            // The weekday is not looked up.
            ("Mon, 21 Oct 2018 12:16:24 GMT", 1_540_124_184),
        ] {
            assert_eq!(seconds(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn every_other_form_is_none() {
        for text in [
            "",
            "Sun, 21 Oct 2018 12:16:24",
            "Sun, 21 Oct 2018 12:16:24 UTC",
            "Sun, 21 Oct 2018 12:16:24 gmt",
            "Sun, 21 Oct 2018 12:16:24 +0000",
            "Sun, 21 Oct 2018 12:16:24 GMT ",
            " Sun, 21 Oct 2018 12:16:24 GMT",
            "Sun,  21 Oct 2018 12:16:24 GMT",
            "Sun 21 Oct 2018 12:16:24 GMT",
            "Son, 21 Oct 2018 12:16:24 GMT",
            "sun, 21 Oct 2018 12:16:24 GMT",
            "Sun, 21 oct 2018 12:16:24 GMT",
            "Sun, 7 Oct 2018 12:16:24 GMT",
            "Sun, +7 Oct 2018 12:16:24 GMT",
            "Sun, 00 Oct 2018 12:16:24 GMT",
            "Wed, 31 Feb 2018 12:16:24 GMT",
            "Thu, 29 Feb 2100 12:16:24 GMT",
            "Sun, 21 Oct 18 12:16:24 GMT",
            "Sun, 21 Oct 2018 9:16:24 GMT",
            "Sun, 21 Oct 2018 24:16:24 GMT",
            "Sun, 21 Oct 2018 12:60:24 GMT",
            "Sun, 21 Oct 2018 12:16:60 GMT",
            "Sun, 21 Oct 2018 12:16:24.5 GMT",
            "Sun, 21 Oct 2018 12:16 GMT",
            "Sunday, 21-Oct-18 12:16:24 GMT",
            "Sun Oct 21 12:16:24 2018",
            "2018-10-21T12:16:24Z",
            "1540124184",
            "Sun, ٢١ Oct 2018 12:16:24 GMT",
        ] {
            assert_eq!(seconds(text), None, "{text}");
        }
    }
}
