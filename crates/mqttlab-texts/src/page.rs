//! What an application has of its texts.

/// Makes the types and functions that the generated texts of a page are built on; `$english` is the table of English.
///
/// Only generated code calls it.
#[macro_export]
macro_rules! texts_of_page {
    ($english:expr) => {
        /// A text without arguments.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) struct Text(u16);

        impl Text {
            /// Its words in the language of the page.
            #[inline(never)]
            pub(crate) fn text(self) -> &'static str {
                book().text(self.0)
            }
        }

        impl ::std::ops::Deref for Text {
            type Target = str;

            fn deref(&self) -> &str {
                self.text()
            }
        }

        impl ::std::fmt::Display for Text {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.write_str(self.text())
            }
        }

        impl ::yew::html::IntoPropValue<::yew::Html> for Text {
            #[inline(never)]
            fn into_prop_value(self) -> ::yew::Html {
                ::yew::virtual_dom::VText::new(self.text()).into()
            }
        }

        impl ::yew::html::IntoPropValue<Option<::yew::AttrValue>> for Text {
            #[inline(never)]
            fn into_prop_value(self) -> Option<::yew::AttrValue> {
                Some(::yew::AttrValue::Static(self.text()))
            }
        }

        static BOOK: ::std::sync::OnceLock<$crate::Book> = ::std::sync::OnceLock::new();

        fn book() -> &'static $crate::Book {
            BOOK.get_or_init(|| $crate::Book::read($english))
        }

        /// Takes another language, before anything is said; says whether its table belongs to this page.
        pub(crate) fn speak(table: String) -> bool {
            let book = $crate::Book::read(table.leak());
            book.is_like(&$crate::Book::read($english)) && BOOK.set(book).is_ok()
        }

        #[inline(never)]
        fn fill(number: u16, arguments: &[$crate::Argument<'_>]) -> String {
            book().fill(number, arguments)
        }
    };
}
