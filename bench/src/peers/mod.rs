//! Other programs that decide, each set up with the same rules and asked the same questions.
//!
//! All are told the wall clock's minute of the week at the door and the person, where we are given a card and an instant; their
//! requests are made before the clock runs. What is timed is one call of the function that their documentation asks with.

pub(crate) mod casbin;
pub(crate) mod cedar;
pub(crate) mod regorus;

use crate::plain::Plain;
use crate::question::Question;

/// A program that decides.
pub(crate) trait Peer: Sized {
    /// As the report calls it.
    const NAME: &str;
    /// A question in its own form.
    type Request;

    /// Gives it the rules.
    fn new(plain: &Plain) -> anyhow::Result<Self>;

    /// Makes a question its own.
    fn request(&self, question: &Question) -> anyhow::Result<Self::Request>;

    /// Whether it lets them in.
    fn is_allowed(&mut self, request: &Self::Request) -> anyhow::Result<bool>;
}
