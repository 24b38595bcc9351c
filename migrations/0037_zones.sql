-- Zones that hang on a door's lines, as its agent said last with the wiring. Whether a zone is armed is no column: operators set it, and
-- it follows from the log.

ALTER TABLE door_trials
    ADD COLUMN zones text[] NOT NULL DEFAULT '{}'
        CONSTRAINT door_trials_zones CHECK (zones <@ ARRAY['zone_1', 'zone_2', 'zone_3', 'zone_4']);
