//! Sending: whether it is possible, the repeat fields, what runs, and the press of the one button.
//! Called by: the composer.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::Composer;
use super::preview::Shown;
use crate::engine::{Repeat, SendProgress, SendState, Target};
use crate::model::{Doing, Draft, PayloadFormat, Reason, SendId, Timestamp};
use crate::payload::{Mistake, MistakeKind};
use crate::ui::action::{Action, SendAction};
use crate::ui::panels::target;
use crate::ui::state::Ctx;
use crate::ui::widgets::FieldText;
use crate::words::Words;

/// A single send that has run so long is worth a Stop.
const WORTH_A_STOP_NANOS: u64 = 300_000_000;

/// Why Send is not possible, as a sentence.
pub struct Why {
    pub text: String,
    /// The line of bytes says it already (a mistake, or that there are none).
    pub said_below: bool,
}

pub enum Pressed {
    Send,
    Stop,
}

pub struct RepeatFields {
    pub on: bool,
    /// Empty: until stopped.
    pub count: FieldText,
    pub every_millis: FieldText,
}

impl Default for RepeatFields {
    fn default() -> Self {
        Self { on: false, count: FieldText::default(), every_millis: FieldText::new("1000") }
    }
}

impl RepeatFields {
    /// What is asked for; `Err` names the sentence about a field that is no number.
    pub fn read(&self) -> Result<Option<Repeat>, &'static str> {
        if !self.on {
            return Ok(None);
        }
        let count = self.count.text.trim();
        let count = if count.is_empty() {
            None
        } else {
            Some(count.parse().ok().filter(|&count: &u64| count > 0).ok_or("composer.bad_count")?)
        };
        let every: u32 = self.every_millis.text.trim().parse().map_err(|_| "composer.bad_interval")?;
        Ok(Some(Repeat { count, every: Duration::from_millis(every.into()) }))
    }
}

/// Since when the newest send has been seen running.
#[derive(Default)]
pub struct Running {
    send: Option<(SendId, Timestamp)>,
}

/// What the newest press of Send tried, for as long as its failure is of interest.
#[derive(Default)]
pub struct Tried {
    send: (Option<SendId>, Option<String>),
    target: Option<Target>,
    draft: Option<Arc<Draft>>,
}

impl Composer {
    /// The reason why Send is not possible now.
    pub(super) fn why_not(&self, ctx: &Ctx<'_>, target: Option<&Target>) -> Option<Why> {
        let because = |text: String| Some(Why { text, said_below: false });
        if let Err(why) = target::sendable(ctx, target) {
            return because(ctx.words.fill(why.key, &[("name", &why.name)]));
        }
        if let Err(key) = self.repeat.read() {
            return because(ctx.words.get(key).to_owned());
        }
        let limit = target.and_then(|target| target::datagram_limit(ctx, target));
        if self.format() == PayloadFormat::File {
            return self.why_not_file(ctx, limit).and_then(because);
        }
        // Whatever was wrong with an older text: a long one is judged by what sends it.
        if self.preview.waits() {
            return None;
        }
        if let Some(missing) = self.preview.never() {
            return because(ctx.words.missing(&missing));
        }
        match self.preview.shown() {
            Shown::Mistake(mistake) => Some(Why { text: ctx.words.mistake(mistake), said_below: true }),
            Shown::Missing(missing) => Some(Why { text: ctx.words.missing(missing), said_below: true }),
            Shown::Bytes(example) => match limit {
                Some(limit) if example.len() > limit => because(too_long(ctx, example.len() as u64, limit)),
                None if example.fixed && example.is_empty() => {
                    Some(Why { text: ctx.words.get("composer.nothing").to_owned(), said_below: true })
                }
                _ => None,
            },
        }
    }

    fn why_not_file(&self, ctx: &Ctx<'_>, limit: Option<usize>) -> Option<String> {
        let path = self.views.text().trim();
        if path.is_empty() {
            return Some(ctx.words.get("composer.why_no_file").to_owned());
        }
        let file = ctx.state.file.as_ref().filter(|file| file.path == path);
        match (file.map(|file| &file.size), limit) {
            (None, _) => Some(ctx.words.get("composer.why_measuring").to_owned()),
            (Some(Err(failure)), _) => Some(ctx.words.failure(failure)),
            (Some(Ok(size)), Some(limit)) if *size > limit as u64 => Some(too_long(ctx, *size, limit)),
            (Some(Ok(0)), None) => Some(ctx.words.get("composer.why_empty_file").to_owned()),
            (Some(Ok(_)), _) => None,
        }
    }

    pub(super) fn press(&mut self, ctx: &Ctx<'_>, pressed: Pressed, target: Option<Target>, actions: &mut Vec<Action>) {
        match (pressed, target) {
            (Pressed::Stop, _) => {
                let running = ctx.engine.sends.iter().filter(|send| send.state == SendState::Running);
                actions.extend(running.map(|send| Action::Send(SendAction::Stop(send.id))));
            }
            (Pressed::Send, Some(target)) => {
                let Ok(repeat) = self.repeat.read() else { return };
                self.history.forget();
                actions.push(Action::Send(SendAction::Send { target, draft: self.draft(), repeat }));
            }
            (Pressed::Send, None) => {}
        }
    }

    pub(super) fn is_repeating(&self, ctx: &Ctx<'_>) -> bool {
        newest_running(ctx).is_some_and(|send| send.rounds_asked != Some(1))
    }

