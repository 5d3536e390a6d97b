"""Questions that were poorly answered, and people's verdicts on answers.

Neither table records the person who asked, nor an order of arrival that could identify them.
"""

TABLES = (
    """CREATE TABLE asked_questions (
         id TEXT PRIMARY KEY,
         policy TEXT NOT NULL,
         question TEXT NOT NULL,
         problem TEXT NOT NULL CHECK (problem IN ('not_found', 'silent', 'unhelpful')),
         clauses TEXT NOT NULL DEFAULT '',
         week TEXT NOT NULL) STRICT, WITHOUT ROWID""",
    """CREATE TABLE answer_verdicts (
         week TEXT NOT NULL,
         verdict TEXT NOT NULL CHECK (verdict IN ('useful', 'useless')),
         count INTEGER NOT NULL,
         PRIMARY KEY (week, verdict)) STRICT, WITHOUT ROWID""",
)
