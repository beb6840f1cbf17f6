//! The rights of the workers.

/// The rights of workers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rights {
    /// The user.
    pub user: u32,
    /// The primary group.
    pub group: u32,
    /// All supplementary groups; `None`: those of the master.
    pub groups: Option<Vec<u32>>,
    /// Whether any of this is other than the master's.
    pub changed: bool,
}
