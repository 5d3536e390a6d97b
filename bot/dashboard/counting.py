"""The exact counts of persons or acts for each figure of a period.

Counts only leave this room as bands. An act belongs to one cell of one figure. A cell is a month or, for rare
acts, a year. No act belongs to both, so that no cell can be deduced by subtracting others. In a cell, a
person counts once.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, time, timedelta
from typing import Final, Literal, TypeAlias

from sqlite_utils import Database

from bot.dashboard.periods import Period
from bot.reports import access, routing
from bot.reports.records import Session
from bot.times import Calendar, iso

Grain: TypeAlias = Literal["month", "year"]

OPENED: Final = "signalements.ouverts"
CLOSED: Final = "signalements.clos"


@dataclass(frozen=True, slots=True)
class Counting:
    """The scope of a count: a policy's acts in a period. `policy`: its id.

    `clause_of`: from the ids of a policy and of a quiz question, returns the question's clause, "" if the
    question was removed.
    """

    db: Database
    policy: str
    period: Period
    calendar: Calendar
    clause_of: Callable[[str, str], str]

    def execute(self, query: str) -> list[tuple[str, int]]:
        """Return the rows of a query. It may use `:policy`, `:first`, `:last`, `:begins` and `:ends`."""
        values = {
            "policy": self.policy,
            "first": self.period.first.isoformat(),
            "last": self.period.last.isoformat(),
            "begins": iso(self.calendar.at(self.period.first, time(0))),
            "ends": iso(self.calendar.at(self.period.last + timedelta(days=1), time(0))),
        }
        return [tuple(row) for row in self.db.conn.execute(query, values).fetchall()]


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """A figure or, if `each` says so, a figure for each clause or version. `title`: in French.

    `count`: returns the counts by clause number or version key, or under "" for a single figure.
    """

    id: str
    title: str
    count: Callable[[Counting], Mapping[str, int]]
    each: Literal["", "clause", "version"] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SectionPlan:
    """A section to count. Its figures are all monthly or all yearly.

    `by_policy`: whether each policy is counted separately. `nameless`: whether acts are counted as they
    happen (`tallies.py`), since no table records who did them.
    """

    id: str
    title: str
    note: str
    grain: Grain
    measures: tuple[Measure, ...]
    by_policy: bool = True
    nameless: bool = False


def _rows(query: str) -> Callable[[Counting], Mapping[str, int]]:
    return lambda counting: dict(counting.execute(query))


def _nameless(which: str, *, by: Literal["''", "clause"] = "''") -> Callable[[Counting], Mapping[str, int]]:
    """Return the measure that adds up rows of `nameless_counts` in the months of the period.

    `which`: the SQL condition on the rows. `by`: the column of the figures' keys, '' for a single figure.
    """
    # Grouped, even for one figure: without any row, a sum alone would give one null count instead of none.
    return _rows(
        f"""SELECT {by}, sum(count) FROM nameless_counts
            WHERE {which} AND month BETWEEN substr(:first, 1, 7) AND substr(:last, 1, 7)
            GROUP BY kind, {by}"""  # noqa: S608 — constants
    )


def _wrong_answers(counting: Counting) -> Mapping[str, int]:
    """Return how many persons answered wrongly about each clause, in attempts that ended in the period."""
    persons = defaultdict(set)
    for person, question in counting.execute(
        """SELECT DISTINCT person_id, question FROM quiz_attempts
           JOIN quiz_answers ON attempt_id = quiz_attempts.id
           WHERE policy = :policy AND finished_at >= :begins AND finished_at < :ends AND NOT is_right"""
    ):
        if clause := counting.clause_of(counting.policy, str(question)):
            persons[clause].add(person)
    return {clause: len(wrong) for clause, wrong in persons.items()}


ONBOARDING: Final = SectionPlan(
    id="accueil",
    title="Les accueils",
    note="Un accueil est en retard le mois de la date visée, si la lecture n'est pas attestée quand il "
    "finit.",
    grain="month",
    measures=(
        Measure(
            id="commences",
            title="Accueils commencés",
            count=_rows("""SELECT '', count(DISTINCT person_id) FROM onboardings
                     WHERE policy = :policy AND started_at >= :begins AND started_at < :ends"""),
        ),
        Measure(
            id="lus",
            title="Lectures terminées",
            count=_rows("""SELECT '', count(DISTINCT person_id) FROM reading_facts
                     WHERE policy = :policy AND fact = 'read' AND platform <> ''
                       AND happened_at >= :begins AND happened_at < :ends"""),
        ),
        Measure(
            id="retards",
            title="Accueils en retard",
            count=_rows("""SELECT '', count(DISTINCT person_id) FROM onboardings AS late
                     JOIN due_dates USING (person_id, policy, version)
                     WHERE policy = :policy AND due_on BETWEEN :first AND :last AND suspended_on IS NULL
                       AND NOT EXISTS (
                         SELECT 1 FROM attestation_people JOIN attestations USING (number)
                         WHERE attestation_people.person_id = late.person_id
                           AND attestations.policy = late.policy
                           AND attestations.version = late.version AND attested_at < :ends)"""),
        ),
    ),
)
ATTESTATIONS: Final = SectionPlan(
    id="attestations",
    title="Les attestations",
    note="",
    grain="month",
    measures=(
        Measure(
            id="version",
            title="Version du",
            count=_rows("""SELECT version, count(*) FROM attestations
                     WHERE policy = :policy AND attested_at >= :begins AND attested_at < :ends
                     GROUP BY version"""),
            each="version",
        ),
    ),
)
NOTICES: Final = SectionPlan(
    id="avis",
    title="Les avis de révision",
    note="Un avis est compté le mois où il est remis, et de nouveau le mois où il est ouvert.",
    grain="month",
    measures=(
        Measure(
            id="remis",
            title="Avis remis",
            count=_rows("""SELECT '', count(DISTINCT person_id) FROM revision_recipients
                     JOIN revisions ON revisions.id = revision_id
                     WHERE policy = :policy AND sent_on BETWEEN :first AND :last"""),
        ),
        Measure(
            id="ouverts",
            title="Avis ouverts",
            count=_rows("""SELECT '', count(DISTINCT person_id) FROM (
                       SELECT person_id, coalesce(opened_at, (
                           SELECT min(happened_at) FROM reading_facts AS seen
                           WHERE seen.person_id = revision_recipients.person_id AND fact = 'opened'
                             AND seen.policy = revisions.policy AND seen.version = revisions.adopted
                             AND seen.platform <> '')) AS opened
                       FROM revision_recipients JOIN revisions ON revisions.id = revision_id
                       WHERE policy = :policy)
                     WHERE opened >= :begins AND opened < :ends"""),
        ),
    ),
)
QUIZ: Final = SectionPlan(
    id="quiz",
    title="Les clauses mal comprises",
    note="Le nombre de personnes qui ont donné, au quiz, une mauvaise réponse sur une clause.",
    grain="year",
    measures=(Measure(id="clause", title="Clause", count=_wrong_answers, each="clause"),),
)
QUESTIONS: Final = SectionPlan(
    id="questions",
    title="Les questions par clause",
    note="Une clause compte quand elle est la réponse, une fois par jour au plus pour une même personne.",
    grain="year",
    measures=(
        Measure(
            id="clause",
            title="Clause",
            count=_nameless("kind = 'clause' AND policy = :policy", by="clause"),
            each="clause",
        ),
    ),
    nameless=True,
)
UNANSWERED: Final = SectionPlan(
    id="sans-reponse",
    title="Les questions sans réponse",
    note="Une fois par jour au plus pour une même personne.",
    grain="month",
    measures=(
        Measure(
            id="toutes",
            title="Questions restées sans réponse",
            count=_nameless("kind = 'unanswered' AND policy = :policy"),
        ),
    ),
    nameless=True,
)
POSTS: Final = SectionPlan(
    id="textes",
    title="Les textes relus avant d'être publiés",
    note="Une fois par jour au plus pour une même personne. Ce qu'ils disent n'est pas gardé.",
    grain="month",
    measures=(
        Measure(
            id="tous",
            title="Textes relus",
            count=_nameless("kind = 'post'"),
        ),
    ),
    by_policy=False,
    nameless=True,
)
PERMISSIONS: Final = SectionPlan(
    id="demandes",
    title="Les demandes d'autorisation",
    # Permissions in force are not counted, since the difference between two years would reveal how many were
    # granted.
    note="Le nombre de personnes qui en ont fait, et qui en ont reçu la réponse.",
    grain="year",
    measures=(
        Measure(
            id="faites",
            title="Demandes faites",
            count=_rows("""SELECT '', count(DISTINCT asker_id) FROM permission_requests
                     WHERE policy = :policy AND asked_on BETWEEN :first AND :last"""),
        ),
        Measure(
            id="accordees",
            title="Demandes accordées",
            count=_rows("""SELECT '', count(DISTINCT asker_id) FROM permission_requests
                     WHERE policy = :policy AND decided_on BETWEEN :first AND :last
                       AND state IN ('granted', 'withdrawn', 'ended')"""),
        ),
        Measure(
            id="refusees",
            title="Demandes refusées",
            count=_rows("""SELECT '', count(DISTINCT asker_id) FROM permission_requests
                     WHERE policy = :policy AND decided_on BETWEEN :first AND :last AND state = 'refused'"""),
        ),
    ),
)
PLANS: Final = (ONBOARDING, ATTESTATIONS, NOTICES, QUIZ, QUESTIONS, UNANSWERED, POSTS, PERMISSIONS)
# This section has no measures, because its counts are never stored (see `count_reports`).
REPORTS: Final = SectionPlan(
    id="signalements",
    title="Les signalements",
    note="Sans ceux qui mettent quelqu'un en cause, que tous leurs destinataires ne peuvent pas lire. Ils ne "
    "se comptent que pour le dernier mois.",
    grain="month",
    measures=(),
    by_policy=False,
)


def count_reports(session: Session, period: Period) -> Mapping[str, int]:
    """Return how many of the cases that implicate nobody were opened, and closed, in a period.

    Everyone who handles reports may know of these cases. A case that implicates someone is not counted: that
    person could otherwise detect it, by subtracting the cases that they may see from the figure. Raises
    `SealError`, `StorageError`.
    """
    counts = {OPENED: 0, CLOSED: 0}
    rows = session.execute("SELECT id, opened_on, closed_on FROM report_cases ORDER BY id").fetchall()
    for case_id, *days in rows:
        if not access.alerted_roles(session, case_id) or routing.load_routing(session, case_id).accounts:
            continue
        for figure, day in zip((OPENED, CLOSED), days, strict=True):
            counts[figure] += day is not None and period.first <= date.fromisoformat(day) <= period.last
    return counts
