-- What one operator proposed and another must approve: a list, a client, its return.
CREATE TABLE proposals (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    document TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('PROPOSED', 'APPROVED')),
    proposer TEXT NOT NULL,
    proposer_spki TEXT NOT NULL,
    approver TEXT,
    approver_spki TEXT,
    created INTEGER NOT NULL,
    ends INTEGER NOT NULL,
    CHECK ((state = 'APPROVED') = (approver IS NOT NULL AND approver_spki IS NOT NULL))
);
CREATE INDEX proposals_kind ON proposals (kind, created);

-- A client's new key, with the old one's signature over it. A key is renewed once.
CREATE TABLE client_renewals (
    spki TEXT PRIMARY KEY,
    previous_spki TEXT NOT NULL UNIQUE,
    proof TEXT NOT NULL,
    created INTEGER NOT NULL
);
