//! Conversations with a card as values: what to send, and on with the answer. No I/O and no clock in here.
//!
//! The steps of a conversation are written as an `async` function from top to bottom, which the compiler turns into the
//! state machine. The only thing that it ever waits for is the card's next answer; it needs no runtime, and whoever drives
//! it decides where and when bytes go. Dropping it anywhere ends the conversation and wipes its keys.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

/// What a conversation wants next.
#[derive(Debug)]
pub enum Step<'a, T> {
    /// A command for the card.
    Send(Question<'a, T>),
    /// Nothing: this came of it.
    Done(T),
}

/// A conversation that has not begun.
pub struct Dialogue<'a, T> {
    work: Pin<Box<dyn Future<Output = T> + Send + 'a>>,
    wire: Wire,
}

/// A command, and the conversation that waits for its answer.
pub struct Question<'a, T> {
    apdu: Vec<u8>,
    dialogue: Dialogue<'a, T>,
}

impl<'a, T> Dialogue<'a, T> {
    pub(super) fn new<F>(steps: impl FnOnce(Wire) -> F) -> Self
    where
        F: Future<Output = T> + Send + 'a,
    {
        let wire = Wire::default();
        Self { work: Box::pin(steps(wire.clone())), wire }
    }

    /// Takes the first step.
    pub fn begin(self) -> Step<'a, T> {
        self.go_on()
    }

    /// Holds the conversation: `exchange` sends a command and returns the answer, or why there is none.
    pub fn hold<E>(self, mut exchange: impl FnMut(&[u8]) -> Result<Vec<u8>, E>) -> Result<T, E> {
        let mut step = self.begin();
        loop {
            match step {
                Step::Send(question) => {
                    let answer = exchange(question.apdu())?;
                    step = question.answer(&answer);
                }
                Step::Done(outcome) => return Ok(outcome),
            }
        }
    }

    fn go_on(mut self) -> Step<'a, T> {
        loop {
            match self.work.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
                Poll::Ready(outcome) => return Step::Done(outcome),
                Poll::Pending => {
                    // Pending without a command can't be: the wire is all that is waited for. If it were so, asking again
                    // would bring it.
                    if let Some(apdu) = self.wire.take_command() {
                        return Step::Send(Question { apdu, dialogue: self });
                    }
                }
            }
        }
    }
}

impl<'a, T> Question<'a, T> {
    /// The command to send.
    pub fn apdu(&self) -> &[u8] {
        &self.apdu
    }

    /// Goes on with what came back, whatever that is.
    pub fn answer(self, answer: &[u8]) -> Step<'a, T> {
        self.dialogue.wire.put(Slot::Answer(answer.to_vec()));
        self.dialogue.go_on()
    }
}

impl<T> std::fmt::Debug for Dialogue<'_, T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Dialogue")
    }
}

impl<T> std::fmt::Debug for Question<'_, T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // A factory card is spoken to under a key that everybody knows, so what is sent to it stays unprinted too.
        write!(f, "Question({} bytes)", self.apdu.len())
    }
}

/// The conversation's own end of the wire.
#[derive(Clone, Default)]
pub(super) struct Wire(Arc<Mutex<Slot>>);

#[derive(Default)]
enum Slot {
    #[default]
    Empty,
    Command(Vec<u8>),
    Answer(Vec<u8>),
}

impl Wire {
    /// Sends a command and waits for the answer.
    pub(super) async fn transmit(&self, apdu: Vec<u8>) -> Vec<u8> {
        self.put(Slot::Command(apdu));
        poll_fn(|_context| match self.take() {
            Slot::Answer(answer) => Poll::Ready(answer),
            other => {
                self.put(other);
                Poll::Pending
            }
        })
        .await
    }

    fn take_command(&self) -> Option<Vec<u8>> {
        match self.take() {
            Slot::Command(apdu) => Some(apdu),
            other => {
                self.put(other);
                None
            }
        }
    }

    fn take(&self) -> Slot {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn put(&self, slot: Slot) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = slot;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sum_of_two() -> Dialogue<'static, usize> {
        Dialogue::new(|wire| async move {
            let first = wire.transmit(vec![1]).await;
            let second = wire.transmit(vec![2, 2]).await;
            first.len() + second.len()
        })
    }

    #[test]
    fn each_answer_brings_the_next_command() {
        let Step::Send(first) = sum_of_two().begin() else { panic!("no command") };
        assert_eq!(first.apdu(), [1]);
        let Step::Send(second) = first.answer(&[0; 5]) else { panic!("no second command") };
        assert_eq!(second.apdu(), [2, 2]);
        let Step::Done(sum) = second.answer(&[]) else { panic!("not done") };
        assert_eq!(sum, 5);
    }

    #[test]
    fn one_that_is_held_ends_with_the_first_failure() {
        let mut sent = 0;
        let outcome = sum_of_two().hold(|_apdu| {
            sent += 1;
            if sent == 2 { Err("gone") } else { Ok(vec![]) }
        });
        assert_eq!((outcome, sent), (Err("gone"), 2));
        assert_eq!(sum_of_two().hold(|apdu| Ok::<_, ()>(apdu.to_vec())), Ok(3));
    }
}
