-- The state of one node. Instants are microseconds since 1970 (INTEGER); identifiers, digests
-- (base64url) and documents are TEXT. Nothing here is a blob.

CREATE TABLE audit_entries (
    leaf_index INTEGER PRIMARY KEY,
    leaf TEXT NOT NULL UNIQUE,
    -- Entry and salt go together when their retention ends; the leaf stays.
    salt TEXT,
    entry TEXT,
    at INTEGER NOT NULL,
    subject TEXT,
    CHECK ((salt IS NULL) = (entry IS NULL))
);
CREATE INDEX audit_entries_subject ON audit_entries (subject, leaf_index);

-- One row: the right edge of the tree and the checkpoint over it.
CREATE TABLE audit_state (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    size INTEGER NOT NULL,
    peaks TEXT NOT NULL,
    checkpoint TEXT NOT NULL
);

CREATE TABLE licences (
    identifier TEXT PRIMARY KEY,
    licence_type TEXT NOT NULL,
    issuing_division TEXT NOT NULL,
    number TEXT NOT NULL,
    plate TEXT,
    plate_colour TEXT,
    holder_code_digest TEXT,
    status TEXT NOT NULL,
    status_list TEXT NOT NULL,
    status_index INTEGER NOT NULL CHECK (status_index >= 0),
    version TEXT NOT NULL,
    carrier TEXT NOT NULL,
    record TEXT NOT NULL,
    credential TEXT,
    credential_digest TEXT,
    updated INTEGER NOT NULL,
    UNIQUE (status_list, status_index)
);
CREATE INDEX licences_number ON licences (number);
CREATE INDEX licences_plate ON licences (plate);
CREATE INDEX licences_holder ON licences (holder_code_digest);

CREATE TABLE consent_requests (
    id TEXT PRIMARY KEY,
    state TEXT NOT NULL CHECK (state IN ('REQUESTED', 'APPROVED', 'DENIED', 'EXPIRED')),
    licence TEXT NOT NULL,
    document TEXT NOT NULL,
    transaction_data TEXT NOT NULL,
    nonce TEXT NOT NULL,
    expires INTEGER NOT NULL,
    created INTEGER NOT NULL
);

CREATE TABLE grants (
    id TEXT PRIMARY KEY,
    state TEXT NOT NULL
        CHECK (state IN ('ACTIVE', 'PAUSED', 'REVOKED', 'EXPIRED', 'EXHAUSTED')),
    licence TEXT NOT NULL,
    grantee_spki TEXT NOT NULL,
    registration TEXT NOT NULL,
    purpose TEXT NOT NULL,
    document TEXT NOT NULL,
    status_index INTEGER NOT NULL UNIQUE CHECK (status_index >= 0),
    nbf INTEGER NOT NULL,
    exp INTEGER NOT NULL,
    max_uses INTEGER,
    uses INTEGER NOT NULL,
    created INTEGER NOT NULL,
    ended INTEGER,
    CHECK (max_uses IS NULL OR uses <= max_uses)
);
CREATE INDEX grants_licence ON grants (licence);

CREATE TABLE inspections (
    id TEXT PRIMARY KEY,
    unit TEXT NOT NULL,
    officers TEXT NOT NULL,
    place TEXT NOT NULL,
    law_ref TEXT NOT NULL,
    reason_code TEXT NOT NULL,
    client TEXT NOT NULL,
    opened INTEGER NOT NULL,
    expires INTEGER NOT NULL
);
CREATE INDEX inspections_expires ON inspections (expires);

-- Nonces and request identifiers that were used, each until its end.
CREATE TABLE spent (
    digest TEXT PRIMARY KEY,
    expires INTEGER NOT NULL
);
CREATE INDEX spent_expires ON spent (expires);

CREATE TABLE clients (
    spki TEXT PRIMARY KEY,
    id TEXT NOT NULL,
    role TEXT NOT NULL,
    division TEXT NOT NULL,
    name TEXT NOT NULL,
    intended_uses TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('ACTIVE', 'SUSPENDED', 'WITHDRAWN')),
    created INTEGER NOT NULL
);

-- What this node believes: the newest accepted document of each kind.
CREATE TABLE trust_documents (
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    sha256 TEXT NOT NULL,
    document TEXT NOT NULL,
    updated INTEGER NOT NULL,
    PRIMARY KEY (kind, id)
);

-- What this node publishes: every version, for ever. `updated` is when it was issued.
CREATE TABLE published_documents (
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    sha256 TEXT NOT NULL,
    document TEXT NOT NULL,
    updated INTEGER NOT NULL,
    PRIMARY KEY (kind, id, sequence)
);
CREATE INDEX published_documents_issued ON published_documents (kind, id, updated, sequence);

CREATE TABLE list_log (
    leaf_index INTEGER PRIMARY KEY,
    leaf TEXT NOT NULL,
    statement TEXT NOT NULL,
    checkpoint TEXT NOT NULL
);
