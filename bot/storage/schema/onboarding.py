"""Onboardings and attempts at the quiz.

Each fact about a person is a separate row, so that linking two accounts combines the facts of both.
"""

TABLES = (
    # The people who must read each version. `suspended_on`: the day they stopped being an officer or
    # employee. `round`: how many times the onboarding began. `reminders`: how many were sent in this round,
    # including the notice to the administration. `refreshed`: whether the refresher was offered. `scope`: the
    # whole text, or only a revision's changes. `questions`: how many were drawn about those changes.
    """CREATE TABLE onboardings (
         person_id TEXT NOT NULL REFERENCES people(id) ON DELETE CASCADE,
         policy TEXT NOT NULL,
         version TEXT NOT NULL,
         started_at TEXT NOT NULL,
         by_hand INTEGER NOT NULL DEFAULT 0,
         round INTEGER NOT NULL DEFAULT 1,
         reminders INTEGER NOT NULL DEFAULT 0,
         suspended_on TEXT,
         refreshed INTEGER NOT NULL DEFAULT 0,
         scope TEXT NOT NULL DEFAULT 'whole',
         questions INTEGER NOT NULL DEFAULT 0,
         PRIMARY KEY (person_id, policy, version)) STRICT""",
    # The day by which a person was asked to read a version, added once the message that says so is delivered.
    # The table is separate so that linking two accounts keeps the day that only one of them was given.
    """CREATE TABLE due_dates (
         person_id TEXT NOT NULL REFERENCES people(id) ON DELETE CASCADE,
         policy TEXT NOT NULL,
         version TEXT NOT NULL,
         due_on TEXT NOT NULL,
         PRIMARY KEY (person_id, policy, version)) STRICT""",
    """CREATE TABLE pages_read (
         person_id TEXT NOT NULL REFERENCES people(id) ON DELETE CASCADE,
         policy TEXT NOT NULL,
         version TEXT NOT NULL,
         page TEXT NOT NULL,
         turned_on TEXT NOT NULL,
         PRIMARY KEY (person_id, policy, version, page)) STRICT""",
    """CREATE TABLE quiz_attempts (
         id TEXT PRIMARY KEY,
         person_id TEXT NOT NULL REFERENCES people(id) ON DELETE CASCADE,
         policy TEXT NOT NULL,
         version TEXT NOT NULL,
         kind TEXT NOT NULL CHECK (kind IN ('quiz', 'refresher', 'revision')),
         items TEXT NOT NULL,
         ticked TEXT NOT NULL DEFAULT '[]',
         started_at TEXT NOT NULL,
         finished_at TEXT) STRICT""",
    "CREATE INDEX quiz_attempts_by_person ON quiz_attempts(person_id)",
    """CREATE TABLE quiz_answers (
         attempt_id TEXT NOT NULL REFERENCES quiz_attempts(id) ON DELETE CASCADE,
         turn INTEGER NOT NULL,
         question TEXT NOT NULL,
         chosen TEXT NOT NULL,
         is_right INTEGER NOT NULL,
         PRIMARY KEY (attempt_id, turn)) STRICT""",
)
