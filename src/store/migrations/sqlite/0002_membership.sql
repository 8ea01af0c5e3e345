-- Applications to the federation that wait at a hub for its operators: of each list key the newest.
CREATE TABLE applications (
    list_key TEXT PRIMARY KEY,
    member TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    document TEXT NOT NULL,
    received INTEGER NOT NULL
);
CREATE INDEX applications_member ON applications (member, received);
