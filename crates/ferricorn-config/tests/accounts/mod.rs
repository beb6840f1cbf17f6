//! A system with one user and one group, seen by root or by somebody else.

use std::io;

use ferricorn_config::Accounts;

/// The user and the group `web` are number 33; `web` is a member of 44 as well.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Web {
    /// The user and the group of this process, which may change them only if it is 0.
    pub(crate) own: u32,
}

impl Accounts for Web {
    fn user(&self, name: &str) -> io::Result<Option<u32>> {
        Ok((name == "web").then_some(33))
    }

    fn name(&self, user: u32) -> io::Result<Option<String>> {
        Ok((user == 33).then(|| "web".to_owned()))
    }

    fn group(&self, name: &str) -> io::Result<Option<u32>> {
        self.user(name)
    }

    fn groups(&self, _name: &str, group: u32) -> io::Result<Vec<u32>> {
        Ok(vec![group, 44])
    }

    fn own(&self) -> (u32, u32) {
        (self.own, self.own)
    }

    fn may_change_user(&self) -> bool {
        self.own == 0
    }

    fn may_change_group(&self) -> bool {
        self.own == 0
    }
}
