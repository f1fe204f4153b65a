//! The date that a migration's name begins with.

use crate::history::Migration;
use crate::policy::Date;
use crate::project::EcosystemKind;

/// The stamp at the start of a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stamp {
    /// Its digits, as written.
    pub(super) text: String,
    /// Year, month, day, hour, minute, second; those that are not written are 0.
    parts: [u32; 6],
    /// Whether a time of day is written.
    pub(super) timed: bool,
}

/// Why a stamp is no moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Impossible {
    /// The date is not in the calendar.
    Date,
    /// The time is not on the clock.
    Time,
}

impl Stamp {
    /// The stamp of a migration: 14 digits for Prisma; a date in front of an Alembic file name, or a revision id of 14 digits.
    pub(super) fn of(migration: &Migration, ecosystem: EcosystemKind) -> Option<Self> {
        let name = &migration.name;
        match ecosystem {
            EcosystemKind::Prisma => Self::read(name, false),
            EcosystemKind::Alembic => {
                // A random revision id may begin with digits that look like a date; 14 of them are one on purpose.
                let is_id = name
                    .strip_prefix(migration.id.as_str())
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with(['_', '-']));
                let stamp = Self::read(name, true)?;
                (!is_id || stamp.text.len() == 14).then_some(stamp)
            }
        }
    }

    /// Digits in the order of a date at the start of a name; with `separated`, `-` and `_` may stand between the parts.
    fn read(name: &str, separated: bool) -> Option<Self> {
        let digits: String = name.chars().take_while(char::is_ascii_digit).collect();
        let text = match digits.len() {
            8 | 12 | 14 => digits,
            4 if separated => separated_digits(name)?,
            _ => return None,
        };
        // `00000000000000_baseline` sorts first on purpose, and a counter of 8 digits is no date.
        if !(text.starts_with("19") || text.starts_with("20")) && (text.len() != 14 || text.bytes().all(|b| b == b'0'))
        {
            return None;
        }
        let number = |from: usize, to: usize| text.get(from..to).and_then(|part| part.parse().ok()).unwrap_or(0);
        let parts = [number(0, 4), number(4, 6), number(6, 8), number(8, 10), number(10, 12), number(12, 14)];
        let timed = text.len() > 8;
        Some(Self { text, parts, timed })
    }

    /// Why it is no moment, where it is none.
    pub(super) fn impossible(&self) -> Option<Impossible> {
        let [year, month, day, hour, minute, second] = self.parts;
        let small = |part: u32| u8::try_from(part).unwrap_or(u8::MAX);
        if Date::new(u16::try_from(year).unwrap_or(u16::MAX), small(month), small(day)).is_none() {
            return Some(Impossible::Date);
        }
        (hour > 23 || minute > 59 || second > 59).then_some(Impossible::Time)
    }

    /// Seconds since 1970-01-01T00:00:00, in whatever zone it was written; none before that.
    pub(super) fn seconds(&self) -> Option<u64> {
        let [year, month, day, hour, minute, second] = self.parts.map(u64::from);
        if self.impossible().is_some() || year < 1970 {
            return None;
        }
        let small = |part: u64| u8::try_from(part).unwrap_or(u8::MAX);
        let date = Date::new(u16::try_from(year).unwrap_or(u16::MAX), small(month), small(day))?;
        Some(date.to_unix() + hour * 3_600 + minute * 60 + second)
    }
}

/// The digits of `2026-01-05_0930` and its like: a year, a month and a day, then a time where one follows.
fn separated_digits(name: &str) -> Option<String> {
    let mut digits = String::new();
    let mut rest = name;
    for (at, width) in [4, 2, 2].into_iter().enumerate() {
        if at > 0 {
            rest = rest.strip_prefix(['-', '_'])?;
        }
        digits.push_str(exact_digits(rest, width)?);
        rest = &rest[width..];
    }
    if let Some(time) = rest.strip_prefix(['-', '_', 'T']) {
        let count = time.chars().take_while(char::is_ascii_digit).count();
        let ends = |time: &str| time.is_empty() || time.starts_with(['-', '_']);
        if matches!(count, 4 | 6) && ends(&time[count..]) {
            digits.push_str(&time[..count]);
            if count == 4 {
                digits.push_str("00");
            }
        }
    }
    Some(digits)
}

/// The first `width` characters, if they are digits and no digit follows.
fn exact_digits(text: &str, width: usize) -> Option<&str> {
    let count = text.chars().take_while(char::is_ascii_digit).count();
    (count == width).then(|| &text[..width])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(name: &str) -> Option<Stamp> {
        Stamp::read(name, true)
    }

    #[test]
    fn stamps_of_all_usual_forms_are_read() {
        let seconds = |name: &str| read(name).and_then(|stamp| stamp.seconds());
        assert_eq!(seconds("20260105093000_add_users"), Some(1_767_605_400));
        assert_eq!(seconds("2026_01_05_0930-1a2b3c_add_users"), Some(1_767_605_400));
        assert_eq!(seconds("2026-01-05-add_users"), Some(1_767_571_200));
        assert_eq!(seconds("202601050930_add_users"), Some(1_767_605_400));
        assert_eq!(seconds("20260105_add_users"), Some(1_767_571_200));
        assert_eq!(seconds("19700101000000_x"), Some(0));
        for none in ["0001_init", "0_init", "12345678_x", "00000000000000_init", "add_users", "2026_x", "é"] {
            assert_eq!(read(none), None, "{none}");
        }
    }

    #[test]
    fn what_is_no_moment_is_said() {
        let impossible = |name: &str| read(name).and_then(|stamp| stamp.impossible());
        assert_eq!(impossible("20261305093000_x"), Some(Impossible::Date));
        assert_eq!(impossible("20260230093000_x"), Some(Impossible::Date));
        assert_eq!(impossible("20260105250000_x"), Some(Impossible::Time));
        assert_eq!(impossible("99990105093000_x"), None);
        assert_eq!(impossible("20240229235959_x"), None);
    }

    proptest::proptest! {
        #[test]
        fn no_name_is_too_strange(name in "\\PC{0,30}|[0-9_T-]{0,24}") {
            if let Some(stamp) = read(&name) {
                stamp.seconds();
            }
        }
    }
}
