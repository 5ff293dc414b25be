//! From TOML to any type with serde, and small as code.
//!
//! The `toml` crate parses the text into a tree with the place of each value. Its own way from there into types is
//! compiled anew for every type of every key, which made a fifth of the page's whole module; this one is a few lines for each.

use std::fmt::Display;
use std::ops::Range;

use serde::Deserialize;
use serde::de::value::StringDeserializer;
use serde::de::{
    self, DeserializeSeed, EnumAccess, Error, Expected, IntoDeserializer, Unexpected,
    VariantAccess, Visitor,
};
use serde::forward_to_deserialize_any;
use serde_spanned::de::{SpannedDeserializer, is_spanned};
use toml::Spanned;
use toml::de::{DeArray, DeString, DeTable, DeValue};

/// What is wrong with a text, and where.
#[derive(Debug)]
pub(super) struct Mistake {
    pub(super) message: String,
    /// In bytes; `None` only until the nearest value that has a place is known.
    pub(super) place: Option<Range<usize>>,
}

/// Reads `text` into a `T`.
pub(super) fn read<'de, T: Deserialize<'de>>(text: &'de str) -> Result<T, Mistake> {
    let table = DeTable::parse(text).map_err(|error| Mistake {
        message: error.message().to_owned(),
        place: error.span(),
    })?;
    let place = table.span();
    T::deserialize(Node(Spanned::new(
        place,
        DeValue::Table(table.into_inner()),
    )))
}

impl Mistake {
    /// The same, at `place` unless a nearer one is known.
    fn at(mut self, place: &Range<usize>) -> Self {
        self.place.get_or_insert_with(|| place.clone());
        self
    }
}

impl Display for Mistake {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Mistake {}

impl Error for Mistake {
    fn custom<T: Display>(message: T) -> Self {
        Self {
            message: message.to_string(),
            place: None,
        }
    }
}

/// A value and its place.
struct Node<'de>(Spanned<DeValue<'de>>);

impl<'de> Node<'de> {
    /// The error for a value of the wrong kind.
    fn mismatch(&self, expected: &dyn Expected) -> Mistake {
        let unexpected = match self.0.get_ref() {
            DeValue::String(text) => Unexpected::Str(text),
            DeValue::Integer(number) => match number.as_str().parse() {
                Ok(number) => Unexpected::Signed(number),
                Err(_) => Unexpected::Other("integer"),
            },
            DeValue::Float(_) => Unexpected::Other("floating point number"),
            DeValue::Boolean(truth) => Unexpected::Bool(*truth),
            DeValue::Datetime(_) => Unexpected::Other("date"),
            DeValue::Array(_) => Unexpected::Seq,
            DeValue::Table(_) => Unexpected::Map,
        };
        Mistake::invalid_type(unexpected, expected).at(&self.0.span())
    }

    fn integer(&self) -> Option<Integer> {
        let DeValue::Integer(number) = self.0.get_ref() else {
            return None;
        };
        let (digits, radix) = (number.as_str(), number.radix());
        if let Ok(number) = i64::from_str_radix(digits, radix) {
            return Some(Integer::Signed(number));
        }
        u64::from_str_radix(digits, radix).ok().map(Integer::Large)
    }
}

enum Integer {
    Signed(i64),
    /// More than an `i64` can hold.
    Large(u64),
}

/// Methods of a deserializer for the kinds of integers.
macro_rules! integers {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
            let place = self.0.span();
            let read = match self.integer() {
                Some(Integer::Signed(number)) => visitor.visit_i64(number),
                Some(Integer::Large(number)) => visitor.visit_u64(number),
                None => return Err(self.mismatch(&visitor)),
            };
            read.map_err(|mistake: Mistake| mistake.at(&place))
        }
    )*};
}

