-- Where the list log first carried a key in the list of one province (hub only): of two entries
-- with one key, the earlier one is believed.

CREATE TABLE listed_keys (
    list TEXT NOT NULL,
    -- SHA-256 of the SubjectPublicKeyInfo.
    spki TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    leaf_index INTEGER NOT NULL,
    PRIMARY KEY (list, spki)
);
