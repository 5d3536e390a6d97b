"""Reports under clause 5.10.

People's texts are sealed (see `bot.reports.keys`). The other columns reveal neither the reporter nor the time
of a report. Identifiers are random, and rows are stored in identifier order. Dates have no time. Times are
drawn at random (`appears_at`, `due_at`) or sealed, and are replaced with the start of the day once they have
passed.
"""

TABLES = (
    # `role`: the role that handles the case. `round`: how many times the case was assigned. `address`: the
    # lookup hash of the post. `delivered_at`: the sealed time of the first delivered alert, cleared when
    # a holder reads the case. `read_after`: the whole hours from that alert to that reading. `hold`: whether
    # the case is kept past its retention period. `sealed`: the implicated accounts, and the outcome.
    """CREATE TABLE report_cases (
         id TEXT PRIMARY KEY,
         role TEXT NOT NULL,
         status TEXT NOT NULL CHECK (status IN ('received', 'read', 'taken', 'waiting', 'acting', 'closed')),
         urgent INTEGER NOT NULL,
         round INTEGER NOT NULL DEFAULT 1,
         address TEXT,
         opened_on TEXT NOT NULL,
         delivered_at TEXT,
         read_after INTEGER,
         closed_on TEXT,
         hold INTEGER NOT NULL DEFAULT 0,
         sealed BLOB NOT NULL) STRICT, WITHOUT ROWID""",
    "CREATE INDEX report_cases_by_address ON report_cases(address)",
    # The accounts with access to a case: those that could read it when it was opened, and those that it was
    # handed over to.
    """CREATE TABLE report_readers (
         case_id TEXT NOT NULL REFERENCES report_cases(id) ON DELETE CASCADE,
         account TEXT NOT NULL,
         PRIMARY KEY (case_id, account)) STRICT, WITHOUT ROWID""",
    # One person's report. `receipt`: the lookup hash of their code. `status`: the status they are shown,
    # which reveals nothing about other reporters. `appears_at`: when holders can start to see it. `seen`:
    # whether a holder has seen it.
    """CREATE TABLE report_filings (
         id TEXT PRIMARY KEY,
         case_id TEXT NOT NULL REFERENCES report_cases(id) ON DELETE CASCADE,
         receipt TEXT NOT NULL UNIQUE,
         status TEXT NOT NULL CHECK (status IN ('received', 'read', 'taken', 'waiting', 'acting', 'closed')),
         seen INTEGER NOT NULL DEFAULT 0,
         appears_at TEXT NOT NULL,
         sealed BLOB NOT NULL,
         image BLOB) STRICT, WITHOUT ROWID""",
    "CREATE INDEX report_filings_by_case ON report_filings(case_id)",
    """CREATE TABLE report_messages (
         id TEXT PRIMARY KEY,
         filing_id TEXT NOT NULL REFERENCES report_filings(id) ON DELETE CASCADE,
         author TEXT NOT NULL CHECK (author IN ('holder', 'reporter')),
         seen INTEGER NOT NULL DEFAULT 0,
         appears_at TEXT NOT NULL,
         sealed BLOB NOT NULL) STRICT, WITHOUT ROWID""",
    "CREATE INDEX report_messages_by_filing ON report_messages(filing_id)",
    # The alerts about a case and their due times: one row for each level of each round. `sealed_due`: the due
    # time of a level that follows a delivery, sealed; `due_at` is then the start of its day.
    """CREATE TABLE report_alerts (
         id TEXT PRIMARY KEY,
         case_id TEXT NOT NULL REFERENCES report_cases(id) ON DELETE CASCADE,
         round INTEGER NOT NULL,
         level TEXT NOT NULL,
         role TEXT,
         state TEXT NOT NULL DEFAULT 'planned' CHECK (state IN ('planned', 'queued', 'delivered', 'failed')),
         due_at TEXT NOT NULL,
         sealed_due TEXT,
         UNIQUE (case_id, round, level)) STRICT, WITHOUT ROWID""",
    "CREATE INDEX report_alerts_by_state ON report_alerts(state, due_at)",
    # The pending request to hand over the reports that nobody may read any more: at most one row (see
    # `bot.reports.handovers`). `asked_on`: the day of the request. `notified_at`: when its notice had reached
    # everyone it concerns.
    """CREATE TABLE report_handovers (
         id TEXT PRIMARY KEY,
         role TEXT NOT NULL,
         by TEXT NOT NULL,
         asked_on TEXT NOT NULL,
         notified_at TEXT) STRICT""",
    # The cases that nobody may read, and the administrators who were considered for a notice of each case,
    # including those whom the case implicates (see `bot.reports.handovers`). `person` is not a foreign key of
    # `people`. Otherwise the row would belong to a person's own data, which would tell someone implicated
    # that there is a case.
    """CREATE TABLE report_stranded (
         case_id TEXT NOT NULL REFERENCES report_cases(id) ON DELETE CASCADE,
         person TEXT NOT NULL,
         PRIMARY KEY (case_id, person)) STRICT, WITHOUT ROWID""",
    # Files made from reports, stored until they are sent, for at most a day: an exported case, or figures
    # (without `case_id`).
    """CREATE TABLE report_files (
         id TEXT PRIMARY KEY,
         case_id TEXT REFERENCES report_cases(id) ON DELETE CASCADE,
         sealed BLOB NOT NULL,
         made_on TEXT NOT NULL) STRICT, WITHOUT ROWID""",
)
