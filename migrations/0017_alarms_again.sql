-- An alarm that is raised again while nobody acknowledged it stays one alarm: a flapping contact must not push others off the
-- list. It counts how often, and when the last time was.

ALTER TABLE alarms
    ADD COLUMN times integer NOT NULL DEFAULT 1 CHECK (times > 0),
    ADD COLUMN raised_again_at timestamptz,
    ADD CONSTRAINT alarms_raised_again CHECK ((times > 1) = (raised_again_at IS NOT NULL));
GRANT UPDATE (times, raised_again_at) ON alarms TO pforte_sequencer;
