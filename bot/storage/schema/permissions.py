"""Permissions that people request, the messages exchanged about them, and the register of certificates.

What people wrote is in separate tables, so that it can be destroyed without the rest. Rows of `certificates`
are chained, signed and never changed, like attestations. Each one holds a commitment to its content, but not
the kind, the day or the author of the request.
"""

from bot.storage.schema.append_only import only_added

ADDED_SINCE_FIRST = (
    # `asked_of`: the role that decides, or is notified of a consent. `on_paper`: whether that role records
    # the consent of someone who has no account. `closed_by`: who ended a permission in force.
    """CREATE TABLE permission_requests (
         id TEXT PRIMARY KEY,
         kind TEXT NOT NULL,
         policy TEXT NOT NULL,
         version TEXT NOT NULL,
         clauses TEXT NOT NULL,
         asker_id TEXT NOT NULL REFERENCES people(id) ON DELETE CASCADE,
         asked_of TEXT NOT NULL,
         consenter_id TEXT REFERENCES people(id) ON DELETE SET NULL,
         on_paper INTEGER NOT NULL DEFAULT 0,
         state TEXT NOT NULL CHECK (state IN
           ('asked', 'granted', 'refused', 'cancelled', 'withdrawn', 'ended')),
         asked_on TEXT NOT NULL,
         until TEXT,
         decided_by TEXT REFERENCES people(id) ON DELETE SET NULL,
         decided_as TEXT,
         decided_on TEXT,
         closed_by TEXT CHECK (closed_by IN ('asker', 'decider', 'consenter')),
         closed_on TEXT) STRICT""",
    "CREATE INDEX permission_requests_by_asker ON permission_requests(asker_id)",
    "CREATE INDEX permission_requests_by_consenter ON permission_requests(consenter_id)",
    "CREATE INDEX permission_requests_by_state ON permission_requests(state, until)",
    """CREATE TABLE permission_contents (
         id TEXT PRIMARY KEY,
         request_id TEXT NOT NULL UNIQUE REFERENCES permission_requests(id) ON DELETE CASCADE,
         subject TEXT NOT NULL,
         image TEXT NOT NULL DEFAULT '',
         fingerprint TEXT NOT NULL DEFAULT '',
         reason TEXT NOT NULL DEFAULT '',
         closing TEXT NOT NULL DEFAULT '') STRICT""",
    # The names that people gave for the certificate. Its content holds a commitment to each name, made with
    # the salt. `party`: « signer » for a person who consents on paper and has no account.
    """CREATE TABLE permission_names (
         id TEXT PRIMARY KEY,
         request_id TEXT NOT NULL REFERENCES permission_requests(id) ON DELETE CASCADE,
         party TEXT NOT NULL CHECK (party IN ('asker', 'decider', 'signer')),
         person_id TEXT REFERENCES people(id) ON DELETE CASCADE,
         name TEXT NOT NULL,
         salt TEXT NOT NULL,
         UNIQUE (request_id, party)) STRICT""",
    """CREATE TABLE permission_lines (
         id TEXT PRIMARY KEY,
         request_id TEXT NOT NULL REFERENCES permission_requests(id) ON DELETE CASCADE,
         number INTEGER NOT NULL,
         author_id TEXT NOT NULL REFERENCES people(id) ON DELETE CASCADE,
         party TEXT NOT NULL CHECK (party IN ('asker', 'decider', 'consenter')),
         text TEXT NOT NULL,
         said_on TEXT NOT NULL,
         UNIQUE (request_id, number)) STRICT""",
    """CREATE TABLE certificates (
         number INTEGER PRIMARY KEY,
         previous TEXT NOT NULL,
         commitment TEXT NOT NULL,
         key_id TEXT NOT NULL REFERENCES attestation_keys(id),
         digest TEXT NOT NULL,
         signature TEXT NOT NULL) STRICT""",
    *only_added("certificates"),
    """CREATE TABLE certificate_contents (
         id TEXT PRIMARY KEY,
         number INTEGER NOT NULL UNIQUE REFERENCES certificates(number),
         request_id TEXT NOT NULL REFERENCES permission_requests(id) ON DELETE CASCADE,
         content TEXT NOT NULL,
         salt TEXT NOT NULL) STRICT""",
    "CREATE INDEX certificate_contents_by_request ON certificate_contents(request_id)",
)
