//! The known word that was probably meant. Called by: `template`, `plan`, and cli for names.

/// Longer words are not compared: nobody mistypes that much, and the cost is the product of both lengths.
const MOST_BYTES: usize = 40;

/// The known word with the fewest letters changed, where at most a third of them are.
pub fn nearest<'a>(typed: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if typed.is_empty() || typed.len() > MOST_BYTES {
        return None;
    }
    let typed = typed.to_ascii_lowercase();
    let most = (typed.chars().count() / 3).max(1);
    let rated = known.into_iter().map(|word| (distance(&typed, &word.to_ascii_lowercase()), word));
    rated.filter(|(distance, _)| *distance <= most).min_by_key(|(distance, _)| *distance).map(|(_, word)| word)
}

/// How many letters are added, left out or changed.
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().take(MOST_BYTES).collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (line, letter) in one.chars().enumerate() {
        let mut diagonal = line;
        let mut left = line + 1;
        for (cell, against) in row.iter_mut().zip(std::iter::once(None).chain(other.iter().map(Some))) {
            let above = *cell;
            *cell = match against {
                None => line + 1,
                Some(against) => (diagonal + usize::from(*against != letter)).min(above + 1).min(left + 1),
            };
            diagonal = above;
            left = *cell;
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_finger_is_recognized() {
        let known = ["counter", "now", "random", "checksum"];
        assert_eq!(nearest("conter", known), Some("counter"));
        assert_eq!(nearest("CHECKSUN", known), Some("checksum"));
        assert_eq!(nearest("nov", known), Some("now"));
        assert_eq!(nearest("elephant", known), None);
        assert_eq!(nearest("", known), None);
        assert_eq!(distance("kitten", "sitting"), 3);
    }
}
