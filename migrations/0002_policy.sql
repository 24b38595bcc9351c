-- Everything that decisions depend on, one tenant's rows apart from another's, and the history of all of it.
--
-- Every table: tenant_id first in every key, composite foreign keys (a single-column key would tell whether another
-- tenant's id exists), forced row security that reads app.tenant. Closed words are the words of access-core; a test
-- compares these lists with its vocabularies. People are pseudonyms here: names lie in the vault (0004).

-- Which version of its rules each tenant is at. Moves by trigger, once in a transaction that changes any of them.
CREATE TABLE policy_versions (
    tenant_id uuid PRIMARY KEY REFERENCES tenants (id) ON DELETE CASCADE,
    version bigint NOT NULL DEFAULT 0 CHECK (version >= 0),
    moved_at timestamptz NOT NULL DEFAULT now(),
    moved_by xid8
);

-- What a row of the rules was and became, in which version, by whom. Free text is left out: it is erasable.
CREATE TABLE policy_history (
    tenant_id uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    version bigint NOT NULL,
    place bigint GENERATED ALWAYS AS IDENTITY,
    table_name text NOT NULL,
    row_key jsonb NOT NULL,
    changed_at timestamptz NOT NULL,
    operator_id uuid,
    before jsonb,
    after jsonb,
    PRIMARY KEY (tenant_id, version, place),
    CHECK (before IS NOT NULL OR after IS NOT NULL)
);
CREATE INDEX policy_history_row ON policy_history (tenant_id, table_name, row_key, version);

CREATE TABLE sites (
    tenant_id uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    id uuid NOT NULL,
    name text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
    time_zone text NOT NULL CHECK (length(time_zone) BETWEEN 1 AND 64),
    -- Cards known only by their UID can be copied: to take them is a recorded loosening.
    accepts_uid_only boolean NOT NULL DEFAULT false,
    accepts_uid_only_reason text CHECK (length(accepts_uid_only_reason) BETWEEN 1 AND 500),
    row_version bigint NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT sites_name_is_unique UNIQUE (tenant_id, name),
    CONSTRAINT sites_loosening_has_a_reason CHECK (NOT accepts_uid_only OR accepts_uid_only_reason IS NOT NULL)
);

CREATE TABLE areas (
    tenant_id uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    id uuid NOT NULL,
    site_id uuid NOT NULL,
    name text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
    row_version bigint NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT areas_belong_to_site UNIQUE (tenant_id, site_id, id),
    CONSTRAINT areas_name_is_unique UNIQUE (tenant_id, site_id, name),
    CONSTRAINT areas_site_exists FOREIGN KEY (tenant_id, site_id) REFERENCES sites (tenant_id, id)
);

CREATE TABLE doors (
    tenant_id uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    id uuid NOT NULL,
    site_id uuid NOT NULL,
    name text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
    area_outside_id uuid NOT NULL,
    area_inside_id uuid NOT NULL,
    factors_in text NOT NULL DEFAULT 'card_finger' CONSTRAINT doors_factors_in_words CHECK (factors_in IN ('card', 'card_finger')),
    factors_out text NOT NULL DEFAULT 'card' CONSTRAINT doors_factors_out_words CHECK (factors_out IN ('card', 'card_finger')),
    release_ms integer NOT NULL DEFAULT 5000 CHECK (release_ms BETWEEN 1 AND 60000),
    held_ms integer NOT NULL DEFAULT 30000 CHECK (held_ms BETWEEN 1 AND 3600000),
    exit text NOT NULL DEFAULT 'mechanical' CONSTRAINT doors_exit_words CHECK (exit IN ('mechanical', 'by_system')),
    has_contact boolean NOT NULL DEFAULT true,
    row_version bigint NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT doors_name_is_unique UNIQUE (tenant_id, site_id, name),
    CONSTRAINT doors_site_exists FOREIGN KEY (tenant_id, site_id) REFERENCES sites (tenant_id, id),
    CONSTRAINT doors_area_outside_exists FOREIGN KEY (tenant_id, site_id, area_outside_id) REFERENCES areas (tenant_id, site_id, id),
    CONSTRAINT doors_area_inside_exists FOREIGN KEY (tenant_id, site_id, area_inside_id) REFERENCES areas (tenant_id, site_id, id),
    CONSTRAINT doors_lead_somewhere CHECK (area_outside_id <> area_inside_id)
);

CREATE TABLE schedules (
    tenant_id uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    id uuid NOT NULL,
    name text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
    row_version bigint NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT schedules_name_is_unique UNIQUE (tenant_id, name)
);

CREATE TABLE schedule_windows (
    tenant_id uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    schedule_id uuid NOT NULL,
    place smallint NOT NULL CHECK (place BETWEEN 0 AND 63),
    -- A set of access-core's weekday bits: 1 is Monday, 64 is Sunday.
    days smallint NOT NULL CHECK (days BETWEEN 1 AND 127),
    from_minute smallint NOT NULL CHECK (from_minute BETWEEN 0 AND 1439),
    to_minute smallint NOT NULL CHECK (to_minute BETWEEN 1 AND 1440),
    PRIMARY KEY (tenant_id, schedule_id, place),
    FOREIGN KEY (tenant_id, schedule_id) REFERENCES schedules (tenant_id, id) ON DELETE CASCADE,
    CHECK (from_minute <> to_minute)
);

CREATE TABLE access_levels (
    tenant_id uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    id uuid NOT NULL,
    name text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
    row_version bigint NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT access_levels_name_is_unique UNIQUE (tenant_id, name)
);

CREATE TABLE access_level_lines (
    tenant_id uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    level_id uuid NOT NULL,
    place smallint NOT NULL CHECK (place BETWEEN 0 AND 63),
    sides text NOT NULL CONSTRAINT access_level_lines_sides_words CHECK (sides IN ('in', 'out', 'both')),
    -- None means always.
    schedule_id uuid,
    PRIMARY KEY (tenant_id, level_id, place),
    FOREIGN KEY (tenant_id, level_id) REFERENCES access_levels (tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT access_level_lines_schedule_exists FOREIGN KEY (tenant_id, schedule_id) REFERENCES schedules (tenant_id, id)
);

CREATE TABLE access_level_line_doors (
    tenant_id uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    level_id uuid NOT NULL,
    place smallint NOT NULL,
    door_id uuid NOT NULL,
    PRIMARY KEY (tenant_id, level_id, place, door_id),
    FOREIGN KEY (tenant_id, level_id, place) REFERENCES access_level_lines (tenant_id, level_id, place) ON DELETE CASCADE,
    CONSTRAINT access_level_line_doors_door_exists FOREIGN KEY (tenant_id, door_id) REFERENCES doors (tenant_id, id)
);

CREATE TABLE persons (
    tenant_id uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    id uuid NOT NULL,
    state text NOT NULL DEFAULT 'active' CONSTRAINT persons_state_words CHECK (state IN ('active', 'inactive')),
    row_version bigint NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    created_by uuid,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX persons_newest ON persons (tenant_id, created_at DESC, id);

CREATE TABLE credentials (
    tenant_id uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    id uuid NOT NULL,
    person_id uuid NOT NULL,
    -- What a reader sees of the card, hashed under the tenant's card key.
    token bytea NOT NULL CHECK (length(token) = 32),
    label text NOT NULL CHECK (length(label) BETWEEN 1 AND 32),
    strength text NOT NULL DEFAULT 'weak_uid' CONSTRAINT credentials_strength_words CHECK (strength IN ('weak_uid', 'authenticated')),
    state text NOT NULL DEFAULT 'active' CONSTRAINT credentials_state_words CHECK (state IN ('active', 'suspended', 'lost', 'stolen', 'returned')),
    valid_from timestamptz NOT NULL,
    valid_until timestamptz,
    row_version bigint NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    created_by uuid,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT credentials_card_is_unique UNIQUE (tenant_id, token),
    CONSTRAINT credentials_person_exists FOREIGN KEY (tenant_id, person_id) REFERENCES persons (tenant_id, id),
    CONSTRAINT credentials_period_has_length CHECK (valid_until > valid_from)
);
CREATE INDEX credentials_of_person ON credentials (tenant_id, person_id);

-- That a finger is enrolled; its template lies in the vault.
CREATE TABLE fingers (
    tenant_id uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    id uuid NOT NULL,
    person_id uuid NOT NULL,
    position text NOT NULL CONSTRAINT fingers_position_words CHECK (position IN (
        'right_thumb', 'right_index', 'right_middle', 'right_ring', 'right_little',
        'left_thumb', 'left_index', 'left_middle', 'left_ring', 'left_little')),
    quality smallint NOT NULL CHECK (quality BETWEEN 0 AND 100),
    sensor_type text NOT NULL CHECK (length(sensor_type) BETWEEN 1 AND 64),
    enrolled_at timestamptz NOT NULL,
    enrolled_by uuid,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT fingers_position_is_unique UNIQUE (tenant_id, person_id, position),
    CONSTRAINT fingers_person_exists FOREIGN KEY (tenant_id, person_id) REFERENCES persons (tenant_id, id)
);

-- Why templates of a person may be kept. One row: the newest; withdrawn ones stay as history.
CREATE TABLE legal_bases (
    tenant_id uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    person_id uuid NOT NULL,
    kind text NOT NULL CONSTRAINT legal_bases_kind_words CHECK (kind IN ('consent', 'alternative')),
    consent_text_version text CHECK (length(consent_text_version) BETWEEN 1 AND 64),
    given_at timestamptz NOT NULL,
    note text CHECK (length(note) BETWEEN 1 AND 1000),
    recorded_at timestamptz NOT NULL DEFAULT now(),
    recorded_by uuid,
    withdrawn_at timestamptz,
    row_version bigint NOT NULL DEFAULT 1,
    PRIMARY KEY (tenant_id, person_id),
    CONSTRAINT legal_bases_person_exists FOREIGN KEY (tenant_id, person_id) REFERENCES persons (tenant_id, id),
    CONSTRAINT legal_bases_consent_names_its_text CHECK ((kind = 'consent') = (consent_text_version IS NOT NULL))
);

CREATE TABLE grants (
    tenant_id uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    id uuid NOT NULL,
    person_id uuid NOT NULL,
    level_id uuid NOT NULL,
    valid_from timestamptz NOT NULL,
    valid_until timestamptz,
    -- Every grant has an end or a stated reason to have none.
    no_end_reason text CHECK (length(no_end_reason) BETWEEN 1 AND 500),
    -- A revoked grant is no part of the policy.
    revoked_at timestamptz,
    row_version bigint NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    created_by uuid,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT grants_person_exists FOREIGN KEY (tenant_id, person_id) REFERENCES persons (tenant_id, id),
    CONSTRAINT grants_level_exists FOREIGN KEY (tenant_id, level_id) REFERENCES access_levels (tenant_id, id),
    CONSTRAINT grants_period_has_length CHECK (valid_until > valid_from),
    CONSTRAINT grants_end_or_say_why_not CHECK ((valid_until IS NULL) = (no_end_reason IS NOT NULL))
);
CREATE INDEX grants_of_person ON grants (tenant_id, person_id);
CREATE INDEX grants_of_level ON grants (tenant_id, level_id);

CREATE TABLE blocks (
    tenant_id uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    id uuid NOT NULL,
    -- Exactly one of the two.
    person_id uuid,
    credential_id uuid,
    reason text NOT NULL CHECK (length(reason) BETWEEN 1 AND 500),
    valid_from timestamptz NOT NULL,
    valid_until timestamptz,
    -- A lifted block is no part of the policy.
    lifted_at timestamptz,
    row_version bigint NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    created_by uuid,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT blocks_person_exists FOREIGN KEY (tenant_id, person_id) REFERENCES persons (tenant_id, id),
    CONSTRAINT blocks_credential_exists FOREIGN KEY (tenant_id, credential_id) REFERENCES credentials (tenant_id, id),
    CONSTRAINT blocks_stop_one_thing CHECK (num_nonnulls(person_id, credential_id) = 1),
    CONSTRAINT blocks_period_has_length CHECK (valid_until > valid_from)
);
CREATE INDEX blocks_of_person ON blocks (tenant_id, person_id);

-- Moves the tenant's version, once in a transaction; its row lock puts changes of one tenant's rules in one order.
-- The notice is a hint only: listeners compare versions.
CREATE FUNCTION policy_moves(tenant uuid) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    moved bigint;
BEGIN
    INSERT INTO policy_versions AS at (tenant_id, version, moved_at, moved_by)
    VALUES (tenant, 1, now(), pg_current_xact_id())
    ON CONFLICT (tenant_id) DO UPDATE
        SET version = at.version + 1, moved_at = now(), moved_by = pg_current_xact_id()
        WHERE at.moved_by IS DISTINCT FROM pg_current_xact_id();
    SELECT version INTO STRICT moved FROM policy_versions WHERE tenant_id = tenant;
    PERFORM pg_notify('pforte_policy', tenant::text);
    RETURN moved;
END
$$;

-- Keeps what a row was and became. Arguments: the columns of the row's key.
CREATE FUNCTION keep_policy_history() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    was jsonb := CASE WHEN TG_OP <> 'INSERT' THEN to_jsonb(OLD) - 'reason' - 'no_end_reason' - 'note' - 'accepts_uid_only_reason' END;
    is_now jsonb := CASE WHEN TG_OP <> 'DELETE' THEN to_jsonb(NEW) - 'reason' - 'no_end_reason' - 'note' - 'accepts_uid_only_reason' END;
    either jsonb := coalesce(is_now, was);
    key jsonb;
BEGIN
    IF was IS NOT DISTINCT FROM is_now THEN
        RETURN NULL;
    END IF;
    SELECT jsonb_object_agg(part, either -> part) INTO key FROM unnest(TG_ARGV) AS part;
    INSERT INTO policy_history (tenant_id, version, table_name, row_key, changed_at, operator_id, before, after)
    VALUES (
        (either ->> 'tenant_id')::uuid,
        policy_moves((either ->> 'tenant_id')::uuid),
        TG_TABLE_NAME, key, now(),
        NULLIF(current_setting('app.operator', true), '')::uuid,
        was, is_now
    );
    RETURN NULL;
END
$$;

CREATE TRIGGER history AFTER INSERT OR UPDATE OR DELETE ON sites FOR EACH ROW EXECUTE FUNCTION keep_policy_history('id');
CREATE TRIGGER history AFTER INSERT OR UPDATE OR DELETE ON areas FOR EACH ROW EXECUTE FUNCTION keep_policy_history('id');
CREATE TRIGGER history AFTER INSERT OR UPDATE OR DELETE ON doors FOR EACH ROW EXECUTE FUNCTION keep_policy_history('id');
CREATE TRIGGER history AFTER INSERT OR UPDATE OR DELETE ON schedules FOR EACH ROW EXECUTE FUNCTION keep_policy_history('id');
CREATE TRIGGER history AFTER INSERT OR UPDATE OR DELETE ON schedule_windows FOR EACH ROW EXECUTE FUNCTION keep_policy_history('schedule_id', 'place');
CREATE TRIGGER history AFTER INSERT OR UPDATE OR DELETE ON access_levels FOR EACH ROW EXECUTE FUNCTION keep_policy_history('id');
CREATE TRIGGER history AFTER INSERT OR UPDATE OR DELETE ON access_level_lines FOR EACH ROW EXECUTE FUNCTION keep_policy_history('level_id', 'place');
CREATE TRIGGER history AFTER INSERT OR UPDATE OR DELETE ON access_level_line_doors FOR EACH ROW EXECUTE FUNCTION keep_policy_history('level_id', 'place', 'door_id');
CREATE TRIGGER history AFTER INSERT OR UPDATE OR DELETE ON persons FOR EACH ROW EXECUTE FUNCTION keep_policy_history('id');
CREATE TRIGGER history AFTER INSERT OR UPDATE OR DELETE ON credentials FOR EACH ROW EXECUTE FUNCTION keep_policy_history('id');
CREATE TRIGGER history AFTER INSERT OR UPDATE OR DELETE ON fingers FOR EACH ROW EXECUTE FUNCTION keep_policy_history('id');
CREATE TRIGGER history AFTER INSERT OR UPDATE OR DELETE ON legal_bases FOR EACH ROW EXECUTE FUNCTION keep_policy_history('person_id');
CREATE TRIGGER history AFTER INSERT OR UPDATE OR DELETE ON grants FOR EACH ROW EXECUTE FUNCTION keep_policy_history('id');
CREATE TRIGGER history AFTER INSERT OR UPDATE OR DELETE ON blocks FOR EACH ROW EXECUTE FUNCTION keep_policy_history('id');

-- Row security, alike on every table, and what the service's roles may do. History is written by trigger alone.
DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY[
        'policy_versions', 'policy_history', 'sites', 'areas', 'doors', 'schedules', 'schedule_windows', 'access_levels',
        'access_level_lines', 'access_level_line_doors', 'persons', 'credentials', 'fingers', 'legal_bases', 'grants', 'blocks']
    LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
        EXECUTE format(
            'CREATE POLICY own_tenant ON %I USING (tenant_id = NULLIF(current_setting(''app.tenant'', true), '''')::uuid) '
            'WITH CHECK (tenant_id = NULLIF(current_setting(''app.tenant'', true), '''')::uuid)', name);
        EXECUTE format('GRANT SELECT ON %I TO pforte_app, pforte_vault', name);
        IF name NOT IN ('policy_versions', 'policy_history') THEN
            EXECUTE format('GRANT INSERT, UPDATE, DELETE ON %I TO pforte_app, pforte_vault', name);
        END IF;
    END LOOP;
END
$$;
