//! The words of the page, one Fluent file for each language.
//!
//! While an application is built, `compile` reads its `texts/en.ftl` and makes two things of it: a module with one
//! constant or function for each text, and a table with the texts themselves. What is missing there does not compile.
//! Every further file becomes a table of the same form, which the page fetches when its reader wants that language.
//! While the page runs there is no Fluent: a [`Book`] looks texts up by number and fills their arguments in.
#![forbid(unsafe_code)]

mod book;
#[cfg(feature = "compile")]
pub mod compile;
mod page;

pub use book::{Argument, Book, Number};

/// What stands between the parts of a table, and what has a meaning in a text of it. A text of Fluent has none of them.
pub mod mark {
    /// Between two texts.
    pub const NEXT: char = '\u{1f}';
    /// The first of the arguments; the others follow.
    pub const ARGUMENT: char = '\u{1}';
    /// How many arguments a text may have.
    pub const ARGUMENTS_MAX: usize = 8;
    /// Before a choice: the argument that decides comes next, then the variants.
    pub const CHOICE: char = '\u{e}';
    /// Between the key of a variant and its text.
    pub const KEY: char = '\u{f}';
    /// After a variant.
    pub const VARIANT: char = '\u{10}';
    /// After the last variant, which has no key.
    pub const LAST: char = '\u{11}';
}
