//! What the log is told of doors' wiring and trials: once each, at the start. No other program writes it while the agent runs.

use access_core::event::Record;

use super::*;
use crate::commission;

impl Agent {
    /// Records what is still to be told. `before` are the newest records of the journal.
    pub(super) fn tell_trials(&mut self, config: &Config, identity: &Identity, before: &[Record]) {
        let key = identity.record_key.verifying_key();
        for door in &config.doors {
            let wiring = config.wirings.get(&door.id).and_then(|wiring| commission::digest_of(wiring));
            let trial = commission::load_trial(&config.data_folder, door.id, &key).unwrap_or_else(|error| {
                tracing::error!(%error, "the acceptance record of {} can't be used", door.name);
                None
            });
            let place = (config.data_folder.as_path(), identity.epoch);
            let zones = door.io.watched().into_iter().filter_map(|input| kind_of(input).zone()).collect();
            let wiring = wiring.map(|wiring| (wiring, zones));
            for (event, told) in commission::untold(place, (door.id, wiring, trial), before) {
                let number = self.record_numbered(event, Weight::Vital);
                self.telling.insert(number, told);
            }
        }
    }

    /// A record lies on the disk: if it told of a door, that is noted.
    pub(super) fn note_told(&mut self, number: u64) {
        let Some(told) = self.telling.remove(&number) else { return };
        tokio::task::spawn_blocking(move || {
            if let Err(error) = told.write() {
                tracing::warn!(%error, "what was told of a door can't be noted");
            }
        });
    }
}
