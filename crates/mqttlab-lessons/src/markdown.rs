//! A lesson's text: headings, paragraphs, lists, and blocks of TOML that say when.

use mqttlab_sim::lesson::Block;
use pulldown_cmark::{CodeBlockKind, Event, HeadingLevel, Parser, Tag, TagEnd};

use crate::LessonError;

/// What stands below one heading, up to the next.
#[derive(Debug, Default)]
pub(crate) struct Section {
    pub(crate) title: String,
    pub(crate) blocks: Vec<Block>,
    pub(crate) fences: Vec<Fence>,
}

/// A block of TOML: what it is about, and its text.
#[derive(Debug)]
pub(crate) struct Fence {
    pub(crate) kind: String,
    pub(crate) text: String,
}

/// A lesson's text in its parts.
#[derive(Debug)]
pub(crate) struct Document {
    /// The only heading of the first level, and what stands below it.
    pub(crate) head: Section,
    /// The headings of the second level.
    pub(crate) sections: Vec<Section>,
}

/// Where text goes to.
enum Place {
    Nowhere,
    Heading,
    Paragraph,
    Item,
    Fence,
}

struct Reader {
    sections: Vec<Section>,
    place: Place,
    text: String,
    items: Option<Vec<String>>,
    is_quote: bool,
}

/// Reads `text`. Only what a lesson needs is allowed, so that nothing is lost on the way to the page.
pub(crate) fn read(text: &str) -> Result<Document, LessonError> {
    let mut reader = Reader {
        sections: Vec::new(),
        place: Place::Nowhere,
        text: String::new(),
        items: None,
        is_quote: false,
    };
    for (event, range) in Parser::new(text).into_offset_iter() {
        reader.event(event).map_err(|what| {
            let line = text[..range.start].matches('\n').count() + 1;
            LessonError::new(format!("line {line}: {what}"))
        })?;
    }
    let mut sections = reader.sections.into_iter();
    let head = sections
        .next()
        .ok_or_else(|| LessonError::new("there is no title: `# Title`"))?;
    Ok(Document {
        head,
        sections: sections.collect(),
    })
}

impl Reader {
    fn event(&mut self, event: Event<'_>) -> Result<(), String> {
        match event {
            Event::Start(tag) => self.start(&tag),
            Event::End(tag) => self.end(tag),
            Event::Text(text) => self.say(&text),
            Event::Code(code) => self.say(&format!("`{code}`")),
            Event::SoftBreak => self.say(" "),
            other => Err(format!("{other:?} is not used in lessons")),
        }
    }

    fn say(&mut self, text: &str) -> Result<(), String> {
        if matches!(self.place, Place::Nowhere) {
            return Err(format!("`{text}` stands nowhere"));
        }
        self.text.push_str(text);
        Ok(())
    }

    fn start(&mut self, tag: &Tag<'_>) -> Result<(), String> {
        match tag {
            Tag::Heading { level, .. } => {
                let is_first = self.sections.is_empty();
                match (level, is_first) {
                    (HeadingLevel::H1, true) | (HeadingLevel::H2, false) => {}
                    _ => return Err("one `# Title`, and then `## …`".to_owned()),
                }
                self.sections.push(Section::default());
                self.place = Place::Heading;
            }
            Tag::Paragraph if self.items.is_none() => self.place = Place::Paragraph,
            Tag::Paragraph => {}
            Tag::BlockQuote(_) => self.is_quote = true,
            Tag::List(None) => self.items = Some(Vec::new()),
            Tag::Item => self.place = Place::Item,
            Tag::CodeBlock(CodeBlockKind::Fenced(kind)) => {
                let kind = kind
                    .strip_prefix("toml ")
                    .ok_or("a block of code is `toml beat`, `toml question`, …")?;
                self.section()?.fences.push(Fence {
                    kind: kind.to_owned(),
                    text: String::new(),
                });
                self.place = Place::Fence;
            }
            other => return Err(format!("{other:?} is not used in lessons")),
        }
        Ok(())
    }

    fn end(&mut self, tag: TagEnd) -> Result<(), String> {
        match tag {
            TagEnd::Heading(_) => self.section()?.title = self.take(),
            TagEnd::Paragraph if self.items.is_some() => {}
            TagEnd::Paragraph => {
                let text = self.take();
                let block = match self.is_quote {
                    true => Block::Aside(text),
                    false => Block::Text(text),
                };
                self.section()?.blocks.push(block);
            }
            TagEnd::BlockQuote(_) => self.is_quote = false,
            TagEnd::Item => {
                let item = self.take();
                if let Some(items) = &mut self.items {
                    items.push(item);
                }
            }
            TagEnd::List(_) => {
                if let Some(items) = self.items.take() {
                    self.section()?.blocks.push(Block::List(items));
                }
            }
            TagEnd::CodeBlock => {
                let text = self.take();
                if let Some(fence) = self.section()?.fences.last_mut() {
                    fence.text = text;
                }
            }
            other => return Err(format!("{other:?} is not used in lessons")),
        }
        Ok(())
    }

    fn take(&mut self) -> String {
        self.place = Place::Nowhere;
        std::mem::take(&mut self.text)
    }

    fn section(&mut self) -> Result<&mut Section, String> {
        self.sections
            .last_mut()
            .ok_or_else(|| "the title comes first: `# Title`".to_owned())
    }
}
