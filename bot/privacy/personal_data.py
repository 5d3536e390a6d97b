"""Personal data held by the bot: its purposes, retention, access and erasure.

Each category of personal information is one `Category` of `CATEGORIES`. A room that stores other personal
information adds its own. The terms come from the Act respecting the protection of personal information in the
private sector (P-39.1): s. 8 (notice), 23 (destruction), 27 (access), 28 (rectification).
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final, TypeAlias

from sqlite_utils import Database

from bot.answers import unanswered
from bot.backup import destroyed
from bot.onboarding import enrolment
from bot.onboarding import retention as onboarding_retention
from bot.outbox import rows as outbox
from bot.people import persons, roles
from bot.people.persons import Acting
from bot.permissions import retention as permissions_retention
from bot.register import attestations
from bot.storage import state
from bot.storage.destruction import Remember, destroy

NOTICE_VERSION: Final = "2"  # a new number shows the notice to everyone again

# How long information is kept once it is no longer needed.
FORMER_MEMBER_DAYS: Final = 365
FORMER_HOLDER_DAYS: Final = 2 * 365
SENT_DAYS: Final = 365
ATTESTATION_YEARS: Final = 3
NEW_YEAR_MONTH: Final = 9  # the start of the university year, when people with only an account are forgotten
_NOMINATIONS = "nominations"  # the category whose rows hold accounts rather than a person's identifier
_NOMINATION_FACTS: Final = """SELECT roles.title AS role, iif(able, 'oui', 'non') AS peut_lire,
  how AS comment, effective_on AS depuis FROM appointments JOIN roles ON roles.id = role"""
_FORGOTTEN = "askers_forgotten"  # the `state` key: the university year when people were last forgotten

Fact: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Category:
    """A kind of personal information.

    `id`: its name in the exported file. `title`, `purpose`, `retention`: shown to the person, in French.
    `rows`: SQL that selects the facts about `:person`, in the columns to show. `duty`: why the association
    must keep these facts, in French, "" when it need not.
    """

    id: str
    title: str
    purpose: str
    retention: str
    rows: str
    duty: str = ""


Held: TypeAlias = Mapping[Category, list[Fact]]

# SQL expressions for the kind and the state of a permission request, in French words.
_KIND: Final = """CASE kind WHEN 'page' THEN 'une page' WHEN 'logo' THEN 'le logo'
  WHEN 'parole' THEN 'parler au nom de l''association' ELSE 'une image' END AS demande"""
_STATE: Final = """CASE state WHEN 'asked' THEN 'sans réponse' WHEN 'granted' THEN 'en vigueur'
  WHEN 'refused' THEN 'refusée' WHEN 'cancelled' THEN 'annulée' WHEN 'withdrawn' THEN 'retirée'
  ELSE 'terminée' END AS etat"""

CATEGORIES: tuple[Category, ...] = (
    Category(
        "comptes",
        "Vos comptes",
        "vous reconnaître d'une fois à l'autre, et savoir si vous avez vu l'avis de confidentialité",
        "tant que la politique vous vise; sinon, jusqu'au 1er septembre",
        """SELECT platform AS plateforme, team AS espace, user AS identifiant, notice_version AS avis_vu,
             CASE preferred WHEN 2 THEN 'choisi' WHEN 1 THEN 'dernier à attester ou à lier' END AS ecrire_la
           FROM accounts WHERE person_id = :person ORDER BY 1, 2, 3""",
    ),
    Category(
        "roles",
        "Vos rôles",
        "savoir à qui transmettre ce qui s'adresse à ce rôle",
        "la durée du rôle, puis deux ans",
        """SELECT roles.title AS role, since AS depuis, until AS jusque FROM role_holders
           JOIN roles ON roles.id = role_id WHERE person_id = :person ORDER BY since""",
        "vous tenez ce rôle, et l'association doit savoir qui le tient",
    ),
    Category(
        _NOMINATIONS,
        "Ce que vos comptes ont pu lire",
        "pouvoir dire, à qui a signalé, qui a pu lire les signalements ou administrer, et qui l'a décidé",
        "aussi longtemps que je sers à l'association",
        f"""{_NOMINATION_FACTS}
           JOIN accounts ON account = platform || ':' || team || iif(team = '', '', '/') || user
           WHERE person_id = :person ORDER BY number""",
        "l'inscription de qui a pu lire les signalements ne s'efface pas",
    ),
    Category(
        "appartenance",
        "Votre appartenance",
        "savoir qui la politique oblige à la lire",
        "tant que vous en faites partie, puis un an",
        """SELECT CASE kind WHEN 'officer' THEN 'personne visée (élue)'
             WHEN 'employee' THEN 'personne visée (équipe)' ELSE 'groupe qui tient un rôle' END AS a_titre_de,
             since AS depuis, until AS jusque FROM members WHERE person_id = :person ORDER BY since""",
        "la politique vous vise, et l'association doit pouvoir vous joindre",
    ),
    Category(
        "parcours",
        "Votre accueil",
        "vous accompagner dans la lecture de la politique, et vous la rappeler si elle reste à lire",
        "tant que la politique vous vise, puis un an",
        f"""SELECT policy AS politique, version, substr(started_at, 1, 10) AS commence_le,
              due_on AS date_visee, reminders AS rappels, {enrolment.REMINDER_DAY} AS rappel_demande_pour,
              suspended_on AS arrete_le
            FROM onboardings LEFT JOIN due_dates USING (person_id, policy, version)
            WHERE person_id = :person ORDER BY started_at""",  # noqa: S608 — a constant
    ),
    Category(
        "lecture",
        "Les pages que vous avez tournées",
        "reprendre votre lecture là où vous étiez",
        "tant que la politique vous vise, puis un an; sinon, un an",
        """SELECT policy AS politique, version, count(*) AS pages, max(turned_on) AS derniere_le
           FROM pages_read WHERE person_id = :person GROUP BY policy, version ORDER BY 4""",
    ),
    Category(
        "quiz",
        "Vos quiz",
        "vous faire revoir ce que vous avez manqué, et savoir quelles clauses sont mal comprises",
        "tant que la politique vous vise, puis un an; sinon, un an",
        """SELECT policy AS politique, version, substr(started_at, 1, 10) AS commence_le,
             substr(finished_at, 1, 10) AS termine_le,
             (SELECT count(*) FROM quiz_answers WHERE attempt_id = quiz_attempts.id) AS reponses,
             (SELECT sum(is_right) FROM quiz_answers WHERE attempt_id = quiz_attempts.id) AS bonnes
           FROM quiz_attempts WHERE person_id = :person ORDER BY started_at""",
    ),
    Category(
        "attestations",
        "Vos attestations de lecture",
        "montrer qui a lu la politique, et dans quelle version",
        "la durée du mandat, puis trois ans, à moins que l'association en décide autrement",
        """SELECT policy AS politique, version, attested_at AS attestee_le, name AS nom, account AS compte,
             number AS inscription
           FROM attestation_people JOIN attestations USING (number)
           WHERE person_id = :person ORDER BY number""",
        "vous avez attesté une lecture, et l'association doit pouvoir le montrer",
    ),
    Category(
        "etapes",
        "Les étapes de votre lecture",
        "savoir où vous en êtes, et ne rien vous demander deux fois",
        "comme les attestations",
        """SELECT policy AS politique, version, CASE fact WHEN 'delivered' THEN 'remise' WHEN 'opened'
             THEN 'ouverte' WHEN 'read' THEN 'lue' ELSE 'quiz réussi' END AS etape, happened_at AS le
           FROM reading_facts WHERE person_id = :person ORDER BY happened_at""",
    ),
    Category(
        "revisions",
        "Les révisions qui vous ont été annoncées",
        "vous dire ce qui change dans la politique, une fois, et pouvoir montrer que c'est fait",
        "comme les attestations",
        """SELECT policy AS politique, adopted AS version, queued_on AS annoncee_le,
             CASE revision_recipients.state WHEN 'queued' THEN 'à envoyer' WHEN 'sent' THEN 'envoyée'
               WHEN 'failed' THEN 'non remise' ELSE 'arrêtée' END AS etat, sent_on AS envoyee_le,
             opened_at AS ouverte_le
           FROM revision_recipients JOIN revisions ON revisions.id = revision_id
           WHERE person_id = :person ORDER BY queued_on""",
    ),
    Category(
        "decisions",
        "Les révisions que vous avez proposées, approuvées ou retirées",
        "savoir qui a décidé de changer la politique",
        "aussi longtemps que la révision; votre nom s'en efface avec vos comptes",
        """SELECT 'proposée' AS decision, policy AS politique, proposed_on AS le FROM revisions
             WHERE proposed_by = :person
           UNION ALL SELECT 'retirée', policy, withdrawn_on FROM revisions WHERE withdrawn_by = :person
           UNION ALL SELECT 'approuvée', policy, approved_on FROM revision_approvals
             JOIN revisions ON revisions.id = revision_id WHERE person_id = :person ORDER BY 3""",
    ),
    Category(
        "mandat",
        "La fin de votre mandat",
        "savoir quand vos attestations n'ont plus à être gardées",
        "comme les attestations",
        "SELECT ended_on AS fin FROM mandate_ends WHERE person_id = :person",
    ),
    Category(
        "demandes",
        "Les autorisations que vous avez demandées",
        "transmettre vos demandes à qui en décide, et pouvoir montrer ce qui vous est permis",
        "un an après un refus ou une annulation; une autorisation, trois ans après sa fin, à moins que "
        "l'association en décide autrement",
        f"""SELECT {_KIND}, {_STATE}, asked_on AS demandee_le, decided_on AS decidee_le, until AS jusque,
              subject AS objet, image, fingerprint AS empreinte, reason AS motif, name AS nom
            FROM permission_requests
            LEFT JOIN permission_contents AS content ON content.request_id = permission_requests.id
            LEFT JOIN permission_names AS names
              ON names.request_id = permission_requests.id AND party = 'asker'
            WHERE asker_id = :person ORDER BY permission_requests.rowid""",  # noqa: S608 — constants
        "vous tenez une autorisation en vigueur; pour tout effacer, renoncez-y d'abord",
    ),
    Category(
        "consentements",
        "Les consentements qui vous ont été demandés",
        "ne publier votre image qu'avec votre accord, et vous permettre de le retirer",
        "comme les autorisations; en vous effaçant, vous les retirez",
        f"""SELECT {_KIND}, {_STATE}, asked_on AS demandee_le, decided_on AS decidee_le, until AS jusque,
              image
            FROM permission_requests
            LEFT JOIN permission_contents AS content ON content.request_id = permission_requests.id
            WHERE consenter_id = :person ORDER BY permission_requests.rowid""",  # noqa: S608 — constants
    ),
    Category(
        "autorisations",
        "Les demandes dont vous avez décidé",
        "savoir qui a permis quoi au nom de l'association",
        "aussi longtemps que la demande; votre nom s'en efface avec vos comptes",
        f"""SELECT {_KIND}, {_STATE}, decided_on AS decidee_le, until AS jusque, name AS nom
            FROM permission_requests
            LEFT JOIN permission_names AS names
              ON names.request_id = permission_requests.id AND party = 'decider'
            WHERE decided_by = :person ORDER BY permission_requests.rowid""",  # noqa: S608 — constants
    ),
    Category(
        "fils",
        "Ce que vous avez écrit au sujet de demandes",
        "vous entendre avec qui demande ou décide",
        "aussi longtemps que la demande",
        """SELECT text AS mot, said_on AS le FROM permission_lines
           WHERE author_id = :person ORDER BY said_on, number""",
    ),
    Category(
        "liaison",
        "Un code pour lier vos comptes",
        "lier vos comptes de Slack et de Discord",
        "dix minutes",
        "SELECT expires_at AS expire FROM link_codes WHERE person_id = :person",
    ),
    Category(
        "messages",
        "Mes messages pour vous",
        "ne pas vous envoyer deux fois la même chose",
        "un an après l'envoi",
        """SELECT notice AS sujet,
             CASE problem WHEN 'unreached' THEN 'non remis, l''administration prévenue'
               WHEN 'waiting' THEN 'à lire avec le bouton reçu'
               ELSE CASE state WHEN 'sent' THEN 'envoyé' WHEN 'held' THEN 'retenu'
                 WHEN 'dead' THEN 'non remis' WHEN 'cancelled' THEN 'annulé' ELSE 'à envoyer' END
             END AS etat,
             coalesce(sent_day, substr(due_at, 1, 10)) AS jour
           FROM outbox WHERE recipient = 'person:' || :person OR recipient LIKE 'role:%/' || :person
             OR recipient IN (SELECT 'person:' || platform || '/' || team || '/' || user FROM accounts
                              WHERE person_id = :person)
           ORDER BY jour""",
    ),
)


# --- The notice -------------------------------------------------------------------------------


def notice_due(db: Database, actor: Acting) -> bool:
    """Return whether `actor` has never been shown the current privacy notice, on any account."""
    person = persons.person_of(db, actor)
    greeting = db.conn.execute(
        "SELECT 1 FROM accounts WHERE person_id = ? AND notice_version = ?", (person, NOTICE_VERSION)
    )
    return greeting.fetchone() is None


def notice_shown(db: Database, actor: Acting) -> None:
    """Record that `actor` has seen the current privacy notice, whose version is `NOTICE_VERSION`."""
    persons.known(db, actor)
    who = persons.account(actor)
    db.conn.execute(
        "UPDATE accounts SET notice_version = ? WHERE platform = ? AND team = ? AND user = ?",
        (NOTICE_VERSION, who.platform, who.team, who.user),
    )


# --- Access -----------------------------------------------------------------------------------


def held(db: Database, person_id: str) -> Held:
    """Return the facts held about a person, by category, without empty categories."""
    facts = {category: list(db.query(category.rows, {"person": person_id})) for category in CATEGORIES}
    return {category: rows for category, rows in facts.items() if rows}


def outliving(db: Database, actor: Acting) -> Held:
    """Return the facts held about an account whose person is not in the database: its nominations."""
    query = f"{_NOMINATION_FACTS} WHERE account = :account ORDER BY number"
    facts = list(db.query(query, {"account": str(persons.account(actor))}))
    return {category: facts for category in CATEGORIES if category.id == _NOMINATIONS and facts}


def export(db: Database, person_id: str, today: date) -> bytes:
    """Return the facts held about a person as UTF-8 JSON, a commonly used format (P-39.1, s. 27)."""
    content = {
        "date": today.isoformat(),
        "renseignements": {
            category.id: {
                "titre": category.title,
                "fins": category.purpose,
                "conservation": category.retention,
                "contenu": facts,
            }
            for category, facts in held(db, person_id).items()
        },
    }
    return json.dumps(content, ensure_ascii=False, indent=2).encode()


# --- Destruction ------------------------------------------------------------------------------


def duties(db: Database, person_id: str, today: date) -> list[str]:
    """Return the ids of the categories of a person's data that the association must keep today."""
    lines = (line for role in roles.all_roles(db) for line in roles.tenures(db, role.id, today))
    member = db.conn.execute("SELECT 1 FROM members WHERE person_id = ? AND until IS NULL", (person_id,))
    reasons = {
        "roles": any(line.holder == person_id for line in lines),
        _NOMINATIONS: any(category.id == _NOMINATIONS for category in held(db, person_id)),
        "appartenance": member.fetchone() is not None,
        "attestations": attestations.holds_attestation(db, person_id),
        "demandes": permissions_retention.holds_permission(db, person_id, today),
    }
    return [category for category, applies in reasons.items() if applies]


