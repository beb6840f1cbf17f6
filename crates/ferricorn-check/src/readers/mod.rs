//! From the text of a file to a document whose values know their places. One format each, no rule.
