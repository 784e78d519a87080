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
pub struct Roles(u8);

impl Roles {
    /// Neither role.
    pub const NONE: Self = Self(0);
    /// Role server only.
    pub const SERVER: Self = Self(1);
    /// Role client only.
    pub const CLIENT: Self = Self(2);
    /// Both roles.
    pub const BOTH: Self = Self(1 | 2);

    const fn of(role: Role) -> Self {
        match role {
            Role::Server => Self::SERVER,
            Role::Client => Self::CLIENT,
        }
    }

    /// Whether a role is among them.
    pub const fn contains(self, role: Role) -> bool {
        self.contains_all(Self::of(role))
    }

    /// Whether all of the other roles are among them.
    pub const fn contains_all(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Each of them, server first.
    pub fn iter(self) -> impl Iterator<Item = Role> {
        let roles = Role::BOTH.into_iter();
        roles.filter(move |role| self.contains(*role))
    }
}

impl FromIterator<Role> for Roles {
    fn from_iter<I: IntoIterator<Item = Role>>(roles: I) -> Self {
        let roles = roles.into_iter().map(|role| Self::of(role).0);
        Self(roles.fold(0, |all, role| all | role))
    }
}

/// `server`, `client`, `server+client` or `none`.
impl fmt::Display for Roles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(["none", "server", "client", "server+client"][usize::from(self.0)])
    }
}
