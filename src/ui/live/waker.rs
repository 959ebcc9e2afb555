//! When the window draws because something came in: at once after a pause, and never so often that drawing is all it does.
//!
//! Owns: the mark that something is new, and the time of the frames. Never: frames that the person asks for by mouse
//! or keyboard; egui has those at once. Called by: `live`, and by the threads of engine and log through `as_fn`.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use parking_lot::Mutex;

/// From one frame to the next while traffic asks for them.
const FRAME: Duration = Duration::from_millis(33);
/// The same where drawing is slow, as on a machine without a graphics card.
const SLOW_FRAME: Duration = Duration::from_millis(100);
/// A frame that begins so much later than it was due waited for the one before it.
const LATE: Duration = Duration::from_millis(3);

/// Tells the window that something is new, at most once until the window looked.
#[derive(Clone, Default)]
pub struct Waker {
    shared: Arc<WakerShared>,
}

#[derive(Default)]
struct WakerShared {
    dirty: AtomicBool,
    screen: Mutex<Screen>,
}

#[derive(Default)]
struct Screen {
    ctx: Option<egui::Context>,
    pace: Pace,
}

impl Waker {
    pub fn wake(&self) {
        if self.shared.dirty.swap(true, Ordering::AcqRel) {
            return;
        }
        let mut screen = self.shared.screen.lock();
        let rest = screen.pace.ask(Instant::now());
        if let Some(ctx) = &screen.ctx {
            ctx.request_repaint_after(rest);
        }
    }

    /// A frame begins.
    pub fn looked(&self) {
        self.shared.screen.lock().pace.begin(Instant::now());
        self.shared.dirty.store(false, Ordering::Release);
    }

    pub fn through(&self, ctx: egui::Context) {
        if self.shared.dirty.load(Ordering::Acquire) {
            ctx.request_repaint();
        }
        self.shared.screen.lock().ctx = Some(ctx);
    }

    pub fn as_fn(&self) -> Arc<dyn Fn() + Send + Sync> {
        let waker = self.clone();
        Arc::new(move || waker.wake())
    }
}

/// The time between frames that traffic asks for. What a frame costs cannot be asked (a software renderer works after
/// the frame is laid out), but it can be seen: the next one is late.
#[derive(Default)]
struct Pace {
    begun: Option<Instant>,
    /// When the frame that was asked for is due.
    due: Option<Instant>,
    /// What drawing needs beyond `FRAME`.
    pause: Duration,
}

impl Pace {
    /// How long the frame that is asked for now is to wait.
    fn ask(&mut self, now: Instant) -> Duration {
        let pause = self.pause.clamp(FRAME, SLOW_FRAME);
        let at = self.begun.map_or(now, |begun| begun + pause).max(now);
        self.due = Some(at);
        // Zero would mean two frames to egui.
        (at - now).max(Duration::from_millis(1))
    }

    fn begin(&mut self, now: Instant) {
        if let (Some(begun), Some(due)) = (self.begun, self.due.take()) {
            self.pause = if now.saturating_duration_since(due) > LATE {
                // The frame before was being drawn until now: as long again is left to everything else.
                ((now - begun) * 2).min(SLOW_FRAME)
            } else {
                self.pause * 7 / 8
            };
        }
        self.begun = Some(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MILLI: Duration = Duration::from_millis(1);

    #[test]
    fn the_first_news_after_a_pause_shows_at_once_and_a_stream_of_it_30_times_a_second() {
        let (mut pace, start) = (Pace::default(), Instant::now());
        pace.begin(start);
        assert_eq!(pace.ask(start + 500 * MILLI), MILLI, "nothing was drawn for a while");
        pace.begin(start + 501 * MILLI);
        assert_eq!(pace.ask(start + 503 * MILLI), 31 * MILLI);
    }

    #[test]
    fn slow_drawing_leaves_time_for_the_rest_and_recovers() {
        let (mut pace, mut now) = (Pace::default(), Instant::now());
        pace.begin(now);
        pace.ask(now + MILLI);
        // The first frame takes 45 ms, 12 more than it was given.
        now += 45 * MILLI;
        pace.begin(now);
        assert_eq!(pace.ask(now + MILLI), 89 * MILLI);
        for _ in 0..20 {
            now += pace.ask(now);
            pace.begin(now);
        }
        assert_eq!(pace.ask(now), FRAME);
        // However slow the machine is, ten frames a second are tried.
        now += Duration::from_secs(3);
        pace.begin(now);
        assert_eq!(pace.ask(now), SLOW_FRAME);
    }
}