def keeps_accounts(duties: Sequence[str]) -> bool:
    """Return whether a person's accounts must be kept too, given the result of `duties` for that person.

    The category « nominations » alone does not require this, since its rows hold the accounts themselves.
    """
    return not {_NOMINATIONS}.issuperset(duties)


def erase(db: Database, person_id: str, today: date, remember: Remember) -> int:
    """Destroy the data held about a person, except what must be kept. Return the number of rows destroyed.

    When nothing must be kept, the person's identifier and accounts are destroyed too.
    """
    erased = db.conn.execute("DELETE FROM link_codes WHERE person_id = ?", (person_id,)).rowcount
    past = (person_id, today.isoformat())
    erased += destroy(db, "role_holders", "person_id = ? AND until <= ?", past, remember)
    erased += destroy(db, "members", "person_id = ? AND until <= ?", past, remember)
    obliged = keeps_accounts(duties(db, person_id, today))
    erased += onboarding_retention.forget(db, person_id, remember, expected=obliged)
    erased += permissions_retention.forget(db, person_id, today, remember)
    if not obliged:
        personal = """recipient = 'person:' || ?1 OR recipient IN (
                   SELECT 'person:' || platform || '/' || team || '/' || user FROM accounts
                   WHERE person_id = ?1)"""
        erased += destroy(db, "outbox", personal, (person_id,), remember)
        # A row for a role's holder belongs to the role, so an unsent one goes to today's holders.
        settled = "recipient LIKE 'role:%/' || ? AND state NOT IN ('queued', 'sending', 'held')"
        erased += destroy(db, "outbox", settled, (person_id,), remember)
        erased += db.conn.execute("DELETE FROM accounts WHERE person_id = ?", (person_id,)).rowcount
        destroy(db, "people", "id = ?", (person_id,), remember)
        outbox.hand_back(db)
    destroyed.certify(db, today, {"demande": erased})
    return erased


