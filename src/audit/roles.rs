//! [`Roles`]: none, one or both of the two roles.

use std::fmt;

use crate::role::Role;

/// None, one or both of the two roles.
///
/// ```
/// use mtls_roles::Role;
/// use mtls_roles::audit::Roles;
///
/// let roles: Roles = [Role::Client].into_iter().collect();
/// assert_eq!(roles, Roles::CLIENT);
/// assert_eq!(Roles::BOTH.to_string(), "server+client");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Roles {
    server: bool,
    client: bool,
}

impl Roles {
    /// Neither role.
    pub const NONE: Self = Self::of(false, false);
    /// Role server only.
    pub const SERVER: Self = Self::of(true, false);
    /// Role client only.
    pub const CLIENT: Self = Self::of(false, true);
    /// Both roles.
    pub const BOTH: Self = Self::of(true, true);

    const fn of(server: bool, client: bool) -> Self {
        Self { server, client }
    }

    /// Whether a role is among them.
    pub const fn contains(self, role: Role) -> bool {
        match role {
            Role::Server => self.server,
            Role::Client => self.client,
        }
    }

    /// Whether all of the other roles are among them.
    pub const fn contains_all(self, other: Self) -> bool {
        (self.server || !other.server) && (self.client || !other.client)
    }

    /// Each of them, server first.
    pub fn iter(self) -> impl Iterator<Item = Role> {
        Role::BOTH
            .into_iter()
            .filter(move |role| self.contains(*role))
    }
}

impl FromIterator<Role> for Roles {
    fn from_iter<I: IntoIterator<Item = Role>>(roles: I) -> Self {
        roles.into_iter().fold(Self::NONE, |all, role| match role {
            Role::Server => Self::of(true, all.client),
            Role::Client => Self::of(all.server, true),
        })
    }
}

/// `server`, `client`, `server+client` or `none`.
impl fmt::Display for Roles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match (self.server, self.client) {
            (true, true) => "server+client",
            (true, false) => "server",
            (false, true) => "client",
            (false, false) => "none",
        })
    }
}
