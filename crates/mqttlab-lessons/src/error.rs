//! What is wrong with a lesson's files.

use std::fmt;

use mqttlab_sim::scenario::ScenarioError;

/// Why files are not a lesson.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LessonError {
    message: String,
}

impl LessonError {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        let message = message.into();
        Self { message }
    }

    pub(crate) fn in_section(self, title: &str) -> Self {
        Self::new(format!("“{title}”: {}", self.message))
    }

    pub(crate) fn in_lesson(self, id: &str) -> Self {
        Self::new(format!("lessons/{id}: {}", self.message))
    }
}

impl fmt::Display for LessonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for LessonError {}

impl From<ScenarioError> for LessonError {
    fn from(error: ScenarioError) -> Self {
        Self::new(error.to_string())
    }
}

impl From<toml::de::Error> for LessonError {
    fn from(error: toml::de::Error) -> Self {
        Self::new(error.to_string())
    }
}

impl From<toml::ser::Error> for LessonError {
    fn from(error: toml::ser::Error) -> Self {
        Self::new(error.to_string())
    }
}
