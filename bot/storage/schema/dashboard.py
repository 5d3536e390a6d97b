"""The association's figures for each month and year, and the anonymous counts behind them.

No table records a person, or a time more precise than a month. Figures are bands of five.
"""

ADDED_SINCE_FIRST = (
    # Events counted as they happen. `policy` and `clause`: "" when they do not apply to this `kind`. Rows are
    # deleted once the figures of their month are computed.
    """CREATE TABLE nameless_counts (
         kind TEXT NOT NULL CHECK (kind IN ('clause', 'unanswered', 'post')),
         policy TEXT NOT NULL,
         clause TEXT NOT NULL,
         month TEXT NOT NULL,
         count INTEGER NOT NULL DEFAULT 0,
         PRIMARY KEY (kind, policy, clause, month)) STRICT, WITHOUT ROWID""",
    # The months and years whose figures were computed, each only once, and the day when they were.
    """CREATE TABLE counted_periods (
         first TEXT NOT NULL,
         last TEXT NOT NULL,
         counted_on TEXT NOT NULL,
         PRIMARY KEY (first, last)) STRICT, WITHOUT ROWID""",
    # The figures of each period. `low`: the lowest number of the figure's band. Figures below 5 have no row.
    """CREATE TABLE counted_figures (
         first TEXT NOT NULL,
         last TEXT NOT NULL,
         figure TEXT NOT NULL,
         low INTEGER NOT NULL CHECK (low > 0 AND low % 5 = 0),
         PRIMARY KEY (first, last, figure),
         FOREIGN KEY (first, last) REFERENCES counted_periods(first, last) ON DELETE CASCADE) STRICT,
         WITHOUT ROWID""",
)
