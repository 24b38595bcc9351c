-- Any version of a tenant's rules, read as if it were in force; and which act moved the rules to a version.

-- What an agent decides by alone is its part of the rules: which doors it drives belongs to a version too.
CREATE TRIGGER history AFTER INSERT OR UPDATE OR DELETE ON agent_doors FOR EACH ROW EXECUTE FUNCTION keep_policy_history('door_id');

-- Forced row security hides every tenant's rows from the owner too, and here all are to be read and written.
ALTER TABLE policy_history NO FORCE ROW LEVEL SECURITY;
ALTER TABLE agent_doors NO FORCE ROW LEVEL SECURITY;
-- Nothing is known of who drove a door before: as now.
INSERT INTO policy_history (tenant_id, version, table_name, row_key, changed_at, after)
    SELECT tenant_id, 0, 'agent_doors', jsonb_build_object('door_id', door_id), to_timestamp(0), to_jsonb(agent_doors) FROM agent_doors;
-- Doors were the only places of a level's line, in a table of their own (0013).
INSERT INTO policy_history (tenant_id, version, table_name, row_key, changed_at, operator_id, before, after)
    SELECT tenant_id, version, 'access_level_line_places',
        row_key || '{"kind": "door", "site_id": null, "area_id": null}', changed_at, operator_id,
        before || '{"kind": "door", "site_id": null, "area_id": null}', after || '{"kind": "door", "site_id": null, "area_id": null}'
    FROM policy_history WHERE table_name = 'access_level_line_doors' ORDER BY version, place;
ALTER TABLE policy_history FORCE ROW LEVEL SECURITY;
ALTER TABLE agent_doors FORCE ROW LEVEL SECURITY;

-- The act by which the rules came to a version. What it commits to lies in log_contents and is erasable there.
CREATE TABLE policy_version_acts (
    tenant_id uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    version bigint NOT NULL,
    kind text NOT NULL,
    subject_kind text,
    subject_id uuid,
    before bytea,
    after bytea,
    reason bytea,
    PRIMARY KEY (tenant_id, version)
);
ALTER TABLE policy_version_acts ENABLE ROW LEVEL SECURITY;
ALTER TABLE policy_version_acts FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON policy_version_acts USING (tenant_id = NULLIF(current_setting('app.tenant', true), '')::uuid)
    WITH CHECK (tenant_id = NULLIF(current_setting('app.tenant', true), '')::uuid);
GRANT SELECT, INSERT ON policy_version_acts TO pforte_app, pforte_vault;

-- Lays the rules of a version over those in force, for the rest of the transaction: a temporary table for every table whose
-- history is kept, under the same name, so that the same queries read them. A column that is younger than a row has its default.
CREATE FUNCTION lay_policy_of(of_version bigint) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    tenant uuid := NULLIF(current_setting('app.tenant', true), '')::uuid;
    kept record;
    columns text;
BEGIN
    -- Another path than usual, so that no plan is used that was made for the tables in force.
    SET LOCAL search_path = pg_temp, public;
    FOR kept IN
        SELECT t.tgrelid AS id, c.relname AS name FROM pg_trigger t
        JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE t.tgname = 'history' AND n.nspname = 'public' ORDER BY c.relname
    LOOP
        SELECT string_agg(
            CASE WHEN d.adbin IS NULL THEN format('known.%I', a.attname)
            ELSE format('CAST(CASE WHEN newest.after ? %L THEN known.%I ELSE %s END AS %s) AS %I', a.attname, a.attname,
                pg_get_expr(d.adbin, d.adrelid), format_type(a.atttypid, a.atttypmod), a.attname) END,
            ', ' ORDER BY a.attnum)
        INTO columns FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
        WHERE a.attrelid = kept.id AND a.attnum > 0 AND NOT a.attisdropped;
        EXECUTE format(
            'CREATE TEMP TABLE %I ON COMMIT DROP AS SELECT %s FROM ('
            '    SELECT DISTINCT ON (row_key) after FROM public.policy_history '
            '    WHERE tenant_id = %L AND table_name = %L AND version <= %s ORDER BY row_key, version DESC, place DESC) newest '
            'CROSS JOIN LATERAL jsonb_populate_record(NULL::public.%I, newest.after) known WHERE newest.after IS NOT NULL',
            kept.name, columns, tenant, kept.name, of_version, kept.name);
    END LOOP;
END
$$;
