"""Revisions, their approvals and their recipients; the identities of the parts of each text."""

TABLES = (
    # The full text of every version found or proposed, kept forever. State `origin`: a text found at the
    # first start, in force from its adoption date. `base`: the version it was compared with. `natures`: the
    # administration's decision about each change. `withdraws`: the revision that this one withdraws.
    """CREATE TABLE revisions (
         id TEXT PRIMARY KEY,
         policy TEXT NOT NULL,
         state TEXT NOT NULL CHECK (state IN ('origin', 'proposed', 'scheduled', 'announced', 'withdrawn')),
         source TEXT NOT NULL CHECK (source IN ('folder', 'file', 'command', 'withdrawal')),
         text TEXT NOT NULL,
         sha256 TEXT NOT NULL,
         base TEXT,
         adopted TEXT,
         effective TEXT,
         natures TEXT NOT NULL DEFAULT '{}',
         nature TEXT,
         notes TEXT NOT NULL DEFAULT '[]',
         withdraws TEXT REFERENCES revisions(id),
         proposed_by TEXT REFERENCES people(id) ON DELETE SET NULL,
         proposed_on TEXT NOT NULL,
         announced_at TEXT,
         withdrawn_by TEXT REFERENCES people(id) ON DELETE SET NULL,
         withdrawn_on TEXT) STRICT""",
    """CREATE UNIQUE INDEX revisions_adopted ON revisions(policy, adopted)
         WHERE state IN ('origin', 'scheduled', 'announced')""",
    """CREATE TABLE revision_approvals (
         id TEXT PRIMARY KEY,
         revision_id TEXT NOT NULL REFERENCES revisions(id),
         person_id TEXT REFERENCES people(id) ON DELETE SET NULL,
         approved_on TEXT NOT NULL,
         UNIQUE (revision_id, person_id)) STRICT""",
    # The people to notify of a revision. `asked`: the reading that the revision requires of them. `told`: the
    # notice that announces the revision. `state`, `problem`, `platform` and `sent_on` are copied from the
    # outbox, whose rows are deleted after some time.
    """CREATE TABLE revision_recipients (
         id TEXT PRIMARY KEY,
         revision_id TEXT NOT NULL REFERENCES revisions(id),
         person_id TEXT NOT NULL REFERENCES people(id) ON DELETE CASCADE,
         asked TEXT NOT NULL CHECK (asked IN ('nothing', 'changes', 'whole')),
         told TEXT NOT NULL,
         round INTEGER NOT NULL DEFAULT 1,
         queued_on TEXT NOT NULL,
         state TEXT NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'sent', 'failed', 'left')),
         problem TEXT,
         platform TEXT,
         sent_on TEXT,
         opened_at TEXT,
         UNIQUE (revision_id, person_id)) STRICT""",
)

# Added since the first tables (see `migrations`).
ADDED_SINCE_FIRST = (
    # The day on which an approved revision was announced before its effective day, NULL when it was not.
    "ALTER TABLE revisions ADD COLUMN ahead_on TEXT",
    # The files dropped in chat whose outline is being corrected. `policy`: the id of the policy, NULL until
    # the person names it. `called`: the name of a policy that is not served yet, in JSON. `document`: the
    # parsed document, in compressed JSON. `decisions`: the decisions about its lines, in JSON.
    """CREATE TABLE dropped_texts (
         id TEXT PRIMARY KEY,
         name TEXT NOT NULL,
         policy TEXT,
         called TEXT,
         document BLOB NOT NULL,
         decisions TEXT NOT NULL DEFAULT '{}',
         dropped_on TEXT NOT NULL) STRICT, WITHOUT ROWID""",
    # The decisions about the lines of a policy's documents, applied again to the next document. `line`: its
    # words, or a doubt's code (see `bot.policy.decisions`).
    """CREATE TABLE line_decisions (
         policy TEXT NOT NULL,
         line TEXT NOT NULL,
         reading TEXT NOT NULL CHECK (
           reading IN ('titre', 'titre-egal', 'sous-titre', 'titre-haut', 'numero', 'texte', 'suite', 'tel')),
         PRIMARY KEY (policy, line)) STRICT, WITHOUT ROWID""",
    # Each part of each text that is or was in force. `number`: the part's number in that text. `identity`:
    # the version and the number under which the part first appeared, « pa20@2015-12-13:5.10 », in every text.
    """CREATE TABLE provisions (
         revision_id TEXT NOT NULL REFERENCES revisions(id),
         number TEXT NOT NULL,
         identity TEXT NOT NULL,
         PRIMARY KEY (revision_id, number),
         UNIQUE (revision_id, identity)) STRICT, WITHOUT ROWID""",
)
