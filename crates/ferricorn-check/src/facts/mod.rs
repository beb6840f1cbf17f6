//! What a repository's files say: what runs where, with what.
