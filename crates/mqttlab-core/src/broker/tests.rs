//! Scripts in, packets out: one test for each rule, by flow.

mod publish;
mod script;

use script::{check, check_with, why};
