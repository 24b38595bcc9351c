-- Agents and the doors they control. A door has one agent at most. Certificates, join tokens and commands come with the
-- link's own migration.

CREATE TABLE agents (
    tenant_id uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    id uuid NOT NULL,
    name text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
    kind text NOT NULL CONSTRAINT agents_kind_words CHECK (kind IN ('door_controller', 'station')),
    row_version bigint NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT agents_name_is_unique UNIQUE (tenant_id, name)
);

CREATE TABLE agent_doors (
    tenant_id uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    door_id uuid NOT NULL,
    agent_id uuid NOT NULL,
    PRIMARY KEY (tenant_id, door_id),
    CONSTRAINT agent_doors_door_exists FOREIGN KEY (tenant_id, door_id) REFERENCES doors (tenant_id, id),
    CONSTRAINT agent_doors_agent_exists FOREIGN KEY (tenant_id, agent_id) REFERENCES agents (tenant_id, id)
);
CREATE INDEX agent_doors_of_agent ON agent_doors (tenant_id, agent_id);

DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['agents', 'agent_doors']
    LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
        EXECUTE format(
            'CREATE POLICY own_tenant ON %I USING (tenant_id = NULLIF(current_setting(''app.tenant'', true), '''')::uuid) '
            'WITH CHECK (tenant_id = NULLIF(current_setting(''app.tenant'', true), '''')::uuid)', name);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO pforte_app', name);
        EXECUTE format('GRANT SELECT ON %I TO pforte_vault', name);
    END LOOP;
END
$$;
