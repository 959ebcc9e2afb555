//! Registers as people write them. Pure. Called by: the cells of the register table.

/// How a register is shown and typed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum View {
    #[default]
    Decimal,
    Signed,
    Hex,
    /// Two registers are one float, the first the upper half.
    Float,
    /// The same with the lower half first, as many devices have it.
    FloatSwapped,
}

impl View {
    pub const ALL: [Self; 5] = [Self::Decimal, Self::Signed, Self::Hex, Self::Float, Self::FloatSwapped];

    pub fn key(self) -> &'static str {
        match self {
            Self::Decimal => "service.view_decimal",
            Self::Signed => "service.view_signed",
            Self::Hex => "service.view_hex",
            Self::Float => "service.view_float",
            Self::FloatSwapped => "service.view_float_swapped",
        }
    }

    /// Registers that one value takes.
    pub fn registers(self) -> u32 {
        if matches!(self, Self::Float | Self::FloatSwapped) { 2 } else { 1 }
    }

    /// `second` is the register behind the first, which only a float has.
    pub fn text(self, first: u16, second: u16) -> String {
        match self {
            Self::Decimal => first.to_string(),
            Self::Signed => first.cast_signed().to_string(),
            Self::Hex => format!("{first:04X}"),
            Self::Float => float_text(first, second),
            Self::FloatSwapped => float_text(second, first),
        }
    }

    /// The registers that a text means; a float's are two.
    pub fn read(self, text: &str) -> Option<(u16, Option<u16>)> {
        let text = text.trim();
        match self {
            Self::Decimal | Self::Signed => whole(text, 10).map(|value| (value, None)),
            Self::Hex => whole(text, 16).map(|value| (value, None)),
            Self::Float => float(text).map(|(high, low)| (high, Some(low))),
            Self::FloatSwapped => float(text).map(|(high, low)| (low, Some(high))),
        }
    }
}

fn whole(text: &str, radix: u32) -> Option<u16> {
    if let Some(digits) = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        return u16::from_str_radix(digits, 16).ok();
    }
    if radix == 10 && text.starts_with('-') {
        return text.parse::<i16>().ok().map(i16::cast_unsigned);
    }
    u16::from_str_radix(text, radix).ok()
}

fn float(text: &str) -> Option<(u16, u16)> {
    let value: f32 = text.replace(',', ".").parse().ok()?;
    let bits = value.to_bits();
    Some(((bits >> 16) as u16, bits as u16))
}

fn float_text(high: u16, low: u16) -> String {
    let value = f32::from_bits(u32::from(high) << 16 | u32::from(low));
    let size = value.abs();
    if size != 0.0 && size.is_finite() && !(1e-4..1e7).contains(&size) {
        format!("{value:e}")
    } else {
        value.to_string()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_are_read_in_each_view() {
        assert_eq!(View::Decimal.read(" 65535 "), Some((65_535, None)));
        assert_eq!(View::Decimal.read("-1"), Some((65_535, None)));
        assert_eq!(View::Decimal.read("0xff"), Some((255, None)));
        assert_eq!(View::Hex.read("ff"), Some((255, None)));
        assert_eq!(View::Float.read("1,5"), Some((0x3FC0, Some(0))));
        assert_eq!(View::FloatSwapped.read("1.5"), Some((0, Some(0x3FC0))));
        for wrong in ["", "65536", "-32769", "1.5", "x", "0x10000", "+-1"] {
            assert_eq!(View::Signed.read(wrong), None, "{wrong}");
        }
        assert_eq!(View::Hex.read("-1"), None);
        assert_eq!(View::Float.text(0x3FC0, 0), "1.5");
        assert_eq!(View::Float.text(0x7F7F, 0xFFFF), "3.4028235e38");
    }

    proptest! {
        #[test]
        fn what_is_shown_is_read_back(first: u16, second: u16) {
            for view in View::ALL {
                let read = view.read(&view.text(first, second));
                let (high, low) = if view == View::Float { (first, second) } else { (second, first) };
                let is_float = view.registers() == 2;
                if is_float && f32::from_bits(u32::from(high) << 16 | u32::from(low)).is_nan() {
                    prop_assert!(read.is_some());
                } else {
                    prop_assert_eq!(read, Some((first, is_float.then_some(second))));
                }
            }
        }
    }
}
