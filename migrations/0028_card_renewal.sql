-- A card whose own key was left the factory's is renewed beside such a key; of any other a key of the factory says that it is not that
-- card. Of cards that were made before this was kept it is not known, and so not held against them until they are written again.
ALTER TABLE card_chips ADD COLUMN has_factory_key boolean NOT NULL DEFAULT true;
ALTER TABLE card_chips ALTER COLUMN has_factory_key DROP DEFAULT;
