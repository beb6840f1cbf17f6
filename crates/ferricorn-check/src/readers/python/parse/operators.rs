//! Words and signs of expressions, and how tightly they bind.

/// Words that can be no name.
pub(super) fn is_keyword(word: &str) -> bool {
    matches!(
        word,
        "False"
            | "None"
            | "True"
            | "and"
            | "as"
            | "assert"
            | "async"
            | "await"
            | "break"
            | "class"
            | "continue"
            | "def"
            | "del"
            | "elif"
            | "else"
            | "except"
            | "finally"
            | "for"
            | "from"
            | "global"
            | "if"
            | "import"
            | "in"
            | "is"
            | "lambda"
            | "nonlocal"
            | "not"
            | "or"
            | "pass"
            | "raise"
            | "return"
            | "try"
            | "while"
            | "with"
            | "yield"
    )
}

/// How tightly an operator between two operands binds; the larger, the tighter. Comparisons ([`COMPARISON`]) chain.
pub(super) fn binding(word: &str) -> Option<u8> {
    Some(match word {
        "or" => 1,
        "and" => 2,
        "<" | ">" | "<=" | ">=" | "==" | "!=" | "<>" | "in" | "is" | "not" => COMPARISON,
        "|" => 5,
        "^" => 6,
        "&" => 7,
        "<<" | ">>" => 8,
        "+" | "-" => 9,
        "*" | "/" | "//" | "%" | "@" => 10,
        _ => return None,
    })
}

/// `not x`.
pub(super) const NOT: u8 = 3;
/// `a < b < c`, `a in b`, `a is not b`.
pub(super) const COMPARISON: u8 = 4;
/// `-x`, `~x`.
pub(super) const UNARY: u8 = 11;
