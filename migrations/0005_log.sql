-- The log: one gap-free order per tenant of agents' records and operators' acts, and what is read off it.
--
-- Whoever records something inserts into log_outbox, in the transaction of what it records. The sequencer alone, as role
-- pforte_sequencer, takes rows out of it, gives each the next position under the lock of the tenant's head, and writes
-- log_events. Nobody changes or deletes a row of log_events.

-- An agent's record comes signed; the server's own is signed by the sequencer, which knows its place in the chain.
ALTER TABLE log_outbox ALTER COLUMN event DROP NOT NULL;
ALTER TABLE log_outbox ADD COLUMN record bytea, ADD COLUMN signature bytea CHECK (length(signature) = 64);
ALTER TABLE log_outbox ADD CONSTRAINT log_outbox_is_one_of_two
    CHECK ((event IS NULL) = (record IS NOT NULL) AND (record IS NULL) = (signature IS NULL));

CREATE TABLE log_heads (
    tenant_id uuid PRIMARY KEY REFERENCES tenants (id) ON DELETE CASCADE,
    -- Of the newest event; 0 before the first.
    position bigint NOT NULL DEFAULT 0 CHECK (position >= 0),
    -- Newest record of the server's own chain in this tenant.
    server_seq bigint NOT NULL DEFAULT 0,
    server_hash bytea NOT NULL DEFAULT decode(repeat('00', 32), 'hex') CHECK (length(server_hash) = 32)
);

CREATE TABLE log_events (
    tenant_id uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    position bigint NOT NULL CHECK (position > 0),
    -- Whose record; none means the server's own.
    agent_id uuid,
    epoch integer NOT NULL,
    seq bigint NOT NULL,
    at timestamptz NOT NULL,
    received_at timestamptz NOT NULL,
    kind text NOT NULL,
    door_id uuid,
    outcome text CONSTRAINT log_events_outcome_words CHECK (outcome IN ('granted', 'refused')),
    reason text,
    -- Canonical bytes, as they were signed.
    record bytea NOT NULL,
    signature bytea NOT NULL CHECK (length(signature) = 64),
    hash bytea NOT NULL CHECK (length(hash) = 32),
    PRIMARY KEY (tenant_id, position),
    CONSTRAINT log_events_record_is_unique UNIQUE NULLS NOT DISTINCT (tenant_id, agent_id, epoch, seq)
);
CREATE INDEX log_events_of_door ON log_events (tenant_id, door_id, position) WHERE door_id IS NOT NULL;
CREATE INDEX log_events_of_kind ON log_events (tenant_id, kind, position);
CREATE INDEX log_events_by_time ON log_events (tenant_id, at, position);

-- Whom an event is about.
CREATE TABLE log_event_persons (
    tenant_id uuid NOT NULL,
    person_id uuid NOT NULL,
    position bigint NOT NULL,
    PRIMARY KEY (tenant_id, person_id, position),
    FOREIGN KEY (tenant_id, position) REFERENCES log_events (tenant_id, position) ON DELETE CASCADE
);

CREATE TABLE alarms (
    tenant_id uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    id uuid NOT NULL,
    kind text NOT NULL,
    -- 1 is the highest.
    priority smallint NOT NULL CHECK (priority BETWEEN 1 AND 3),
    agent_id uuid,
    door_id uuid,
    person_id uuid,
    raised_at timestamptz NOT NULL,
    -- The event that raised it.
    position bigint NOT NULL,
    cleared_at timestamptz,
    acknowledged_at timestamptz,
    acknowledged_by uuid,
    note text CHECK (length(note) BETWEEN 1 AND 500),
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, position) REFERENCES log_events (tenant_id, position),
    CONSTRAINT alarms_acknowledged_by_somebody CHECK ((acknowledged_at IS NULL) = (acknowledged_by IS NULL))
);
CREATE INDEX alarms_open ON alarms (tenant_id, priority, raised_at) WHERE acknowledged_at IS NULL;
CREATE INDEX alarms_uncleared ON alarms (tenant_id, kind) WHERE cleared_at IS NULL;

DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['log_heads', 'log_events', 'log_event_persons', 'alarms']
    LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
        EXECUTE format(
            'CREATE POLICY own_tenant ON %I USING (tenant_id = NULLIF(current_setting(''app.tenant'', true), '''')::uuid) '
            'WITH CHECK (tenant_id = NULLIF(current_setting(''app.tenant'', true), '''')::uuid)', name);
        EXECUTE format('GRANT SELECT ON %I TO pforte_app, pforte_sequencer', name);
        EXECUTE format('GRANT INSERT ON %I TO pforte_sequencer', name);
    END LOOP;
END
$$;
GRANT SELECT, DELETE ON log_outbox TO pforte_sequencer;
GRANT UPDATE ON log_heads TO pforte_sequencer;
GRANT UPDATE (cleared_at) ON alarms TO pforte_sequencer;
GRANT UPDATE (acknowledged_at, acknowledged_by, note) ON alarms TO pforte_app;
GRANT SELECT ON log_contents TO pforte_app;

-- Who the tenants are, for the one role that serves them all in turn. Every other role sees the tenant it was told.
GRANT SELECT ON tenants TO pforte_sequencer;
CREATE POLICY directory ON tenants FOR SELECT TO pforte_sequencer USING (true);
