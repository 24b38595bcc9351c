-- The rest of the rules: groups, calendars, places of levels and blocks, door modes and factors by schedule, areas' rules,
-- airlocks, travel times, threat levels, a tenant's choices; and the state that rules read, written down now and then.
-- Defaults are the strictest. See access-core/RULES.md.

CREATE TABLE groups (
    tenant_id uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    id uuid NOT NULL,
    name text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
    -- Locked doors open for its persons.
    is_responder boolean NOT NULL DEFAULT false,
    row_version bigint NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT groups_name_is_unique UNIQUE (tenant_id, name)
);

CREATE TABLE group_members (
    tenant_id uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    group_id uuid NOT NULL,
    person_id uuid NOT NULL,
    PRIMARY KEY (tenant_id, group_id, person_id),
    CONSTRAINT group_members_group_exists FOREIGN KEY (tenant_id, group_id) REFERENCES groups (tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT group_members_person_exists FOREIGN KEY (tenant_id, person_id) REFERENCES persons (tenant_id, id)
);
CREATE INDEX group_members_of_person ON group_members (tenant_id, person_id);

CREATE TABLE calendars (
    tenant_id uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    id uuid NOT NULL,
    name text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
    row_version bigint NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT calendars_name_is_unique UNIQUE (tenant_id, name)
);

CREATE TABLE calendar_days (
    tenant_id uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    calendar_id uuid NOT NULL,
    day date NOT NULL CHECK (day BETWEEN '1970-01-01' AND '9999-12-31'),
    day_type smallint NOT NULL CHECK (day_type BETWEEN 0 AND 7),
    PRIMARY KEY (tenant_id, calendar_id, day),
    CONSTRAINT calendar_days_calendar_exists FOREIGN KEY (tenant_id, calendar_id) REFERENCES calendars (tenant_id, id) ON DELETE CASCADE
);

-- What the tenant calls its day types. A type without a name is one that nobody uses.
CREATE TABLE day_types (
    tenant_id uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    day_type smallint NOT NULL CHECK (day_type BETWEEN 0 AND 7),
    name text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
    PRIMARY KEY (tenant_id, day_type),
    CONSTRAINT day_types_name_is_unique UNIQUE (tenant_id, name)
);

ALTER TABLE sites
    ADD COLUMN calendar_id uuid,
    ADD CONSTRAINT sites_calendar_exists FOREIGN KEY (tenant_id, calendar_id) REFERENCES calendars (tenant_id, id);

-- A set of bits: 1 is day type 0. A window has weekdays, day types, or both.
ALTER TABLE schedule_windows
    ADD COLUMN day_types smallint NOT NULL DEFAULT 0 CHECK (day_types BETWEEN 0 AND 255),
    DROP CONSTRAINT schedule_windows_days_check,
    ADD CONSTRAINT schedule_windows_days_check CHECK (days BETWEEN 0 AND 127),
    ADD CONSTRAINT schedule_windows_begin_somewhen CHECK (days <> 0 OR day_types <> 0);

-- A day on which other windows begin than on its like; without a window of its own the schedule is closed.
CREATE TABLE schedule_exceptions (
    tenant_id uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    schedule_id uuid NOT NULL,
    day date NOT NULL CHECK (day BETWEEN '1970-01-01' AND '9999-12-31'),
    PRIMARY KEY (tenant_id, schedule_id, day),
    CONSTRAINT schedule_exceptions_schedule_exists FOREIGN KEY (tenant_id, schedule_id) REFERENCES schedules (tenant_id, id) ON DELETE CASCADE
);

CREATE TABLE schedule_exception_windows (
    tenant_id uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    schedule_id uuid NOT NULL,
    day date NOT NULL,
    place smallint NOT NULL CHECK (place BETWEEN 0 AND 63),
    from_minute smallint NOT NULL CHECK (from_minute BETWEEN 0 AND 1439),
    to_minute smallint NOT NULL CHECK (to_minute BETWEEN 1 AND 1440),
    PRIMARY KEY (tenant_id, schedule_id, day, place),
    FOREIGN KEY (tenant_id, schedule_id, day) REFERENCES schedule_exceptions (tenant_id, schedule_id, day) ON DELETE CASCADE,
    CHECK (from_minute <> to_minute)
);

-- Places of a level's line: the tenant, sites, areas, doors. Doors were its only places before.
CREATE TABLE access_level_line_places (
    tenant_id uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    level_id uuid NOT NULL,
    place smallint NOT NULL,
    kind text NOT NULL CONSTRAINT access_level_line_places_kind_words CHECK (kind IN ('tenant', 'site', 'area', 'door')),
    site_id uuid,
    area_id uuid,
    door_id uuid,
    UNIQUE NULLS NOT DISTINCT (tenant_id, level_id, place, kind, site_id, area_id, door_id),
    CONSTRAINT access_level_line_places_name_their_kind CHECK (
        (kind = 'site') = (site_id IS NOT NULL) AND (kind = 'area') = (area_id IS NOT NULL) AND (kind = 'door') = (door_id IS NOT NULL)),
    FOREIGN KEY (tenant_id, level_id, place) REFERENCES access_level_lines (tenant_id, level_id, place) ON DELETE CASCADE,
    CONSTRAINT access_level_line_places_site_exists FOREIGN KEY (tenant_id, site_id) REFERENCES sites (tenant_id, id),
    CONSTRAINT access_level_line_places_area_exists FOREIGN KEY (tenant_id, area_id) REFERENCES areas (tenant_id, id),
    CONSTRAINT access_level_line_places_door_exists FOREIGN KEY (tenant_id, door_id) REFERENCES doors (tenant_id, id)
);
-- Forced row security hides every tenant's rows from the owner too, and here all are to be moved.
ALTER TABLE access_level_line_doors NO FORCE ROW LEVEL SECURITY;
INSERT INTO access_level_line_places (tenant_id, level_id, place, kind, door_id)
    SELECT tenant_id, level_id, place, 'door', door_id FROM access_level_line_doors;
DROP TABLE access_level_line_doors;

ALTER TABLE access_level_lines
    ADD COLUMN factors text CONSTRAINT access_level_lines_factors_words CHECK (factors IN ('card', 'card_pin', 'card_finger'));

ALTER TABLE doors
    DROP CONSTRAINT doors_factors_in_words,
    ADD CONSTRAINT doors_factors_in_words CHECK (factors_in IN ('card', 'card_pin', 'card_finger')),
    DROP CONSTRAINT doors_factors_out_words,
    ADD CONSTRAINT doors_factors_out_words CHECK (factors_out IN ('card', 'card_pin', 'card_finger')),
    -- For persons who need longer. None means twice the ordinary time; never less than that.
    ADD COLUMN release_longer_ms integer CHECK (release_longer_ms BETWEEN 1 AND 60000),
    ADD COLUMN held_longer_ms integer CHECK (held_longer_ms BETWEEN 1 AND 3600000);

CREATE TABLE door_mode_lines (
    tenant_id uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    door_id uuid NOT NULL,
    place smallint NOT NULL CHECK (place BETWEEN 0 AND 63),
    schedule_id uuid NOT NULL,
    mode text NOT NULL CONSTRAINT door_mode_lines_mode_words CHECK (mode IN ('normal', 'locked', 'free', 'first_person', 'toggle')),
    PRIMARY KEY (tenant_id, door_id, place),
    CONSTRAINT door_mode_lines_door_exists FOREIGN KEY (tenant_id, door_id) REFERENCES doors (tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT door_mode_lines_schedule_exists FOREIGN KEY (tenant_id, schedule_id) REFERENCES schedules (tenant_id, id)
);

CREATE TABLE door_factor_lines (
    tenant_id uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    door_id uuid NOT NULL,
    place smallint NOT NULL CHECK (place BETWEEN 0 AND 63),
    side text NOT NULL CONSTRAINT door_factor_lines_side_words CHECK (side IN ('in', 'out')),
    schedule_id uuid NOT NULL,
    factors text NOT NULL CONSTRAINT door_factor_lines_factors_words CHECK (factors IN ('card', 'card_pin', 'card_finger')),
    PRIMARY KEY (tenant_id, door_id, place),
    CONSTRAINT door_factor_lines_door_exists FOREIGN KEY (tenant_id, door_id) REFERENCES doors (tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT door_factor_lines_schedule_exists FOREIGN KEY (tenant_id, schedule_id) REFERENCES schedules (tenant_id, id)
);

ALTER TABLE areas
    ADD COLUMN anti_passback text NOT NULL DEFAULT 'off' CONSTRAINT areas_anti_passback_known CHECK (anti_passback IN ('off', 'soft', 'timed', 'hard')),
    ADD COLUMN anti_passback_s integer CHECK (anti_passback_s BETWEEN 1 AND 604800),
    ADD COLUMN persons_max integer CHECK (persons_max BETWEEN 1 AND 1000000),
    -- Nobody is alone in it: most seconds between the two of a pair.
    ADD COLUMN two_person_s integer CHECK (two_person_s BETWEEN 1 AND 3600),
    ADD COLUMN two_person_group_id uuid,
    ADD COLUMN two_person_other_group_id uuid,
    ADD CONSTRAINT areas_timed_says_how_long CHECK ((anti_passback = 'timed') = (anti_passback_s IS NOT NULL)),
    ADD CONSTRAINT areas_pairs_are_whole CHECK (
        (two_person_group_id IS NULL) = (two_person_other_group_id IS NULL) AND (two_person_group_id IS NULL OR two_person_s IS NOT NULL)),
    ADD CONSTRAINT areas_two_person_group_exists FOREIGN KEY (tenant_id, two_person_group_id) REFERENCES groups (tenant_id, id),
    ADD CONSTRAINT areas_two_person_other_group_exists FOREIGN KEY (tenant_id, two_person_other_group_id) REFERENCES groups (tenant_id, id);

CREATE TABLE interlocks (
    tenant_id uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    id uuid NOT NULL,
    name text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
    row_version bigint NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT interlocks_name_is_unique UNIQUE (tenant_id, name)
);

CREATE TABLE interlock_doors (
    tenant_id uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    interlock_id uuid NOT NULL,
    door_id uuid NOT NULL,
    CONSTRAINT interlock_doors_one_group PRIMARY KEY (tenant_id, door_id),
    CONSTRAINT interlock_doors_interlock_exists FOREIGN KEY (tenant_id, interlock_id) REFERENCES interlocks (tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT interlock_doors_door_exists FOREIGN KEY (tenant_id, door_id) REFERENCES doors (tenant_id, id)
);

-- Least time between two doors, or two sites, either way: the smaller id first.
CREATE TABLE travel_times (
    tenant_id uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    door_id uuid,
    other_door_id uuid,
    site_id uuid,
    other_site_id uuid,
    least_s integer NOT NULL CHECK (least_s BETWEEN 1 AND 604800),
    CONSTRAINT travel_times_are_unique UNIQUE NULLS NOT DISTINCT (tenant_id, door_id, other_door_id, site_id, other_site_id),
    CONSTRAINT travel_times_have_two_ends CHECK (
        (door_id IS NOT NULL AND other_door_id IS NOT NULL AND num_nonnulls(site_id, other_site_id) = 0 AND door_id < other_door_id)
        OR (site_id IS NOT NULL AND other_site_id IS NOT NULL AND num_nonnulls(door_id, other_door_id) = 0 AND site_id <= other_site_id)),
    CONSTRAINT travel_times_door_exists FOREIGN KEY (tenant_id, door_id) REFERENCES doors (tenant_id, id),
    CONSTRAINT travel_times_other_door_exists FOREIGN KEY (tenant_id, other_door_id) REFERENCES doors (tenant_id, id),
    CONSTRAINT travel_times_site_exists FOREIGN KEY (tenant_id, site_id) REFERENCES sites (tenant_id, id),
    CONSTRAINT travel_times_other_site_exists FOREIGN KEY (tenant_id, other_site_id) REFERENCES sites (tenant_id, id)
);

CREATE TABLE threat_levels (
    tenant_id uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    level smallint NOT NULL CHECK (level BETWEEN 1 AND 255),
    name text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
    locks boolean NOT NULL,
    factors text CONSTRAINT threat_levels_factors_words CHECK (factors IN ('card', 'card_pin', 'card_finger')),
    row_version bigint NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, level),
    CONSTRAINT threat_levels_name_is_unique UNIQUE (tenant_id, name)
);

-- Which doors a level locks; none named means every door of the place where it was set.
CREATE TABLE threat_level_places (
    tenant_id uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    level smallint NOT NULL,
    kind text NOT NULL CONSTRAINT threat_level_places_kind_words CHECK (kind IN ('tenant', 'site', 'area', 'door')),
    site_id uuid,
    area_id uuid,
    door_id uuid,
    UNIQUE NULLS NOT DISTINCT (tenant_id, level, kind, site_id, area_id, door_id),
    CONSTRAINT threat_level_places_name_their_kind CHECK (
        (kind = 'site') = (site_id IS NOT NULL) AND (kind = 'area') = (area_id IS NOT NULL) AND (kind = 'door') = (door_id IS NOT NULL)),
    CONSTRAINT threat_level_places_level_exists FOREIGN KEY (tenant_id, level) REFERENCES threat_levels (tenant_id, level) ON DELETE CASCADE,
    CONSTRAINT threat_level_places_site_exists FOREIGN KEY (tenant_id, site_id) REFERENCES sites (tenant_id, id),
    CONSTRAINT threat_level_places_area_exists FOREIGN KEY (tenant_id, area_id) REFERENCES areas (tenant_id, id),
    CONSTRAINT threat_level_places_door_exists FOREIGN KEY (tenant_id, door_id) REFERENCES doors (tenant_id, id)
);

CREATE TABLE threat_level_exempt_groups (
    tenant_id uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    level smallint NOT NULL,
    group_id uuid NOT NULL,
    PRIMARY KEY (tenant_id, level, group_id),
    CONSTRAINT threat_level_exempt_groups_level_exists FOREIGN KEY (tenant_id, level) REFERENCES threat_levels (tenant_id, level) ON DELETE CASCADE,
    CONSTRAINT threat_level_exempt_groups_group_exists FOREIGN KEY (tenant_id, group_id) REFERENCES groups (tenant_id, id)
);

-- A tenant's choices for all its doors. Without a row, or with one as it comes, they are the strictest.
CREATE TABLE tenant_rules (
    tenant_id uuid PRIMARY KEY REFERENCES tenants (id) ON DELETE CASCADE,
    refusals smallint NOT NULL DEFAULT 5 CHECK (refusals BETWEEN 2 AND 20),
    refusals_within_s integer NOT NULL DEFAULT 60 CHECK (refusals_within_s BETWEEN 1 AND 3600),
    reader_lock_s integer NOT NULL DEFAULT 30 CHECK (reader_lock_s BETWEEN 1 AND 600),
    alone_travel text NOT NULL DEFAULT 'deny' CONSTRAINT tenant_rules_alone_travel_words CHECK (alone_travel IN ('deny', 'as_known')),
    alone_anti_passback text NOT NULL DEFAULT 'deny' CONSTRAINT tenant_rules_alone_anti_passback_words CHECK (alone_anti_passback IN ('deny', 'as_known')),
    alone_occupancy text NOT NULL DEFAULT 'deny' CONSTRAINT tenant_rules_alone_occupancy_words CHECK (alone_occupancy IN ('deny', 'as_known')),
    alone_two_person text NOT NULL DEFAULT 'deny' CONSTRAINT tenant_rules_alone_two_person_words CHECK (alone_two_person IN ('deny', 'as_known')),
    waived_for_duress text[] NOT NULL DEFAULT '{}' CONSTRAINT tenant_rules_waived_words
        CHECK (waived_for_duress <@ ARRAY['schedule', 'travel', 'anti_passback', 'occupancy', 'escort', 'two_person']),
    -- Longest time that a grant may be given for; none means any.
    grant_days_max integer CHECK (grant_days_max BETWEEN 1 AND 36500),
    row_version bigint NOT NULL DEFAULT 1
);

ALTER TABLE persons
    ADD COLUMN has_pin boolean NOT NULL DEFAULT false,
    ADD COLUMN needs_longer boolean NOT NULL DEFAULT false,
    -- Shows a PIN where a finger is demanded. A ground of a closed list, never a medical one in words.
    ADD COLUMN exemption_ground text CONSTRAINT persons_exemption_ground_words CHECK (exemption_ground IN ('declined', 'not_usable', 'temporary')),
    ADD COLUMN exemption_from timestamptz,
    ADD COLUMN exemption_until timestamptz CHECK (exemption_until > exemption_from),
    -- A visitor comes in only with this person, or with one of this group.
    ADD COLUMN escort_person_id uuid CHECK (escort_person_id <> id),
    ADD COLUMN escort_group_id uuid,
    ADD COLUMN escort_within_s integer CHECK (escort_within_s BETWEEN 1 AND 3600),
    ADD CONSTRAINT persons_exemption_is_whole CHECK (
        (exemption_ground IS NULL) = (exemption_from IS NULL) AND (exemption_until IS NULL OR exemption_from IS NOT NULL)),
    ADD CONSTRAINT persons_escort_is_whole CHECK (
        num_nonnulls(escort_person_id, escort_group_id) = CASE WHEN escort_within_s IS NULL THEN 0 ELSE 1 END),
    ADD CONSTRAINT persons_escort_person_exists FOREIGN KEY (tenant_id, escort_person_id) REFERENCES persons (tenant_id, id),
    ADD CONSTRAINT persons_escort_group_exists FOREIGN KEY (tenant_id, escort_group_id) REFERENCES groups (tenant_id, id);

ALTER TABLE credentials
    DROP CONSTRAINT credentials_state_words,
    ADD CONSTRAINT credentials_state_words
        CHECK (state IN ('active', 'suspended', 'lost', 'stolen', 'returned', 'issued', 'expired')),
    DROP CONSTRAINT credentials_strength_words,
    ADD CONSTRAINT credentials_strength_words CHECK (strength IN ('weak_uid', 'authenticated', 'not_authentic')),
    -- A card is enrolled as what it can do, not as what it failed at.
    ADD CONSTRAINT credentials_strength_can_be_shown CHECK (strength <> 'not_authentic');

ALTER TABLE grants
    ALTER COLUMN person_id DROP NOT NULL,
    ADD COLUMN group_id uuid,
    ADD CONSTRAINT grants_group_exists FOREIGN KEY (tenant_id, group_id) REFERENCES groups (tenant_id, id),
    ADD CONSTRAINT grants_have_one_holder CHECK (num_nonnulls(person_id, group_id) = 1);
CREATE INDEX grants_of_group ON grants (tenant_id, group_id);

ALTER TABLE blocks
    ADD COLUMN group_id uuid,
    ADD COLUMN place_kind text NOT NULL DEFAULT 'tenant' CONSTRAINT blocks_place_kind_words CHECK (place_kind IN ('tenant', 'site', 'area', 'door')),
    ADD COLUMN site_id uuid,
    ADD COLUMN area_id uuid,
    ADD COLUMN door_id uuid,
    DROP CONSTRAINT blocks_stop_one_thing,
    ADD CONSTRAINT blocks_stop_one_thing CHECK (num_nonnulls(person_id, credential_id, group_id) = 1),
    ADD CONSTRAINT blocks_name_their_place CHECK (
        (place_kind = 'site') = (site_id IS NOT NULL) AND (place_kind = 'area') = (area_id IS NOT NULL) AND (place_kind = 'door') = (door_id IS NOT NULL)),
    ADD CONSTRAINT blocks_group_exists FOREIGN KEY (tenant_id, group_id) REFERENCES groups (tenant_id, id),
    ADD CONSTRAINT blocks_site_exists FOREIGN KEY (tenant_id, site_id) REFERENCES sites (tenant_id, id),
    ADD CONSTRAINT blocks_area_exists FOREIGN KEY (tenant_id, area_id) REFERENCES areas (tenant_id, id),
    ADD CONSTRAINT blocks_door_exists FOREIGN KEY (tenant_id, door_id) REFERENCES doors (tenant_id, id);

-- The state that rules read, as the log up to a position says: a start reads on from there. It can be made anew from the log
-- at any time, and one that does not open is.
CREATE TABLE state_snapshots (
    tenant_id uuid PRIMARY KEY REFERENCES tenants (id) ON DELETE CASCADE,
    position bigint NOT NULL CHECK (position >= 0),
    format smallint NOT NULL,
    content bytea NOT NULL,
    taken_at timestamptz NOT NULL
);

CREATE TRIGGER history AFTER INSERT OR UPDATE OR DELETE ON groups FOR EACH ROW EXECUTE FUNCTION keep_policy_history('id');
CREATE TRIGGER history AFTER INSERT OR UPDATE OR DELETE ON group_members FOR EACH ROW EXECUTE FUNCTION keep_policy_history('group_id', 'person_id');
CREATE TRIGGER history AFTER INSERT OR UPDATE OR DELETE ON calendars FOR EACH ROW EXECUTE FUNCTION keep_policy_history('id');
CREATE TRIGGER history AFTER INSERT OR UPDATE OR DELETE ON calendar_days FOR EACH ROW EXECUTE FUNCTION keep_policy_history('calendar_id', 'day');
CREATE TRIGGER history AFTER INSERT OR UPDATE OR DELETE ON day_types FOR EACH ROW EXECUTE FUNCTION keep_policy_history('day_type');
CREATE TRIGGER history AFTER INSERT OR UPDATE OR DELETE ON schedule_exceptions FOR EACH ROW EXECUTE FUNCTION keep_policy_history('schedule_id', 'day');
CREATE TRIGGER history AFTER INSERT OR UPDATE OR DELETE ON schedule_exception_windows FOR EACH ROW EXECUTE FUNCTION keep_policy_history('schedule_id', 'day', 'place');
CREATE TRIGGER history AFTER INSERT OR UPDATE OR DELETE ON access_level_line_places FOR EACH ROW EXECUTE FUNCTION keep_policy_history('level_id', 'place', 'kind', 'site_id', 'area_id', 'door_id');
CREATE TRIGGER history AFTER INSERT OR UPDATE OR DELETE ON door_mode_lines FOR EACH ROW EXECUTE FUNCTION keep_policy_history('door_id', 'place');
CREATE TRIGGER history AFTER INSERT OR UPDATE OR DELETE ON door_factor_lines FOR EACH ROW EXECUTE FUNCTION keep_policy_history('door_id', 'place');
CREATE TRIGGER history AFTER INSERT OR UPDATE OR DELETE ON interlocks FOR EACH ROW EXECUTE FUNCTION keep_policy_history('id');
CREATE TRIGGER history AFTER INSERT OR UPDATE OR DELETE ON interlock_doors FOR EACH ROW EXECUTE FUNCTION keep_policy_history('interlock_id', 'door_id');
CREATE TRIGGER history AFTER INSERT OR UPDATE OR DELETE ON travel_times FOR EACH ROW EXECUTE FUNCTION keep_policy_history('door_id', 'other_door_id', 'site_id', 'other_site_id');
CREATE TRIGGER history AFTER INSERT OR UPDATE OR DELETE ON threat_levels FOR EACH ROW EXECUTE FUNCTION keep_policy_history('level');
CREATE TRIGGER history AFTER INSERT OR UPDATE OR DELETE ON threat_level_places FOR EACH ROW EXECUTE FUNCTION keep_policy_history('level', 'kind', 'site_id', 'area_id', 'door_id');
CREATE TRIGGER history AFTER INSERT OR UPDATE OR DELETE ON threat_level_exempt_groups FOR EACH ROW EXECUTE FUNCTION keep_policy_history('level', 'group_id');
CREATE TRIGGER history AFTER INSERT OR UPDATE OR DELETE ON tenant_rules FOR EACH ROW EXECUTE FUNCTION keep_policy_history('tenant_id');

DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY[
        'groups', 'group_members', 'calendars', 'calendar_days', 'day_types', 'schedule_exceptions', 'schedule_exception_windows',
        'access_level_line_places', 'door_mode_lines', 'door_factor_lines', 'interlocks', 'interlock_doors', 'travel_times',
        'threat_levels', 'threat_level_places', 'threat_level_exempt_groups', 'tenant_rules', 'state_snapshots']
    LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
        EXECUTE format(
            'CREATE POLICY own_tenant ON %I USING (tenant_id = NULLIF(current_setting(''app.tenant'', true), '''')::uuid) '
            'WITH CHECK (tenant_id = NULLIF(current_setting(''app.tenant'', true), '''')::uuid)', name);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO pforte_app', name);
        IF name <> 'state_snapshots' THEN
            EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO pforte_vault', name);
        END IF;
    END LOOP;
END
$$;
