//! `500ms`, `10s`, `1.5m`: times as they are typed on the command line. Pure. Called by: `arguments`.
//!
//! A number without a unit is refused: it would be guessed wrong by half of the people.

use std::time::Duration;

/// Longer times are a slip of the finger, and timers cannot hold any number.
const LONGEST: Duration = Duration::from_secs(366 * 24 * 3600);

pub fn parse(text: &str) -> Result<Duration, String> {
    let text = text.trim();
    let unit_at = text.find(|c: char| c.is_ascii_alphabetic() || c == 'µ').ok_or_else(explain)?;
    let (number, unit) = text.split_at(unit_at);
    let number = number.trim_end();
    let plain = number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let number: f64 = number.parse().ok().filter(|_| plain).ok_or_else(explain)?;
    let seconds = match unit {
        "us" | "µs" => 1e-6,
        "ms" => 1e-3,
        "s" => 1.0,
        "m" | "min" => 60.0,
        "h" => 3600.0,
        "d" => 86_400.0,
        _ => return Err(explain()),
    };
    Duration::try_from_secs_f64(number * seconds)
        .ok()
        .filter(|time| *time <= LONGEST)
        .ok_or_else(|| "longer than a year".to_owned())
}

fn explain() -> String {
    "a number with a unit is needed: 500ms, 10s, 2m, 1h".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_units() {
        for (text, millis) in
            [("500ms", 500), ("10s", 10_000), ("2m", 120_000), ("1.5h", 5_400_000), ("0s", 0), ("3 s", 3000)]
        {
            assert_eq!(parse(text), Ok(Duration::from_millis(millis)), "{text}");
        }
        assert_eq!(parse("250us"), Ok(Duration::from_micros(250)));
    }

    #[test]
    fn refuses_what_is_not_a_time() {
        for text in ["", "10", "s", "ten s", "-1s", "1e3s", "inf s", "NaNs", "10x", "1.2.3s", "9999999999h", "400d"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn never_panics(text in "\\PC*") {
            let _ = parse(&text);
        }

        #[test]
        fn whole_milliseconds_come_back(millis in 0u64..100_000_000) {
            prop_assert_eq!(parse(&format!("{millis}ms")), Ok(Duration::from_millis(millis)));
        }
    }
}
