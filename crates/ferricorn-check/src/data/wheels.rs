//! From which version on a package has wheels for a Python, as `pip download --only-binary` said on 2026-11-30.
//!
//! `scripts/make_tables.py wheels 3.14` asks again and prints the table. A version below the first one is compiled while it
//! is installed. Packages in pure Python or with wheels for the stable
//! interface are never here.

use super::Origin;

/// Where this is from.
pub const ORIGIN: Origin = Origin {
    name: "wheels",
    holds: "first versions of packages with a wheel for a Python",
    date: "2026-11-30",
    source: "pip download --only-binary",
};

/// A Python (its second number), and the first version of each package that has a wheel for it.
pub const FIRST: [(u64, &[(&str, &str)]); 1] = [(
    14,
    &[
        ("pydantic-core", "2.35.1"),
        ("pydantic", "2.12"),
        ("psycopg2-binary", "2.9.11"),
        ("asyncpg", "0.31.0"),
        ("httptools", "0.7.1"),
        ("uvloop", "0.22.1"),
        ("numpy", "2.3.2"),
        ("pandas", "2.3.3"),
        ("greenlet", "3.2.4"),
        ("aiohttp", "3.13.0"),
        ("scikit-learn", "1.7.2"),
        ("grpcio", "1.75.1"),
        ("lxml", "6.0.1"),
        ("pyyaml", "6.0.3"),
        ("pillow", "11.3.0"),
    ],
)];

/// The newest version of which it is certain that it has none, if that is not the one before the first.
pub const LAST_WITHOUT: [(&str, &str); 3] =
    [("pydantic-core", "2.34.1"), ("greenlet", "3.2.0"), ("grpcio", "1.74.0")];
