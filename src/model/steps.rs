//! The steps of a sequence as a tree: found, taken out, put in, moved. A path counts from 0 at each level.
//! Never: more than `MOST_NESTED` levels.

use super::{MOST_NESTED, Sequence, Step};

impl Sequence {
    pub fn step(&self, path: &[usize]) -> Option<&Step> {
        let (last, repeats) = path.split_last()?;
        list(&self.steps, repeats)?.get(*last)
    }

    pub fn step_mut(&mut self, path: &[usize]) -> Option<&mut Step> {
        let (last, repeats) = path.split_last()?;
        list_mut(&mut self.steps, repeats)?.get_mut(*last)
    }

    pub fn remove_step(&mut self, path: &[usize]) -> Option<Step> {
        let (last, repeats) = path.split_last()?;
        let list = list_mut(&mut self.steps, repeats)?;
        (*last < list.len()).then(|| list.remove(*last))
    }

    /// To stand at this path, or at the end of its list. `false`: there is no such list, or it would stand too deep.
    pub fn insert_step(&mut self, path: &[usize], step: Step) -> bool {
        let Some((last, repeats)) = path.split_last() else { return false };
        if repeats.len() + levels(&step) > MOST_NESTED {
            return false;
        }
        let Some(list) = list_mut(&mut self.steps, repeats) else { return false };
        list.insert((*last).min(list.len()), step);
        true
    }

    /// To stand where `to` stands now, or at the end of its list. Where it stands then; `None`: it stays.
    pub fn move_step(&mut self, from: &[usize], to: &[usize]) -> Option<Vec<usize>> {
        let (level, moved) = (from.len().checked_sub(1)?, self.step(from)?);
        let (last, repeats) = to.split_last()?;
        let end = list(&self.steps, repeats)?.len();
        if to.starts_with(from) || repeats.len() + levels(moved) > MOST_NESTED {
            return None;
        }
        let mut to = [repeats, &[(*last).min(end)]].concat();
        // It leaves a gap before its new place.
        if to.len() > level && to[..level] == from[..level] && to[level] > from[level] {
            to[level] -= 1;
        }
        if to == from {
            return None;
        }
        let step = self.remove_step(from)?;
        self.insert_step(&to, step).then_some(to)
    }
}

fn list<'a>(steps: &'a [Step], repeats: &[usize]) -> Option<&'a [Step]> {
    let Some((first, rest)) = repeats.split_first() else { return Some(steps) };
    match steps.get(*first)? {
        Step::Repeat { steps, .. } => list(steps, rest),
        _ => None,
    }
}

fn list_mut<'a>(steps: &'a mut Vec<Step>, repeats: &[usize]) -> Option<&'a mut Vec<Step>> {
    let Some((first, rest)) = repeats.split_first() else { return Some(steps) };
    match steps.get_mut(*first)? {
        Step::Repeat { steps, .. } => list_mut(steps, rest),
        _ => None,
    }
}

/// Repeats in each other, this one included.
fn levels(step: &Step) -> usize {
    match step {
        Step::Repeat { steps, .. } => 1 + steps.iter().map(levels).max().unwrap_or(0),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn pause(millis: u64) -> Step {
        Step::Pause { millis }
    }

    fn round(steps: Vec<Step>) -> Step {
        Step::Repeat { times: 2, steps }
    }

    fn pauses(steps: &[Step]) -> Vec<u64> {
        let each = steps.iter().flat_map(|step| match step {
            Step::Pause { millis } => vec![*millis],
            Step::Repeat { steps, .. } => pauses(steps),
            _ => Vec::new(),
        });
        each.collect()
    }

    #[test]
    fn a_step_moves_in_and_out_of_a_repeat() {
        let mut sequence = Sequence { steps: vec![pause(1), round(vec![pause(2)]), pause(3)], ..Sequence::default() };
        assert_eq!(sequence.move_step(&[0], &[1, 1]), Some(vec![0, 1]));
        assert_eq!(sequence.steps, [round(vec![pause(2), pause(1)]), pause(3)]);
        assert_eq!(sequence.move_step(&[0, 0], &[2]), Some(vec![2]));
        assert_eq!(sequence.steps, [round(vec![pause(1)]), pause(3), pause(2)]);
        assert_eq!(sequence.move_step(&[0], &[0, 0]), None, "not into itself");
        assert_eq!(sequence.move_step(&[1], &[1]), None);
        assert_eq!(sequence.move_step(&[1], &[2]), None, "the gap before the next one is where it stands");
        assert_eq!(sequence.move_step(&[0], &[9]), Some(vec![2]), "the end is as far as it goes");
        assert_eq!(sequence.move_step(&[2], &[9]), None);
        let mut sequence = Sequence { steps: vec![round(vec![]), pause(1)], ..Sequence::default() };
        assert_eq!(sequence.move_step(&[1], &[0, 5]), Some(vec![0, 0]), "beyond the end is the end");
    }

    #[test]
    fn nothing_stands_too_deep() {
        let mut deep = pause(1);
        for _ in 0..MOST_NESTED {
            deep = round(vec![deep]);
        }
        let mut sequence = Sequence { steps: vec![deep, round(vec![])], ..Sequence::default() };
        assert_eq!(sequence.move_step(&[1], &[0, 0]), Some(vec![0, 0]));
        assert_eq!(sequence.move_step(&[0, 1], &[0, 0, 0, 0, 0, 0, 0, 0, 0]), None);
        assert!(!sequence.insert_step(&[0, 1, 0, 0, 0, 0, 0, 0, 0], round(vec![])));
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let leaf = (0_u64..9).prop_map(pause);
        let step = leaf.prop_recursive(3, 24, 4, |inner| prop::collection::vec(inner, 0..4).prop_map(round));
        prop::collection::vec(step, 0..5)
    }

    proptest! {
        #[test]
        fn moving_loses_nothing(steps in steps(), from in prop::collection::vec(0_usize..4, 0..4), to in prop::collection::vec(0_usize..4, 0..4)) {
            let mut sequence = Sequence { steps, ..Sequence::default() };
            let (before, step) = (sequence.clone(), sequence.step(&from).cloned());
            match sequence.move_step(&from, &to) {
                None => prop_assert_eq!(&sequence, &before),
                Some(at) => prop_assert_eq!(sequence.step(&at).cloned(), step),
            }
            let (mut now, mut then) = (pauses(&sequence.steps), pauses(&before.steps));
            now.sort_unstable();
            then.sort_unstable();
            prop_assert_eq!(now, then);
        }
    }
}