def enforce(
    db: Database, today: date, remember: Remember, *, attestation_years: int = ATTESTATION_YEARS
) -> dict[str, int]:
    """Destroy the data whose retention has ended, and certify the destruction. Return row counts by category.

    `attestation_years`: how many years attestations are kept after the end of a mandate, and permissions
    after their own end. Call this every day. A second call on the same day does nothing.
    """

    def old(table: str, where: str, days: int) -> int:
        return destroy(db, table, where, ((today - timedelta(days=days)).isoformat(),), remember)

    sent = "state IN ('sent', 'dead', 'cancelled') AND coalesce(sent_day, substr(due_at, 1, 10)) <= ?"
    counts = {
        # This must come first: it records the ends of mandates from memberships that are erased below.
        "attestations": attestations.expire_records(db, today, attestation_years, remember),
        "liaison": db.conn.execute("DELETE FROM link_codes").rowcount,  # valid for ten minutes only
        "appartenance": old("members", "until <= ?", FORMER_MEMBER_DAYS),
        "roles": old("role_holders", "until <= ?", FORMER_HOLDER_DAYS),
        "messages": old("outbox", sent, SENT_DAYS),
        "demandes": permissions_retention.enforce(db, today, attestation_years, remember),
        "parcours": onboarding_retention.enforce(db, today, remember),
        "questions": destroy(db, "asked_questions", "week <= ?", (unanswered.last_week(today),), remember),
        "jugements": unanswered.expire_verdicts(db, today),
        "comptes": _forget_askers(db, today, remember),
    }
    counts = {category: count for category, count in counts.items() if count}
    destroyed.certify(db, today, counts)
    return counts


