"""The register of attestations.

Rows of `attestations` are chained, signed and never changed. They hold commitments, not names.
`attestation_people` holds the names and accounts behind the commitments. Erasing its rows does not break the
chain.
"""

from bot.storage.schema.append_only import only_added

TABLES = (
    """CREATE TABLE attestation_keys (
         id TEXT PRIMARY KEY,
         public_key TEXT NOT NULL,
         since TEXT NOT NULL) STRICT""",
    """CREATE TABLE attestations (
         number INTEGER PRIMARY KEY,
         previous TEXT NOT NULL,
         policy TEXT NOT NULL,
         version TEXT NOT NULL,
         text_sha256 TEXT NOT NULL,
         statement TEXT NOT NULL,
         attested_at TEXT NOT NULL,
         platform TEXT NOT NULL,
         name_commitment TEXT NOT NULL,
         account_commitment TEXT NOT NULL,
         key_id TEXT NOT NULL REFERENCES attestation_keys(id),
         digest TEXT NOT NULL,
         signature TEXT NOT NULL) STRICT""",
    *only_added("attestations"),
    """CREATE TABLE attestation_people (
         id TEXT PRIMARY KEY,
         number INTEGER NOT NULL UNIQUE REFERENCES attestations(number),
         person_id TEXT NOT NULL REFERENCES people(id) ON DELETE CASCADE,
         name TEXT NOT NULL,
         name_salt TEXT NOT NULL,
         account TEXT NOT NULL,
         account_salt TEXT NOT NULL) STRICT""",
    "CREATE INDEX attestation_people_by_person ON attestation_people(person_id)",
    """CREATE TABLE reading_facts (
         id TEXT PRIMARY KEY,
         person_id TEXT NOT NULL REFERENCES people(id) ON DELETE CASCADE,
         policy TEXT NOT NULL,
         version TEXT NOT NULL,
         fact TEXT NOT NULL CHECK (fact IN ('delivered', 'opened', 'read', 'passed')),
         happened_at TEXT NOT NULL,
         platform TEXT NOT NULL,
         UNIQUE (person_id, policy, version, fact)) STRICT""",
    """CREATE TABLE mandate_ends (
         person_id TEXT PRIMARY KEY REFERENCES people(id) ON DELETE CASCADE,
         ended_on TEXT NOT NULL) STRICT""",
)
