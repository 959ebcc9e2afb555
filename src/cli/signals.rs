//! Ctrl+C and SIGTERM: asked for before the first socket opens, so that none of them ends the program half way.
//! Called by: `live`.

use std::io;

use tokio::sync::watch;

/// How often the person asked the program to end.
#[derive(Clone)]
pub struct Signals {
    count: watch::Receiver<u32>,
}

impl Signals {
    /// Takes the signals over. Must be called on a runtime.
    pub fn take() -> io::Result<Self> {
        let (sender, count) = watch::channel(0);
        #[cfg(unix)]
        {
            use tokio::signal::unix::{SignalKind, signal};
            let mut interrupt = signal(SignalKind::interrupt())?;
            let mut terminate = signal(SignalKind::terminate())?;
            tokio::spawn(async move {
                loop {
                    let more = tokio::select! {
                        more = interrupt.recv() => more,
                        more = terminate.recv() => more,
                    };
                    if more.is_none() {
                        return;
                    }
                    sender.send_modify(|count| *count += 1);
                }
            });
        }
        #[cfg(not(unix))]
        tokio::spawn(async move {
            while tokio::signal::ctrl_c().await.is_ok() {
                sender.send_modify(|count| *count += 1);
            }
        });
        Ok(Self { count })
    }

    /// Waits for the first signal; returns at once when it has come already.
    pub async fn first(&self) {
        let mut count = self.count.clone();
        if count.wait_for(|count| *count > 0).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