/// What a type asks for is all that is compiled for it: that is why there are so many methods.
impl<'de> de::Deserializer<'de> for Node<'de> {
    type Error = Mistake;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        match self.0.get_ref() {
            DeValue::String(_) | DeValue::Datetime(_) => self.deserialize_string(visitor),
            DeValue::Integer(_) => self.deserialize_i64(visitor),
            DeValue::Float(_) => self.deserialize_f64(visitor),
            DeValue::Boolean(_) => self.deserialize_bool(visitor),
            DeValue::Array(_) => self.deserialize_seq(visitor),
            DeValue::Table(_) => self.deserialize_map(visitor),
        }
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        let place = self.0.span();
        match self.0.into_inner() {
            DeValue::String(text) => visitor
                .visit_string(text.into_owned())
                .map_err(|mistake: Mistake| mistake.at(&place)),
            other => Err(Node(Spanned::new(place, other)).mismatch(&visitor)),
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        match self.0.get_ref() {
            DeValue::Boolean(truth) => visitor.visit_bool(*truth),
            _ => Err(self.mismatch(&visitor)),
        }
    }

    integers! {
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        match self.0.get_ref() {
            DeValue::Float(number) => match number.as_str().parse() {
                Ok(number) => visitor.visit_f64(number),
                Err(_) => Err(self.mismatch(&visitor)),
            },
            _ => self.deserialize_i64(visitor),
        }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        let place = self.0.span();
        match self.0.into_inner() {
            DeValue::Array(array) => visitor
                .visit_seq(Items(array.into_iter()))
                .map_err(|mistake| mistake.at(&place)),
            other => Err(Node(Spanned::new(place, other)).mismatch(&visitor)),
        }
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        let place = self.0.span();
        match self.0.into_inner() {
            DeValue::Table(table) => {
                let entries = Entries {
                    rest: table.into_iter(),
                    value: None,
                };
                visitor
                    .visit_map(entries)
                    .map_err(|mistake| mistake.at(&place))
            }
            other => Err(Node(Spanned::new(place, other)).mismatch(&visitor)),
        }
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        self.deserialize_string(visitor)
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        self.deserialize_string(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Mistake> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Mistake> {
        if is_spanned(name) {
            let place = self.0.span();
            return visitor.visit_map(SpannedDeserializer::new(self, place));
        }
        self.deserialize_map(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Mistake> {
        let place = self.0.span();
        let read = match self.0.into_inner() {
            DeValue::String(name) => visitor.visit_enum(StringDeserializer::new(name.into_owned())),
            DeValue::Table(table) => {
                let mut entries = table.into_iter();
                match (entries.next(), entries.next()) {
                    (Some((name, value)), None) => visitor.visit_enum(Variant {
                        name,
                        value: Node(value),
                    }),
                    (None | Some(_), _) => Err(Mistake::custom("expected exactly one key")),
                }
            }
            DeValue::Integer(_)
            | DeValue::Float(_)
            | DeValue::Boolean(_)
            | DeValue::Datetime(_)
            | DeValue::Array(_) => {
                Err(Mistake::custom("expected a string or a table with one key"))
            }
        };
        read.map_err(|mistake| mistake.at(&place))
    }

    forward_to_deserialize_any! {
        i128 u128 f32 char bytes byte_buf unit unit_struct tuple tuple_struct ignored_any
    }
}

impl<'de> IntoDeserializer<'de, Mistake> for Node<'de> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

struct Items<'de>(<DeArray<'de> as IntoIterator>::IntoIter);

impl<'de> de::SeqAccess<'de> for Items<'de> {
    type Error = Mistake;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Mistake> {
        self.0
            .next()
            .map(|item| seed.deserialize(Node(item)))
            .transpose()
    }
}

struct Entries<'de> {
    rest: <DeTable<'de> as IntoIterator>::IntoIter,
    /// That of the key that was just read.
    value: Option<Node<'de>>,
}

