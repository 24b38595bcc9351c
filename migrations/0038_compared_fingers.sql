-- Whether a finger is compared with those of others at the station before it is stored: only where templates lie on the server.
ALTER TABLE card_rules
    ADD COLUMN compares_fingers boolean NOT NULL DEFAULT false,
    ADD CONSTRAINT card_rules_fingers_are_comparable CHECK (templates_on = 'server' OR NOT compares_fingers);
