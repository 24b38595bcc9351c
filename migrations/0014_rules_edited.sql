-- What editing the rules needs: travel times that can be named and change by their version, the words of anti-passback as
-- words, and a lockdown that works before anybody described one.

ALTER TABLE travel_times
    ADD COLUMN id uuid NOT NULL DEFAULT gen_random_uuid(),
    ADD COLUMN row_version bigint NOT NULL DEFAULT 1,
    ADD CONSTRAINT travel_times_pkey PRIMARY KEY (tenant_id, id);
ALTER TABLE travel_times ALTER COLUMN id DROP DEFAULT;
DROP TRIGGER history ON travel_times;
CREATE TRIGGER history AFTER INSERT OR UPDATE OR DELETE ON travel_times FOR EACH ROW EXECUTE FUNCTION keep_policy_history('id');

ALTER TABLE areas RENAME CONSTRAINT areas_anti_passback_known TO areas_anti_passback_words;

-- Every tenant has a threat level that locks all doors; one that is made later gets it when it is made (server/src/tenants.rs).
ALTER TABLE tenants NO FORCE ROW LEVEL SECURITY;
DO $$
DECLARE
    tenant uuid;
BEGIN
    FOR tenant IN SELECT id FROM tenants LOOP
        PERFORM set_config('app.tenant', tenant::text, true);
        INSERT INTO threat_levels (tenant_id, level, name, locks)
            SELECT tenant, 100, 'Lockdown', true WHERE NOT EXISTS (SELECT FROM threat_levels WHERE tenant_id = tenant);
    END LOOP;
    PERFORM set_config('app.tenant', '', true);
END
$$;
ALTER TABLE tenants FORCE ROW LEVEL SECURITY;
