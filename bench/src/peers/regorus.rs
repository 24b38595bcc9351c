//! Regorus, by objects that are looked up.
//!
//! Rego's page "Policy Performance" (openpolicyagent.org/docs/policy-performance) says to use objects instead of arrays
//! where something is looked up by its id, and to keep rules to the linear fragment, where nothing is searched. So
//! people, levels, levels' doors and doors are objects by id, a person's three grants and a level's hours are the only
//! arrays, and a rule walks a person's grants alone. What fails most often is asked first.
//!
//! The crate's own page (its README: "add policy", "add data", then `set_input` and `eval_rule` for each question) asks
//! the engine, which parses and prepares the policy once: [`Regorus`]. Its virtual machine (docs/rvm, written for those
//! who work on it) runs a compiled program and is faster, so it is measured too, as its own benchmark does it
//! while hot: the machine is kept, each question sets the input: [`RegorusMachine`]. `CompiledPolicy::eval_with_input`
//! was no faster than the engine.

use ::regorus::languages::rego::compiler::Compiler;
use ::regorus::rvm::vm::RegoVM;
use ::regorus::{Engine, Rc, Value};

use super::Peer;
use crate::plain::{Plain, PlainPlace, Stretch};
use crate::question::Question;

const POLICY: &str = "
package pforte

default allow := false

allow if {
    some grant in data.persons[input.person].grants
    level := data.levels[grant.level]
    level.doors[input.door]
    grant.from <= input.now
    input.now < grant.until
    some hours in level.hours
    hours.from <= input.minute
    input.minute < hours.until
    not is_blocked
}

is_blocked if {
    block := data.persons[input.person].block
    data.doors[input.door][block.place]
    block.from <= input.now
    input.now < block.until
}
";
const ALLOW: &str = "data.pforte.allow";

/// The engine.
pub(crate) struct Regorus(Engine);

impl Peer for Regorus {
    const NAME: &str = "regorus";
    type Request = Value;

    fn new(plain: &Plain) -> anyhow::Result<Self> {
        let mut engine = engine()?;
        engine.add_data(Value::from_json_str(&data(plain))?)?;
        Ok(Self(engine))
    }

    fn request(&self, question: &Question) -> anyhow::Result<Value> {
        request(question)
    }

    fn is_allowed(&mut self, request: &Value) -> anyhow::Result<bool> {
        self.0.set_input(request.clone());
        Ok(self.0.eval_rule(ALLOW.to_owned())? == Value::from(true))
    }
}

/// The virtual machine with its program.
pub(crate) struct RegorusMachine(RegoVM);

impl Peer for RegorusMachine {
    const NAME: &str = "regorus_machine";
    type Request = Value;

    fn new(plain: &Plain) -> anyhow::Result<Self> {
        let entry: Rc<str> = ALLOW.into();
        let program = Compiler::compile_from_policy(&engine()?.compile_with_entrypoint(&entry)?, &[ALLOW])?;
        let mut machine = RegoVM::new();
        machine.set_max_instructions(usize::MAX);
        machine.load_program(program);
        machine.set_data(Value::from_json_str(&data(plain))?)?;
        Ok(Self(machine))
    }

    fn request(&self, question: &Question) -> anyhow::Result<Value> {
        request(question)
    }

    fn is_allowed(&mut self, request: &Value) -> anyhow::Result<bool> {
        self.0.set_input(request.clone());
        Ok(self.0.execute()? == Value::from(true))
    }
}

fn engine() -> anyhow::Result<Engine> {
    let mut engine = Engine::new();
    engine.add_policy("pforte.rego".to_owned(), POLICY.to_owned())?;
    Ok(engine)
}

fn request(question: &Question) -> anyhow::Result<Value> {
    let Question { person, door, at_s, minute, .. } = question;
    Value::from_json_str(&format!(r#"{{"person": "{person}", "door": "{door}", "now": {at_s}, "minute": {minute}}}"#))
}

/// The data document, as JSON.
fn data(plain: &Plain) -> String {
    let mut text = r#"{"levels": {"#.to_owned();
    each(&mut text, plain.levels.iter().enumerate(), |text, (number, level)| {
        text.push_str(&format!(r#""{number}": {{"doors": {{"#));
        each(text, level.doors.iter(), |text, door| text.push_str(&format!(r#""{door}": true"#)));
        text.push_str(r#"}, "hours": ["#);
        each(text, level.hours.iter(), |text, hours| text.push_str(&format!("{{{}}}", stretch(*hours))));
        text.push_str("]}");
    });
    text.push_str(r#"}, "doors": {"#);
    each(&mut text, plain.areas_of_doors.iter().enumerate(), |text, (number, area)| {
        let places = [PlainPlace::Everywhere, PlainPlace::Area(*area), PlainPlace::Door(number)];
        let [everywhere, area, door] = places.map(place);
        text.push_str(&format!(r#""{number}": {{"{everywhere}": true, "{area}": true, "{door}": true}}"#));
    });
    text.push_str(r#"}, "persons": {"#);
    each(&mut text, plain.persons.iter().enumerate(), |text, (number, person)| {
        text.push_str(&format!(r#""{number}": {{"grants": ["#));
        each(text, person.grants.iter(), |text, (level, valid)| {
            text.push_str(&format!(r#"{{"level": "{level}", {}}}"#, stretch(*valid)));
        });
        text.push(']');
        if let Some(block) = &person.block {
            text.push_str(&format!(r#", "block": {{"place": "{}", {}}}"#, place(block.place), stretch(block.valid)));
        }
        text.push('}');
    });
    text.push_str("}}");
    text
}

fn each<Item>(text: &mut String, items: impl Iterator<Item = Item>, write: impl Fn(&mut String, Item)) {
    for (number, item) in items.enumerate() {
        if number > 0 {
            text.push_str(", ");
        }
        write(text, item);
    }
}

fn stretch(Stretch { from, until }: Stretch) -> String {
    format!(r#""from": {from}, "until": {until}"#)
}

fn place(place: PlainPlace) -> String {
    match place {
        PlainPlace::Everywhere => "everywhere".to_owned(),
        PlainPlace::Area(area) => format!("area {area}"),
        PlainPlace::Door(door) => format!("door {door}"),
    }
}
