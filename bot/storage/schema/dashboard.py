"""The association's figures by period, and the nameless tallies from which they are computed.

No table records a person, nor a moment finer than a month. Figures are bands of five.
"""

ADDED = (
    # What is counted as it happens: `kind`: « clause », « unanswered » or « post ». `policy` and `clause`: ""
    # where they mean nothing. Its rows are deleted once their figures are counted.
    """CREATE TABLE nameless_counts (
         kind TEXT NOT NULL CHECK (kind IN ('clause', 'unanswered', 'post')),
         policy TEXT NOT NULL,
         clause TEXT NOT NULL,
         month TEXT NOT NULL,
         count INTEGER NOT NULL DEFAULT 0,
         PRIMARY KEY (kind, policy, clause, month)) STRICT, WITHOUT ROWID""",
    # The months and years that were counted, each once, and the day when they were.
    """CREATE TABLE counted_periods (
         first TEXT NOT NULL,
         last TEXT NOT NULL,
         counted_on TEXT NOT NULL,
         PRIMARY KEY (first, last)) STRICT, WITHOUT ROWID""",
    # The lowest number of each figure's band, when it is not zero.
    """CREATE TABLE counted_figures (
         first TEXT NOT NULL,
         last TEXT NOT NULL,
         figure TEXT NOT NULL,
         low INTEGER NOT NULL CHECK (low > 0 AND low % 5 = 0),
         PRIMARY KEY (first, last, figure),
         FOREIGN KEY (first, last) REFERENCES counted_periods(first, last) ON DELETE CASCADE) STRICT,
         WITHOUT ROWID""",
)
