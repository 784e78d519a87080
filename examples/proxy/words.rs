//! What the crate says, for those who write the file: its calls have other names there.

use mtls_roles::{Error, RefusedPart};

/// An error, and what in the file is meant by what it says to do.
pub fn of_error(error: &Error) -> String {
    let here = match error {
        // What this program itself found.
        Error::Recipe { reason, .. } => return reason.clone(),
        Error::RelaxedForNobody { .. } => "relax_for = [\"dns:edge.example.com\"]",
        Error::AcceptServerAuthForServers => "eku = \"rfc5280\", or none",
        Error::EncryptedKey { .. } => "password_file",
        Error::Unfit { .. } => "present_eku = \"ignore until 2027-03-15\"",
        Error::PublicRootsNeedRules { .. } => "allow = [\"dns:edge.example.com\"]",
        Error::NameOverPublicRoots { .. } => {
            "eku = \"accept-server-auth\", or cert-sha256: in relax_for"
        }
        Error::RelaxedServersOverPublicRoots { .. } => "no eku, or a file as server_roots",
        Error::RootHintsTooLarge { .. } => "fewer client_roots in one tunnel",
        _ => return error.to_string(),
    };
    format!("{error} (in the file of the proxy: {here})")
}

/// What is refused of a reload.
pub fn of_refused(part: &RefusedPart) -> String {
    part.to_string().replace(&part.error.to_string(), &of_error(&part.error))
}
