//! Text to expression.
//! Called by: `Filter::parse`.

use std::sync::Arc;

use super::{Expression, Filter, Mistake, MistakeKind, Term};

/// Longer texts are refused.
const MAX_BYTES: usize = 64 * 1024;

pub(super) fn filter(text: &str) -> Result<Filter, Mistake> {
    if text.len() > MAX_BYTES {
        return Err(Mistake { at: 0..text.len(), what: MistakeKind::TooLong });
    }
    let expression = (!text.is_empty()).then(|| Arc::new(Expression::Is(Term::Text(text.to_owned()))));
    Ok(Filter { text: text.into(), expression })
}
