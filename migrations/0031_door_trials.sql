-- How each door is wired by what its agent said last, and how an installer tried it last. Read off the log, as alarms are. An agent
-- that begins another sequence of records is another machine: nobody has tried what hangs on it.

CREATE TABLE door_trials (
    tenant_id uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    door_id uuid NOT NULL,
    agent_id uuid NOT NULL,
    -- SHA-256 of the door's wiring in the agent's configuration; none if it did not say.
    wiring bytea CHECK (length(wiring) = 32),
    -- When the server received that: an agent says it as it starts, often before it knows the time.
    wired_at timestamptz,
    -- Place of the trial's record in the log, and the wiring that was tried; none if nobody tried the door.
    tried_position bigint CHECK (tried_position > 0),
    tried_wiring bytea CHECK (length(tried_wiring) = 32),
    is_passed boolean,
    PRIMARY KEY (tenant_id, door_id, agent_id),
    CONSTRAINT door_trials_trial_whole CHECK (num_nulls(tried_position, tried_wiring, is_passed) IN (0, 3))
);
ALTER TABLE door_trials ENABLE ROW LEVEL SECURITY;
ALTER TABLE door_trials FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON door_trials USING (tenant_id = NULLIF(current_setting('app.tenant', true), '')::uuid)
    WITH CHECK (tenant_id = NULLIF(current_setting('app.tenant', true), '')::uuid);
GRANT SELECT ON door_trials TO pforte_app, pforte_sequencer;
GRANT INSERT, UPDATE, DELETE ON door_trials TO pforte_sequencer;
