//! Starts the window: folders, preferences, recorder and engine first, then eframe; and says in words what is missing
//! when there can be no window.

use std::cell::RefCell;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::rc::Rc;
use std::time::Duration;

use super::app::{App, FIRST_SIZE, LEAST_SIZE};
use super::apply;
use super::effects::{Effects, Feed, Job};
use super::live::{self, Live};
use super::state::State;
use crate::words::{Language, Words};
use crate::workspace::{Folders, Preferences, TrustStore, Unsent, WorkspaceLock};

/// Opens the window, with a session or a workspace file where one is given.
pub fn run(open: Option<PathBuf>) -> ExitCode {
    // As many sockets as the system lets this program have; where it does not, the engine says so when they run out.
    let _ = crate::kernel::raise_file_limit();
    let folders = match Folders::discover() {
        Ok(folders) => folders,
        Err(failure) => {
            let words = Words::of(language(None));
            let reason = format!("{} {}", words.failure(&failure), words.hint(&failure));
            return complain(&words.fill("start.no_folder", &[("reason", &reason)]));
        }
    };
    let preferences = Preferences::load(&folders.config);
    let words = Words::of(language(preferences.language));
    if cfg!(target_os = "linux") && !has_display() {
        return complain(&no_window(words, words.get("start.no_display")));
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .thread_name("engine")
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => {
            return complain(&no_window(words, &words.fill("start.no_window", &[("reason", &error)])));
        }
    };
    let (state, live) = match prepare(&folders, preferences, open, runtime.handle().clone()) {
        Ok(ready) => ready,
        Err(failure) => return complain(&format!("{} {}", words.failure(&failure), words.hint(&failure))),
    };
    let exit = show(words, state, live);
    runtime.shutdown_timeout(Duration::from_millis(100));
    exit
}

/// What is there before the first frame. Reads files: it is not a frame yet.
fn prepare(
    folders: &Folders,
    preferences: Preferences,
    open: Option<PathBuf>,
    runtime: tokio::runtime::Handle,
) -> Result<(State, Live), crate::model::Failure> {
    let open = open.map(|path| std::path::absolute(&path).unwrap_or(path));
    let is_workspace = |path: &Path| path.extension().is_some_and(|end| end.eq_ignore_ascii_case("toml"));
    let given = open.as_ref().filter(|path| is_workspace(path)).cloned();
    let path =
        given.clone().or_else(|| preferences.workspace.clone()).unwrap_or_else(|| folders.data.join("workspace.toml"));
    let lock = WorkspaceLock::take(folders, &path).ok().flatten();
    let trust = TrustStore::load(&folders.config);
    let read = (path.exists() || given.is_some()).then(|| live::read_workspace(&trust, &path));
    // Nothing of a file that cannot be read is taken over.
    let ours = !matches!(read, Some(Ok((_, false))));
    let mut state = State {
        language: language(preferences.language),
        theme: preferences.theme,
        zoom: preferences.zoom.unwrap_or(1.0),
        // Nobody chose yet: the clock on the wall.
        local_time: preferences.local_time || preferences.version == 0,
        rotation: preferences.rotation,
        decimal_offsets: preferences.decimal_offsets,
        history: preferences.history.iter().rev().cloned().collect(),
        filter_history: preferences.filter_history.clone(),
        workspace_path: Some(path.clone()),
        unsent: Unsent::load(&folders.data).into(),
        ..State::default()
    };
    state.query.local_time = state.local_time;
    state.other_preferences = preferences;
    state.sessions.folder = folders.sessions();
    let (mut live, failure) = Live::start(runtime, folders, lock, ours)?;
    live.rotate(state.rotation);
    live.supply_from(&path, ours);
    let now = live.now();
    if let Some(failure) = failure {
        apply::recording_failed(&mut state, &failure, now);
    }
    let name =
        live.recorder().path.as_deref().and_then(Path::file_stem).map_or("session".into(), |name| name.to_owned());
    state.saving.suggested = folders.data.join(name);
    if let Some(read) = read {
        if read.is_err() {
            // What cannot be read must not be written over.
            state.workspace_path = None;
        }
        apply::restore(&mut state, path, read, now, &mut live);
    }
    live.start(Job::ListSessions);
    if let Some(path) = open.filter(|path| !is_workspace(path)) {
        live.start(Job::OpenSession(path));
    }
    Ok((state, live))
}