    /// The send that Stop stops; a short one is left alone, so that the button does not flicker.
    pub(super) fn stoppable<'a>(&mut self, ctx: &Ctx<'a>, ui: &egui::Ui) -> Option<&'a SendProgress> {
        let Some(send) = newest_running(ctx) else {
            self.running.send = None;
            return None;
        };
        if send.rounds_asked != Some(1) {
            return Some(send);
        }
        let since = match self.running.send {
            Some((id, since)) if id == send.id => since,
            _ => ctx.now,
        };
        self.running.send = Some((send.id, since));
        let ran = ctx.now.nanos_since(since);
        if ran >= WORTH_A_STOP_NANOS {
            return Some(send);
        }
        ui.ctx().request_repaint_after(Duration::from_nanos(WORTH_A_STOP_NANOS - ran));
        None
    }

    /// The file that the newest send was not allowed to read, where it can be allowed: it is named as a whole.
    pub(super) fn refused_file(&self, ctx: &Ctx<'_>) -> Option<PathBuf> {
        match ctx.state.last_send.and_then(|id| ctx.engine.send(id)).map(|send| &send.state) {
            Some(SendState::Failed(failure))
                if failure.doing == Doing::ReadFile && failure.reason == Reason::NotAllowed =>
            {
                Some(PathBuf::from(&failure.on)).filter(|path| path.is_absolute())
            }
            _ => None,
        }
    }

    /// Why the newest send failed; said as long as it would be the same again.
    pub(super) fn failed_words(&mut self, ctx: &Ctx<'_>, target: Option<&Target>) -> Option<String> {
        let failed = match ctx.state.last_send.and_then(|id| ctx.engine.send(id)).map(|send| &send.state) {
            Some(SendState::Failed(failure)) => Some(failure),
            _ => None,
        };
        if !self.is_as_tried(ctx, target) {
            return None;
        }
        let failed = || {
            let text = failed.map(|failure| format!("{} {}", ctx.words.failure(failure), ctx.words.hint(failure)));
            text.map(|text| text.trim().to_owned())
        };
        ctx.state.send_error.clone().or_else(failed)
    }

    /// How often the newest repeat was sent and how late, once it is over; said as long as a failure would be.
    pub(super) fn repeated_words(&mut self, ctx: &Ctx<'_>, target: Option<&Target>) -> Option<String> {
        if !self.is_as_tried(ctx, target) {
            return None;
        }
        let send = ctx.state.last_send.and_then(|id| ctx.engine.send(id))?;
        let is_over = matches!(send.state, SendState::Done | SendState::Stopped);
        (is_over && send.lateness.most > 0 && send.rounds > 1).then(|| late_words(ctx.words, send))
    }

    /// The target and the draft are those of the newest press of Send.
    fn is_as_tried(&mut self, ctx: &Ctx<'_>, target: Option<&Target>) -> bool {
        let newest = (ctx.state.last_send, ctx.state.send_error.clone());
        if self.tried.send != newest {
            self.tried = Tried { send: newest, target: target.cloned(), draft: self.preview.of().cloned() };
        }
        self.tried.target.as_ref() == target && self.tried.draft.as_ref() == self.preview.of()
    }
}

fn newest_running<'a>(ctx: &Ctx<'a>) -> Option<&'a SendProgress> {
    ctx.engine.sends.iter().filter(|send| send.state == SendState::Running).max_by_key(|send| send.id)
}

fn too_long(ctx: &Ctx<'_>, bytes: u64, limit: usize) -> String {
    let what = MistakeKind::TooLong { bytes, limit: limit as u64 };
    ctx.words.mistake(&Mistake { at: 0..0, what })
}

/// "37 of 100", "37 times", "12 MB of 100 MB".
pub fn progress_words(ctx: &Ctx<'_>, send: &SendProgress) -> String {
    match send.rounds_asked {
        Some(1) if send.round_bytes > 0 => {
            let (sent, total) = (ctx.words.bytes(send.sent), ctx.words.bytes(send.round_bytes));
            ctx.words.fill("composer.progress", &[("done", &sent), ("total", &total)])
        }
        Some(1) => ctx.words.bytes(send.sent),
        Some(total) => ctx.words.fill(
            "composer.progress",
            &[("done", &ctx.words.number(send.rounds)), ("total", &ctx.words.number(total))],
        ),
        None => ctx.words.fill("composer.progress_times", &[("done", &ctx.words.number(send.rounds))]),
    }
}

/// "late: median 0.3 ms, 99 % 1.1 ms", of a schedule that has begun.
pub fn lateness_words(ctx: &Ctx<'_>, send: &SendProgress) -> Option<String> {
    let late = send.lateness;
    (late.most > 0).then(|| {
        let (median, p99) = (ctx.words.duration(late.median), ctx.words.duration(late.p99));
        ctx.words.fill("composer.late", &[("median", &median), ("rare", &p99)])
    })
}

/// "Sent 10,000 times. Late: median 0.3 ms, 99 % 1.1 ms, at most 2.0 ms.", of a schedule that is over.
fn late_words(words: &Words, send: &SendProgress) -> String {
    let late = send.lateness;
    let [median, p99, most] = [late.median, late.p99, late.most].map(|nanos| words.duration(nanos));
    let rounds = words.number(send.rounds);
    words.fill("composer.late_whole", &[("rounds", &rounds), ("median", &median), ("rare", &p99), ("most", &most)])
}
