//! `100MB`, `1.5GB`, `512KiB`: amounts of bytes as they are typed on the command line. Pure. Called by: `arguments`.
//!
//! A number without a unit is refused, as it is for times.

pub fn parse(text: &str) -> Result<u64, String> {
    let text = text.trim();
    let unit_at = text.find(|c: char| c.is_ascii_alphabetic()).ok_or_else(explain)?;
    let (number, unit) = text.split_at(unit_at);
    let number = number.trim_end();
    let plain = number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let number: f64 = number.parse().ok().filter(|_| plain).ok_or_else(explain)?;
    let unit: u64 = match unit.to_ascii_lowercase().as_str() {
        "b" => 1,
        "kb" => 1_000,
        "mb" => 1_000_000,
        "gb" => 1_000_000_000,
        "tb" => 1_000_000_000_000,
        "kib" => 1 << 10,
        "mib" => 1 << 20,
        "gib" => 1 << 30,
        "tib" => 1 << 40,
        _ => return Err(explain()),
    };
    let bytes = number * unit as f64;
    if bytes > (1u64 << 60) as f64 { Err("more than any disk holds".to_owned()) } else { Ok(bytes as u64) }
}

fn explain() -> String {
    "a number with a unit is needed: 100MB, 2GB, 512KiB".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_units() {
        for (text, bytes) in [("100MB", 100_000_000), ("1.5 GB", 1_500_000_000), ("512KiB", 524_288), ("7b", 7)] {
            assert_eq!(parse(text), Ok(bytes), "{text}");
        }
    }

    #[test]
    fn refuses_what_is_no_amount() {
        for text in ["", "100", "MB", "-1MB", "1e3MB", "NaNB", "5 apples", "1.2.3MB", "9999999999999TB"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn never_panics(text in "\\PC*") {
            let _ = parse(&text);
        }
    }
}
