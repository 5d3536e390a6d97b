"""Persons, their accounts, the roles they hold and the groups they are in."""

from bot.storage.schema.append_only import only_added

TABLES = (
    "CREATE TABLE people (id TEXT PRIMARY KEY) STRICT",
    # `notice_version`: the version of the privacy notice shown to this account. `preferred`: 2 for the
    # account that the person chose for messages, 1 for the one last used to attest or to link.
    """CREATE TABLE accounts (
         platform TEXT NOT NULL,
         team TEXT NOT NULL,
         user TEXT NOT NULL,
         person_id TEXT NOT NULL REFERENCES people(id) ON DELETE CASCADE,
         notice_version TEXT,
         preferred INTEGER NOT NULL DEFAULT 0,
         PRIMARY KEY (platform, team, user)) STRICT""",
    "CREATE INDEX accounts_by_person ON accounts(person_id)",
    # `account`: the account that requested the code. `asked`: the account that typed the code, and was then
    # asked « is it you? ». `agreed`: whether it answered yes; the account that requested the code is then
    # asked too. Accounts are written as in `bot.people.persons.Account`.
    """CREATE TABLE link_codes (
         code_hash TEXT PRIMARY KEY,
         person_id TEXT NOT NULL REFERENCES people(id) ON DELETE CASCADE,
         account TEXT NOT NULL,
         asked TEXT,
         agreed INTEGER NOT NULL DEFAULT 0,
         expires_at TEXT NOT NULL) STRICT""",
    # One row each time an account gains or loses the right to read reports or to administer (see
    # `bot.people.appointments`). Accounts are text, so that rows outlive persons, links and erasures. Rows
    # never change.
    """CREATE TABLE appointments (
         number INTEGER PRIMARY KEY,
         id TEXT NOT NULL UNIQUE,
         batch TEXT NOT NULL,
         role TEXT NOT NULL,
         account TEXT NOT NULL,
         able INTEGER NOT NULL,
         how TEXT NOT NULL,
         by TEXT NOT NULL,
         decided_on TEXT NOT NULL,
         effective_on TEXT NOT NULL,
         confirmed_by TEXT NOT NULL) STRICT""",
    *only_added("appointments"),
    """CREATE TABLE roles (
         id TEXT PRIMARY KEY,
         title TEXT NOT NULL,
         email TEXT,
         fallback_id TEXT REFERENCES roles(id)) STRICT""",
    # `replaces`: whether this is a group that will replace the role's other holders once it has a member.
    """CREATE TABLE role_holders (
         id TEXT PRIMARY KEY,
         role_id TEXT NOT NULL REFERENCES roles(id),
         person_id TEXT REFERENCES people(id) ON DELETE CASCADE,
         group_platform TEXT,
         group_team TEXT,
         group_id TEXT,
         since TEXT NOT NULL,
         until TEXT,
         replaces INTEGER NOT NULL DEFAULT 0,
         CHECK ((person_id IS NULL) <> (group_id IS NULL))) STRICT""",
    "CREATE INDEX role_holders_by_role ON role_holders(role_id)",
    # `read_day`: the day the group was last read in full. `problem`: why the last reading failed.
    """CREATE TABLE member_sources (
         id TEXT PRIMARY KEY,
         kind TEXT NOT NULL CHECK (kind IN ('officer', 'employee', 'holder')),
         platform TEXT NOT NULL,
         team TEXT NOT NULL,
         source TEXT NOT NULL CHECK (source IN ('discord_role', 'slack_group', 'slack_channel')),
         source_id TEXT NOT NULL,
         read_day TEXT,
         problem TEXT,
         UNIQUE (kind, platform, team, source, source_id)) STRICT""",
    """CREATE TABLE members (
         id TEXT PRIMARY KEY,
         person_id TEXT NOT NULL REFERENCES people(id) ON DELETE CASCADE,
         kind TEXT NOT NULL CHECK (kind IN ('officer', 'employee', 'holder')),
         source_id TEXT NOT NULL,
         since TEXT NOT NULL,
         until TEXT,
         UNIQUE (person_id, kind, source_id, since)) STRICT""",
)

# Added since the first tables (see `migrations`).
ADDED_SINCE_FIRST = (
    # Who receives reports: the recipients, in the order of `rank`, and the first of the alternates, from the
    # day `since` to the day before `until`. `decided_by`: the account of the administrator who decided on
    # `since` or, once `until` is set, on `until`; "" when the profile decided.
    """CREATE TABLE report_duties (
         id TEXT PRIMARY KEY,
         role_id TEXT NOT NULL REFERENCES roles(id),
         duty TEXT NOT NULL CHECK (duty IN ('recipient', 'alternate')),
         rank INTEGER NOT NULL,
         decided_by TEXT NOT NULL,
         since TEXT NOT NULL,
         until TEXT) STRICT""",
)
