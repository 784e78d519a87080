//! [`Reports`]: what a tunnel's reloaders say, in the log and in the counters.

use mtls_roles::{
    Error, Expiry, KeptCrl, NothingPresented, Observer, Published, ReloadReport, Role,
};

use crate::metrics::Meters;
use crate::words;

/// Of one tunnel.
pub struct Reports {
    pub tunnel: String,
    pub meters: Meters,
}

impl Observer for Reports {
    fn reloaded(&self, report: &ReloadReport) {
        if let Some(generation) = report.published {
            self.meters.reloaded("published");
            let roots = |roots: &[(Role, String)]| {
                let names: Vec<_> =
                    roots.iter().map(|(role, root)| format!("{root} ({role}s)")).collect();
                (!names.is_empty()).then(|| names.join(", "))
            };
            tracing::info!(
                tunnel = self.tunnel,
                generation,
                files = files(&report.changed),
                shorter = files(&report.shorter),
                roots_added = roots(&report.roots_added),
                roots_removed = roots(&report.roots_removed),
                "reload"
            );
            if let Some(files) = files(&report.shorter) {
                tracing::warn!(
                    tunnel = self.tunnel,
                    "{files}: shorter than before; check that it is complete"
                );
            }
        }
        for part in &report.refused {
            self.meters.reloaded("refused");
            tracing::error!(tunnel = self.tunnel, "reload: {}", words::of_refused(part));
        }
    }

    fn reload_failed(&self, error: &Error) {
        self.meters.reloaded("failed");
        let error = words::of_error(error);
        tracing::error!(
            tunnel = self.tunnel,
            error,
            "reload: nothing new is used, what was good before stays"
        );
    }

    fn expiring(&self, expiry: &Expiry) {
        tracing::warn!(tunnel = self.tunnel, until = %expiry.until, "{expiry}");
    }

    fn published(&self, published: &Published<'_>) {
        for note in published.notes {
            tracing::warn!(tunnel = self.tunnel, role = %published.role, "{note}");
        }
    }

    fn nothing_presented(&self, role: Role, reason: NothingPresented) {
        tracing::warn!(tunnel = self.tunnel, %role, %reason, "asked for a certificate and presented none");
    }

    fn crl_kept(&self, role: Role, kept: &KeptCrl) {
        tracing::warn!(tunnel = self.tunnel, peers = %role, "{kept}");
    }
}

fn files(paths: &[std::path::PathBuf]) -> Option<String> {
    let paths: Vec<_> =
        paths.iter().map(|path| crate::common::printable(&path.display().to_string())).collect();
    (!paths.is_empty()).then(|| paths.join(", "))
}
