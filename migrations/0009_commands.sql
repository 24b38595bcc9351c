-- Who stands behind what a door did: operators' commands to doors, and for each event of the log the operator whose act or
-- command it is. Events of before have none of the new columns; their acts still name the operator in the record.

CREATE TABLE door_commands (
    tenant_id uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    id uuid NOT NULL,
    door_id uuid NOT NULL,
    operator_id uuid NOT NULL,
    sent_at timestamptz NOT NULL,
    -- Commitment to the reason; the same stands in the act, so that the act's record is found by it.
    reason bytea NOT NULL CHECK (length(reason) = 32),
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT door_commands_reason_is_unique UNIQUE (tenant_id, reason)
);
ALTER TABLE door_commands ENABLE ROW LEVEL SECURITY;
ALTER TABLE door_commands FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON door_commands USING (tenant_id = NULLIF(current_setting('app.tenant', true), '')::uuid)
    WITH CHECK (tenant_id = NULLIF(current_setting('app.tenant', true), '')::uuid);
GRANT SELECT, INSERT ON door_commands TO pforte_app;
GRANT SELECT ON door_commands TO pforte_sequencer;

-- What kind of act, whose act or command, and which command.
ALTER TABLE log_events ADD COLUMN act_kind text, ADD COLUMN operator_id uuid, ADD COLUMN command_id uuid;
CREATE INDEX log_events_of_operator ON log_events (tenant_id, operator_id, position) WHERE operator_id IS NOT NULL;
CREATE INDEX log_events_of_command ON log_events (tenant_id, command_id, position) WHERE command_id IS NOT NULL;
