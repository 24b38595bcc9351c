-- How each device is, by what its agent said last. Read off the log, as alarms are: an agent that starts has said nothing
-- yet of any of its devices.

CREATE TABLE device_states (
    tenant_id uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    agent_id uuid NOT NULL,
    device text NOT NULL CONSTRAINT device_states_device_words CHECK (device IN ('reader', 'sensor', 'door_io', 'journal')),
    -- None for a station's devices and for the agent's own.
    door_id uuid,
    side text CONSTRAINT device_states_side_words CHECK (side IN ('in', 'out')),
    state text NOT NULL CONSTRAINT device_states_state_words CHECK (state IN ('working', 'lost', 'silent', 'faulty')),
    -- Since when, by the agent's clock.
    since timestamptz NOT NULL,
    CONSTRAINT device_states_one_of_each UNIQUE NULLS NOT DISTINCT (tenant_id, agent_id, device, door_id, side)
);
ALTER TABLE device_states ENABLE ROW LEVEL SECURITY;
ALTER TABLE device_states FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON device_states
    USING (tenant_id = NULLIF(current_setting('app.tenant', true), '')::uuid)
    WITH CHECK (tenant_id = NULLIF(current_setting('app.tenant', true), '')::uuid);
GRANT SELECT ON device_states TO pforte_app, pforte_sequencer;
GRANT INSERT, UPDATE, DELETE ON device_states TO pforte_sequencer;