impl<'de> de::MapAccess<'de> for Entries<'de> {
    type Error = Mistake;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Mistake> {
        let Some((key, value)) = self.rest.next() else {
            return Ok(None);
        };
        self.value = Some(Node(value));
        let place = key.span();
        let key = StringDeserializer::new(key.into_inner().into_owned());
        seed.deserialize(key)
            .map(Some)
            .map_err(|mistake: Mistake| mistake.at(&place))
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, Mistake> {
        let value = self
            .value
            .take()
            .ok_or_else(|| Mistake::custom("a value is read once, after its key"))?;
        let place = value.0.span();
        seed.deserialize(value)
            .map_err(|mistake| mistake.at(&place))
    }
}

/// A variant with something in it: `name = value`.
struct Variant<'de> {
    name: Spanned<DeString<'de>>,
    value: Node<'de>,
}

impl<'de> EnumAccess<'de> for Variant<'de> {
    type Error = Mistake;
    type Variant = Node<'de>;

    fn variant_seed<T: DeserializeSeed<'de>>(
        self,
        seed: T,
    ) -> Result<(T::Value, Node<'de>), Mistake> {
        let place = self.name.span();
        let name = StringDeserializer::new(self.name.into_inner().into_owned());
        let variant = seed
            .deserialize(name)
            .map_err(|mistake: Mistake| mistake.at(&place))?;
        Ok((variant, self.value))
    }
}

impl<'de> VariantAccess<'de> for Node<'de> {
    type Error = Mistake;

    fn unit_variant(self) -> Result<(), Mistake> {
        let place = self.0.span();
        Err(Mistake {
            message: "this takes no value".to_owned(),
            place: Some(place),
        })
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Mistake> {
        seed.deserialize(self)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Mistake> {
        de::Deserializer::deserialize_any(self, visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Mistake> {
        de::Deserializer::deserialize_map(self, visitor)
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use toml::Spanned;

    use super::{Mistake, read};

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(rename_all = "kebab-case", deny_unknown_fields)]
    struct Sample {
        seed: Option<u64>,
        share: Option<f64>,
        name: Option<Spanned<String>>,
        shape: Option<Shape>,
        list: Option<Vec<i8>>,
    }

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(rename_all = "kebab-case")]
    enum Shape {
        Dot,
        Circle(u8),
        Box { width: u8 },
    }

    fn sample(text: &str) -> Sample {
        read(text).expect("the text is good")
    }

    fn mistake(text: &str) -> (String, String) {
        let Mistake { message, place } = read::<Sample>(text).expect_err("the text is wrong");
        (
            message,
            text[place.expect("each mistake has a place")].to_owned(),
        )
    }

    #[test]
    fn every_kind_of_value_is_read() {
        assert_eq!(sample("seed = 18446744073709551615").seed, Some(u64::MAX));
        assert_eq!(sample("seed = 0xff").seed, Some(255));
        assert_eq!(sample("share = -0.5").share, Some(-0.5));
        assert_eq!(sample("list = [1, -2]").list, Some(vec![1, -2]));
        assert_eq!(
            sample("name = \"A\"").name.map(|name| name.span()),
            Some(7..10)
        );
    }

    #[test]
    fn variants_are_words_or_tables_with_one_key() {
        assert_eq!(sample("shape = \"dot\"").shape, Some(Shape::Dot));
        assert_eq!(
            sample("shape = { circle = 3 }").shape,
            Some(Shape::Circle(3))
        );
        assert_eq!(
            sample("[shape.box]\nwidth = 2").shape,
            Some(Shape::Box { width: 2 })
        );
        assert!(
            mistake("shape = { circle = 3, dot = 1 }")
                .0
                .contains("one key")
        );
        assert!(
            mistake("shape = 3")
                .0
                .contains("expected a string or a table")
        );
    }

    #[test]
    fn a_mistake_is_where_it_was_made() {
        assert_eq!(mistake("list = [1, 300]").1, "300");
        assert_eq!(mistake("seed = 1\nnme = \"A\"").1, "nme");
        assert_eq!(mistake("name = 5").1, "5");
        assert_eq!(
            mistake("seed = 99999999999999999999").1,
            "99999999999999999999"
        );
        assert_eq!(mistake("shape = \"square\"").1, "\"square\"");
    }
}
