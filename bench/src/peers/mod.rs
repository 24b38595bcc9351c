//! Other programs that decide, each set up with the same rules and asked the same questions.
//!
//! All are told the wall clock's minute of the week at the door and the person, where we are given a card and an instant; their
//! requests are made before the clock runs. What is timed is one call of the function that their documentation asks with.

use std::hint::black_box;
use std::time::{Duration, Instant};

use access_core::policy::Policy;
use anyhow::{Context as _, ensure};
use figures::{Figure, Samples};

use crate::decisions::{BATCH, PASSES, decide_all, per_item_us};
use crate::plain::Plain;
use crate::question::Question;

mod casbin;
mod cedar;
mod regorus;

use casbin::Casbin;
use cedar::{Cedar, CedarPicked};
use regorus::{Regorus, RegorusMachine};

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

/// Asks each of them, for so long at most.
pub(crate) fn measure(
    policy: &Policy,
    plain: &Plain,
    questions: &[Question],
    most: Duration,
) -> anyhow::Result<Vec<Figure>> {
    Ok(vec![
        peer::<Cedar>(policy, plain, questions, most)?,
        peer::<CedarPicked>(policy, plain, questions, most)?,
        peer::<Casbin>(policy, plain, questions, most)?,
        peer::<Regorus>(policy, plain, questions, most)?,
        peer::<RegorusMachine>(policy, plain, questions, most)?,
    ])
}

/// A peer is asked all questions, or as many as fit into the time; we are asked them before and after it. Fails at the first that
/// it answers otherwise.
fn peer<P: Peer>(policy: &Policy, plain: &Plain, questions: &[Question], most: Duration) -> anyhow::Result<Figure> {
    let began = Instant::now();
    let mut peer = P::new(plain).with_context(|| format!("can't set {} up", P::NAME))?;
    let set_up_s = began.elapsed().as_secs_f64();
    let (mut ours, mut theirs) = (Samples::default(), Samples::default());
    (0..PASSES).try_for_each(|_| decide_all(policy, questions, &mut ours))?;
    let began = Instant::now();
    for batch in questions.chunks(BATCH) {
        if began.elapsed() > most {
            break;
        }
        let requests = batch.iter().map(|question| peer.request(question)).collect::<anyhow::Result<Vec<_>>>()?;
        let mut answers = Vec::with_capacity(batch.len());
        theirs.push(per_item_us(&requests, |request| answers.push(peer.is_allowed(black_box(request))))?);
        for (question, answer) in batch.iter().zip(answers) {
            let answer = answer.with_context(|| format!("{} has no answer to {}", P::NAME, question.words()))?;
            ensure!(answer == question.is_allowed(), "{} says {answer} to {}", P::NAME, question.words());
        }
    }
    (0..PASSES).try_for_each(|_| decide_all(policy, questions, &mut ours))?;
    let asked = (theirs.count() * BATCH).min(questions.len());
    let (name, all) = (P::NAME, questions.len());
    crate::say(&format!("{name}, set up in {set_up_s:.1} s, {asked} of {all} questions, µs: {}", theirs.summary()?))?;
    Ok(Figure::beside_peer(&format!("decide.vs_{name}"), ours.median()?, "µs", theirs.median()?))
}