fn show(words: &Words, state: State, live: Live) -> ExitCode {
    let options = eframe::NativeOptions {
        // Set by name: with egui_kittest's features the default would be another one.
        renderer: eframe::Renderer::Glow,
        viewport: egui::ViewportBuilder::default()
            .with_title("Sockscope")
            .with_app_id("sockscope")
            .with_icon(icon())
            .with_inner_size(FIRST_SIZE)
            .with_min_inner_size(LEAST_SIZE),
        ..Default::default()
    };
    // The window may fail before it takes them; then they are ended here.
    let ready = Rc::new(RefCell::new(Some((state, live))));
    let taken = ready.clone();
    let create = move |cc: &eframe::CreationContext<'_>| -> Result<Box<dyn eframe::App>, _> {
        let (state, live) = taken.borrow_mut().take().ok_or("the window was made twice")?;
        Ok(Box::new(App::new(&cc.egui_ctx, state, live)))
    };
    let result = eframe::run_native("sockscope", options, Box::new(create));
    if let Some((_, mut live)) = ready.borrow_mut().take() {
        live.finish();
    }
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => complain(&no_window(words, &reason(words, &whole(&error)))),
    }
}

fn language(chosen: Option<Language>) -> Language {
    let locale = || {
        ["LC_ALL", "LC_MESSAGES", "LANG"]
            .iter()
            .find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()))
    };
    chosen.unwrap_or_else(|| locale().map_or(Language::English, |locale| Language::of_locale(&locale)))
}

fn has_display() -> bool {
    ["DISPLAY", "WAYLAND_DISPLAY", "WAYLAND_SOCKET"]
        .iter()
        .any(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()))
}

fn icon() -> egui::IconData {
    // Part of the program; without it the window has the system's own.
    eframe::icon_data::from_png_bytes(include_bytes!("../../assets/icon.png")).unwrap_or_default()
}

/// An error with all that lies behind it: the missing library stands at the end of the chain.
fn whole(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text.push_str(": ");
        text.push_str(&error.to_string());
        source = error.source();
    }
    format!("{text} {error:?}")
}

/// Libraries that are loaded when the window opens, and the Debian package of each.
static LIBRARIES: &[(&str, &str)] = &[
    ("libX11-xcb.so", "libx11-xcb1"),
    ("libX11.so", "libx11-6"),
    ("libxcb.so", "libxcb1"),
    ("libXcursor.so", "libxcursor1"),
    ("libXi.so", "libxi6"),
    ("libxkbcommon-x11.so", "libxkbcommon-x11-0"),
    ("libxkbcommon.so", "libxkbcommon0"),
    ("libwayland-client.so", "libwayland-client0"),
    ("libwayland-egl.so", "libwayland-egl1"),
    ("libEGL.so", "libegl1"),
    ("libGL.so", "libgl1"),
];

/// The error of the window in words: which library, which package.
fn reason(words: &Words, error: &str) -> String {
    let missing = LIBRARIES.iter().find(|(library, _)| error.contains(library)).copied();
    // Without any OpenGL there is no configuration to choose from, and no library is named.
    let no_gl =
        error.contains("NoGlutinConfigs") || error.contains("NoAvailablePixelFormat") || error.contains("Glutin");
    match missing.or(no_gl.then_some(("libGL.so.1", "libgl1"))) {
        Some((library, package)) => {
            let library = library.trim_end_matches(".1");
            words.fill("start.no_library", &[("library", &library), ("package", &package)])
        }
        None => {
            let error = crate::payload::visible_text(error, 400);
            words.fill("start.no_window", &[("reason", &error)])
        }
    }
}

fn no_window(words: &Words, reason: &str) -> String {
    format!("{reason}\n{}", words.get("start.headless"))
}

fn complain(text: &str) -> ExitCode {
    // A closed standard error is no reason to end otherwise.
    let _ = writeln!(std::io::stderr(), "{text}");
    ExitCode::FAILURE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_the_library_and_its_package() {
        let words = Words::of(Language::English);
        let error = "winit EventLoopError: os error: libX11.so.6: cannot open shared object file";
        assert!(reason(words, error).contains("libx11-6"));
        let error = "libxkbcommon-x11.so.0: cannot open shared object file";
        assert!(reason(words, error).contains("libxkbcommon-x11-0"));
        assert!(reason(words, "NoGlutinConfigs(..)").contains("libgl1"));
        assert!(reason(words, "something else").contains("something else"));
    }

    #[test]
    fn the_icon_can_be_read() {
        assert_eq!(icon().width, 256);
    }
}
