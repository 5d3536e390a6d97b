"""Revisions, their approvals, and who is told of them."""

TABLES = (
    # Every text that was found or proposed, whole and kept forever. `origin`: there from the first start, in
    # force since its adoption. `base`: the version it was compared with. `natures`: the administration's
    # decision about each change. `withdraws`: the revision that this one takes back.
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
    # Who must be told of a revision, and what it asks of them. `told`: the notice that tells them. `state`
    # and what follows copy what the outbox knows, since the outbox forgets.
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
