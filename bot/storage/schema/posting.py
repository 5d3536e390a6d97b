"""How often each check of posts was shown and dismissed, and the administration's decisions about it.

No table records a person, a post, or a time more precise than a month.
"""

ADDED_SINCE_FIRST = (
    """CREATE TABLE check_counts (
         policy TEXT NOT NULL,
         version TEXT NOT NULL,
         check_name TEXT NOT NULL,
         month TEXT NOT NULL,
         shown INTEGER NOT NULL DEFAULT 0,
         waved INTEGER NOT NULL DEFAULT 0,
         PRIMARY KEY (policy, version, check_name, month)) STRICT, WITHOUT ROWID""",
    """CREATE TABLE check_reviews (
         policy TEXT NOT NULL,
         version TEXT NOT NULL,
         check_name TEXT NOT NULL,
         PRIMARY KEY (policy, version, check_name)) STRICT, WITHOUT ROWID""",
    """CREATE TABLE checks_off (
         policy TEXT NOT NULL,
         check_name TEXT NOT NULL,
         PRIMARY KEY (policy, check_name)) STRICT, WITHOUT ROWID""",
)
