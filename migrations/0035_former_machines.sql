-- Which machine of an agent may still hold rules for which door: also when the door is another agent's by now, another machine took its
-- place, or it was revoked. Until it says that it goes by rules without the door, or an operator states that it was taken away.

-- Forced row security hides every tenant's rows from the owner too, and here all are to be read and written.
ALTER TABLE agents NO FORCE ROW LEVEL SECURITY;
ALTER TABLE agent_doors NO FORCE ROW LEVEL SECURITY;
ALTER TABLE agent_rules NO FORCE ROW LEVEL SECURITY;

-- Which machine was sent them: the sequence of records that it joined with.
ALTER TABLE agent_rules ADD COLUMN epoch integer;
UPDATE agent_rules SET epoch = agent.epoch FROM agents agent
    WHERE agent.tenant_id = agent_rules.tenant_id AND agent.id = agent_rules.agent_id;
ALTER TABLE agent_rules
    ALTER COLUMN epoch SET NOT NULL,
    DROP CONSTRAINT agent_rules_pkey,
    ADD PRIMARY KEY (tenant_id, agent_id, epoch, version);

CREATE TABLE agent_rule_doors (
    tenant_id uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    agent_id uuid NOT NULL,
    epoch integer NOT NULL,
    door_id uuid NOT NULL,
    -- Number of the first bundle with the door, and of the first later one without.
    from_bundle bigint NOT NULL CHECK (from_bundle > 0),
    until_bundle bigint CHECK (until_bundle > from_bundle),
    PRIMARY KEY (tenant_id, agent_id, epoch, door_id, from_bundle),
    CONSTRAINT agent_rule_doors_agent_exists FOREIGN KEY (tenant_id, agent_id) REFERENCES agents (tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT agent_rule_doors_door_exists FOREIGN KEY (tenant_id, door_id) REFERENCES doors (tenant_id, id) ON DELETE CASCADE
);
-- Nothing is known of doors that an agent had before: as now.
INSERT INTO agent_rule_doors (tenant_id, agent_id, epoch, door_id, from_bundle)
    SELECT door.tenant_id, door.agent_id, rules.epoch, door.door_id, min(rules.first_bundle) FROM agent_doors door
    JOIN agent_rules rules ON rules.tenant_id = door.tenant_id AND rules.agent_id = door.agent_id
    GROUP BY door.tenant_id, door.agent_id, rules.epoch, door.door_id;

ALTER TABLE agents FORCE ROW LEVEL SECURITY;
ALTER TABLE agent_doors FORCE ROW LEVEL SECURITY;
ALTER TABLE agent_rules FORCE ROW LEVEL SECURITY;
ALTER TABLE agent_rule_doors ENABLE ROW LEVEL SECURITY;
ALTER TABLE agent_rule_doors FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON agent_rule_doors USING (tenant_id = NULLIF(current_setting('app.tenant', true), '')::uuid)
    WITH CHECK (tenant_id = NULLIF(current_setting('app.tenant', true), '')::uuid);
GRANT SELECT, INSERT, UPDATE, DELETE ON agent_rule_doors TO pforte_app;