def certificate(db: Database, since: date) -> list[tuple[str, str, int]]:
    """Return the numbers of rows destroyed since a given day, as (ISO day, category, count)."""
    rows = db.conn.execute(
        """SELECT day, category, sum(count) FROM destructions WHERE day >= ?
           GROUP BY day, category ORDER BY day, category""",
        (since.isoformat(),),
    )
    return [(str(day), str(category), int(count)) for day, category, count in rows]


def _forget_askers(db: Database, today: date, remember: Remember) -> int:
    """Once each university year, forget the people who have only an account. Return how many.

    Since no time of use is stored, there is no other way to tell who has become inactive.
    """
    year = str(today.year if today.month >= NEW_YEAR_MONTH else today.year - 1)
    before = state.read_value(db, _FORGOTTEN)
    state.write_value(db, _FORGOTTEN, year)
    if before is None or before >= year:
        return 0
    facts = " ".join(
        f'AND id NOT IN (SELECT "{column}" FROM "{table}" WHERE "{column}" IS NOT NULL)'  # noqa: S608 — names from the schema
        for table, column in persons.references(db)
        if table != "accounts"
    )
    waiting = """AND NOT EXISTS (SELECT 1 FROM outbox
                   WHERE recipient = 'person:' || people.id OR recipient LIKE 'role:%/' || people.id)"""
    return destroy(db, "people", f"true {facts} {waiting}", (), remember)
