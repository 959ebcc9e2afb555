//! Numbers with units, short enough for a column. Called by: `Words`' sentences, ui, cli.

use super::Words;

const MICRO: u64 = 1_000;
const MILLI: u64 = 1_000_000;
const SECOND: u64 = 1_000_000_000;

impl Words {
    /// `60 B`, `1.2 kB`, `612 MB`: decimal units, as disks and networks count.
    pub fn bytes(&self, bytes: u64) -> String {
        let mut value = bytes as f64;
        let mut units = self.get("units.bytes").split_whitespace();
        let mut unit = units.next().unwrap_or_default();
        if value < 999.5 {
            return format!("{value:.0} {unit}");
        }
        while value >= 999.5 {
            let Some(next) = units.next() else { break };
            value /= 1000.0;
            unit = next;
        }
        let decimals = usize::from(value < 99.95);
        format!("{value:.decimals$} {unit}")
    }

    /// `52,000/s`; below ten with one decimal.
    pub fn events_rate(&self, events_per_second: f64) -> String {
        let rate = if events_per_second.is_finite() { events_per_second.max(0.0) } else { 0.0 };
        let number = if rate > 0.0 && rate < 9.95 { format!("{rate:.1}") } else { grouped(rate.round() as u64) };
        number + self.get("units.per_second")
    }

    /// `1,234,567`
    pub fn number(&self, number: u64) -> String {
        grouped(number)
    }

    /// `116 µs`, `2.68 ms`, `1.55 s`, `3 min 20 s`: three digits, so that a column of them lines up.
    pub fn duration(&self, nanos: u64) -> String {
        let (unit, name) = match nanos {
            // What would round up to the next unit is shown in it.
            0..MICRO => return format!("{nanos} {}", self.get("units.nanos")),
            MICRO..999_500 => (MICRO, "units.micros"),
            999_500..999_500_000 => (MILLI, "units.millis"),
            999_500_000..59_950_000_000 => (SECOND, "units.seconds"),
            _ => return self.long_duration((nanos / 500_000_000).div_ceil(2)),
        };
        let value = nanos as f64 / unit as f64;
        let decimals = match value {
            ..9.995 => 2,
            ..99.95 => 1,
            _ => 0,
        };
        format!("{value:.decimals$} {}", self.get(name))
    }

    /// The same for sentences: `2 s` instead of `2.00 s`.
    pub fn duration_millis(&self, millis: u64) -> String {
        let text = self.duration(millis.saturating_mul(MILLI));
        if millis == 0 {
            return format!("0 {}", self.get("units.millis"));
        }
        match text.split_once(' ') {
            Some((value, unit)) if value.contains('.') => {
                format!("{} {unit}", value.trim_end_matches('0').trim_end_matches('.'))
            }
            _ => text,
        }
    }

    fn long_duration(&self, seconds: u64) -> String {
        let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60);
        let two = |first: u64, first_unit: &str, second: u64, second_unit: &str| {
            if second == 0 {
                format!("{first} {}", self.get(first_unit))
            } else {
                format!("{first} {} {second} {}", self.get(first_unit), self.get(second_unit))
            }
        };
        match (days, hours) {
            (0, 0) => two(minutes, "units.minutes", seconds % 60, "units.seconds"),
            (0, _) => two(hours, "units.hours", minutes, "units.minutes"),
            _ => two(days, "units.days", hours, "units.hours"),
        }
    }
}

/// Thousands set apart, the same in every language here.
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
