"""Nobody reads reports without those whom 5.10 names learning it first: attacks, through the dispatcher."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from bot.conversation.messages import Message
from bot.conversation.requests import Actor
from bot.outbox.notices import NoticeContext
from bot.people import persons, roles
from bot.people.group_sync import GroupSync
from bot.people.roles import Group
from bot.policy.library import Library
from bot.reports import handovers
from bot.reports.figures import export
from bot.reports.filing import Report
from tests.kits.office import CALENDAR
from tests.kits.people import COMMUNICATIONS_ROLE
from tests.kits.reports.chat import CONSEILLER, REPORTER, SUPPLEANT, VP, Chat, chatting, pressed, words

ADMIN, SECOND = Actor("slack", "T1", "U0ADMIN"), Actor("slack", "T1", "U0SECOND")
NEW, ELSEWHERE = Actor("slack", "T1", "U0NEW"), Actor("discord", "900", "111")
PUPPET = Actor("slack", "T1", "U0PUPPET")
GROUP = "S0GROUP"
SEEN = "vole ses membres"
OTHER_POST = "https://www.facebook.com/spotted/posts/456"


@pytest.fixture
def chat(library: Library) -> Iterator[Chat]:
    with chatting(library) as made:
        _within(made, two_administrators)
        made.wait(days=21)
        yield made


def two_administrators(chat: Chat) -> None:
    with chat.reporting.session() as session:
        for admin in (ADMIN, SECOND):
            person = persons.known(session.db, admin)
            roles.appoint(session.db, roles.ADMINISTRATION, person, session.today, replacing=False)
        chat.reporting.office.registry_changed(session.db, "")


def _within(chat: Chat, work: object) -> None:
    chat.storage.executor.submit(work, chat).result()  # type: ignore[arg-type]


def sent(chat: Chat) -> None:
    """Have everything that waits be delivered, as the pump does."""

    def deliver(_: Chat) -> None:
        with chat.storage.transaction() as db:
            day = chat.clock().date().isoformat()
            db.conn.execute("UPDATE outbox SET state = 'sent', sent_day = ? WHERE state = 'queued'", (day,))

    _within(chat, deliver)


def settled(chat: Chat, state: str, problem: str | None, which: str) -> None:
    """Have the outbox be done with some rows, well or badly."""

    def settle(_: Chat) -> None:
        with chat.storage.transaction() as db:
            db.conn.execute(f"UPDATE outbox SET state = ?, problem = ? WHERE {which}", (state, problem))  # noqa: S608 — ours

    _within(chat, settle)


def beat(chat: Chat) -> None:
    """Do what the clock does for what nobody may read."""

    def announce(_: Chat) -> None:
        with chat.reporting.session() as session:
            handovers.announce(session, handovers.stranded(session))

    _within(chat, announce)


async def told(chat: Chat) -> list[str]:
    """Report a post, and let it be told of; return the lines that open each case."""
    await chat.report()
    chat.wait(minutes=61)
    sent(chat)
    chat.wait(minutes=1)
    return cases(chat)


def cases(chat: Chat) -> list[str]:
    return [f"signalements voir {case}" for (case,) in chat.rows("SELECT id FROM report_cases")]


async def name(
    chat: Chat, actor: Actor, role: str = "vp-communications", by: Actor = ADMIN, **fields: str
) -> Message:
    reply = await chat.ask(
        f"roles nommer {role}", by, personne=actor.user, **{"autres": "remplace", **fields}
    )
    assert isinstance(reply, Message)
    return reply


async def dismissed(chat: Chat, actor: Actor) -> None:
    """Have someone administer no more, by another administrator's decision."""
    rows = chat.rows(
        f"""SELECT role_holders.id FROM role_holders JOIN accounts USING (person_id)
            WHERE role_id = 'administration' AND until IS NULL AND user = '{actor.user}'"""  # noqa: S608 — ours
    )
    await chat.press_line(f"roles retirer {rows[0][0]}", ADMIN)


async def test_who_names_themself_reads_nothing_of_before_nor_of_that_day(chat: Chat) -> None:
    [line] = await told(chat)
    await name(chat, ADMIN, autres="ajoute")
    assert "vous pourrez lire les signalements à partir du" in await chat.said(line, ADMIN)
    chat.wait(minutes=10)
    assert "vous pourrez lire les signalements à partir du" in await chat.said("signalements", ADMIN)
    chat.wait(days=1)
    assert "n'est plus, entre vos mains" in await chat.said(line, ADMIN)
    assert SEEN not in await chat.said("signalements", ADMIN)
    assert SEEN in await chat.said(line, VP)
    await chat.report(adresse=OTHER_POST)
    chat.wait(minutes=61)
    new = (set(cases(chat)) - {line}).pop()
    assert SEEN in await chat.said(new, ADMIN)  # filed since: and everyone was told the day before


async def test_the_same_post_reported_since_is_a_case_of_its_own(chat: Chat) -> None:
    [line] = await told(chat)
    await name(chat, NEW)
    chat.wait(days=1)
    await chat.report()
    chat.wait(minutes=61)
    new = (set(cases(chat)) - {line}).pop()
    assert SEEN in await chat.said(new, NEW)
    assert "entre vos mains" in await chat.said(line, NEW)


async def test_a_case_filed_that_very_day_is_not_of_who_was_confirmed_after(chat: Chat) -> None:
    [line] = await told(chat)
    await name(chat, NEW, autres="ajoute")
    assert "Confirmer" not in str(await chat.ask("roles voir vp-communications", ADMIN))
    seen = await chat.ask("roles voir vp-communications", SECOND)
    await chat.press(seen, "Confirmer pour aujourd'hui", SECOND)
    sent(chat)
    assert "entre vos mains" in await chat.said(line, NEW)
    await chat.report(adresse=OTHER_POST)
    chat.wait(minutes=61)
    new = (set(cases(chat)) - {line}).pop()
    assert SEEN in await chat.said(new, NEW)


@pytest.mark.parametrize(("first", "second"), [(ADMIN, PUPPET), (PUPPET, ADMIN)])
@pytest.mark.parametrize("named_before", [True, False])
async def test_nobody_is_named_to_administer_so_that_two_decide_that_day(
    chat: Chat, first: Actor, second: Actor, named_before: bool
) -> None:
    """One person alone, who names another that morning, would read reports that afternoon."""
    if named_before or first is PUPPET:
        await name(chat, PUPPET, "administration", autres="ajoute")
    await name(chat, ADMIN, by=first, autres="ajoute")
    if not (named_before or first is PUPPET):
        await name(chat, PUPPET, "administration", autres="ajoute")
    card = await chat.ask("roles voir vp-communications", second)
    assert "Confirmer" not in str(card)
    assert ("peut le confirmer" in words(card)) == (first is ADMIN)  # SECOND may, of what ADMIN decided
    assert "Il n'y a rien à confirmer" in await chat.said("roles confirmer vp-communications", second)
    await chat.report()
    chat.wait(minutes=61)
    [line] = cases(chat)
    for _ in "12":
        assert SEEN not in await chat.said(line, ADMIN)
        chat.wait(days=1)


async def test_what_a_former_administrator_decided_is_not_confirmed_by_one_alone(chat: Chat) -> None:
    await name(chat, NEW, by=SECOND, autres="ajoute")
    await dismissed(chat, SECOND)
    assert "Il n'y a rien à confirmer" in await chat.said("roles confirmer vp-communications", ADMIN)
    await name(chat, SECOND, "administration", autres="ajoute")
    assert "Il n'y a rien à confirmer" in await chat.said("roles confirmer vp-communications", ADMIN)


async def test_a_change_of_who_administers_is_told_to_those_who_do_and_to_who_receives(chat: Chat) -> None:
    before = len(chat.rows("SELECT id FROM outbox"))
    await name(chat, PUPPET, "administration", autres="ajoute")
    rows = chat.rows("SELECT recipient, notice FROM outbox ORDER BY recipient")
    assert len(rows) - before == 5
    recipients = {str(recipient).rpartition("/")[2] for recipient, notice in rows if notice == "nomination"}
    assert recipients >= {actor.user for actor in (ADMIN, SECOND, PUPPET, VP, CONSEILLER)}


async def test_a_holder_hands_a_case_over_to_the_person_named_beside_them(chat: Chat) -> None:
    [line] = await told(chat)
    await name(chat, NEW, autres="ajoute")
    chat.wait(days=1)
    form = await chat.ask(line.replace("voir", "confier"), VP)
    assert "Vice-présidence aux communications" in str(form)
    reply = await chat.said(line.replace("voir", "confier"), VP, role="vp-communications")
    assert "Vous le verrez encore" in reply
    chat.wait(minutes=1)
    assert SEEN in await chat.said(line, NEW)
    assert SEEN in await chat.said(line, VP)


async def test_a_linked_account_reads_no_case_of_before_and_no_other_before_the_next_day(chat: Chat) -> None:
    [line] = await told(chat)
    typed = (await chat.said("lier", ELSEWHERE)).splitlines()[2]
    await chat.press(await chat.ask(typed, VP), "Oui", VP)
    await chat.press(await chat.ask("lier", ELSEWHERE), "Oui", ELSEWHERE)
    assert "Avec ce compte, vous pourrez lire les signalements à partir du" in await chat.said(
        line, ELSEWHERE
    )
    chat.wait(days=1)
    assert "entre vos mains" in await chat.said(line, ELSEWHERE)
    assert SEEN in await chat.said(line, VP)


async def test_the_pdf_of_a_case_goes_to_the_account_that_asked_for_it_and_to_no_other(chat: Chat) -> None:
    [line] = await told(chat)
    typed = (await chat.said("lier", ELSEWHERE)).splitlines()[2]
    await chat.press(await chat.ask(typed, VP), "Oui", VP)
    await chat.press(await chat.ask("lier", ELSEWHERE), "Oui", ELSEWHERE)
    await chat.press(await chat.ask(line.replace("voir", "exporter"), VP), "M'envoyer", VP)
    [(arguments,)] = chat.rows("SELECT arguments FROM due_tasks WHERE task = 'signalement-dossier'")
    records = chat.reporting.records
    await export.send_case(chat.storage, records, "AGE", json.loads(str(arguments)), chat.clock())
    [(recipient, notice)] = chat.rows(
        "SELECT recipient, arguments FROM outbox WHERE notice = 'signalement-dossier'"
    )
    assert recipient == "person:slack/T1/U0VP"
    [builder] = export.notice_builders(records)

    def built(to: str) -> bool:
        with chat.storage.transaction() as db:
            context = NoticeContext(db, chat.clock().date(), to)
            return builder.build(context, json.loads(str(notice))) is not None

    assert chat.storage.executor.submit(built, "person:slack/T1/U0VP").result()
    assert not chat.storage.executor.submit(built, "person:discord//111").result()


async def test_no_fallback_makes_the_administration_read(chat: Chat) -> None:
    for role in ("suppleance", "conseil-executif"):
        await chat.ask(f"roles fiche {role}", ADMIN, titre="Suppléance", courriel="", releve="administration")
    for role in ("vp-communications", "conseiller-executif", "suppleance"):
        card = await chat.ask(f"roles voir {role}", ADMIN)
        await chat.ask(pressed(card, "Retirer la ligne 1"), ADMIN)
    chat.wait(days=2)
    await chat.report()
    for _ in range(6):
        chat.wait(days=1)
    assert "Seules les personnes" in await chat.said("signalements", ADMIN)
    notices = {str(row[0]) for row in chat.rows("SELECT recipient FROM outbox WHERE notice = 'signalement'")}
    assert notices == set()


# --- Handovers --------------------------------------------------------------------------------


async def only_the_vice_presidency(chat: Chat) -> None:
    """Have nobody receive reports but the vice-presidency, which a group holds: one person, for a while."""

    def give(_: Chat) -> None:
        with chat.reporting.session() as session:
            roles.appoint(session.db, COMMUNICATIONS_ROLE, Group("slack", "T1", GROUP), session.today)

    _within(chat, give)
    await in_group(chat, VP, inside=True)
    for role in ("vp-communications", "conseiller-executif", "suppleance"):
        await chat.ask(pressed(await chat.ask(f"roles voir {role}", ADMIN), "Retirer la ligne 1"), ADMIN)
    chat.wait(days=3)
    sent(chat)


async def in_group(chat: Chat, actor: Actor, *, inside: bool) -> None:
    """Have a platform say that someone entered the group, or left it."""
    changed = chat.reporting.office.registry_changed
    await GroupSync(chat.storage, chat.clock, CALENDAR, changed).changed(actor, GROUP, inside=inside)


@pytest.mark.parametrize("entering_first", [True, False])
@pytest.mark.parametrize("filed", ["before", "between", "after"])
async def test_a_handover_within_a_group_leaves_no_day_without_a_reader(
    chat: Chat, filed: str, *, entering_first: bool
) -> None:
    await only_the_vice_presidency(chat)
    moves = [(VP, False), (NEW, True)]
    for moment, (actor, inside) in zip(
        ["before", "between"], moves[:: -1 if entering_first else 1], strict=True
    ):
        if filed == moment:
            await chat.report()
        await in_group(chat, actor, inside=inside)
    if filed == "after":
        await chat.report()
    chat.wait(minutes=61)
    [line] = cases(chat)
    assert SEEN not in await chat.said(line, NEW)
    assert SEEN in await chat.said(line, VP)
    reply = await chat.said(line.replace("voir", "confier"), VP, role="vp-communications")
    assert "Vous le verrez encore" in reply
    chat.wait(minutes=1)
    assert SEEN not in await chat.said(line, NEW)  # passed on, and read from the next day on, as announced
    chat.wait(days=3)  # after a weekend
    assert SEEN in await chat.said(line, NEW)
    assert SEEN not in await chat.said(line, VP)
    await chat.report(adresse=OTHER_POST)
    chat.wait(minutes=61)
    new = (set(cases(chat)) - {line}).pop()
    assert SEEN in await chat.said(new, NEW)
    assert SEEN not in await chat.said(new, VP)


# --- When nobody can read any more ------------------------------------------------------------


async def nobody_left(chat: Chat) -> str:
    """Have a case whose readers are all gone, and someone new; return the line that opens it."""
    [line] = await told(chat)
    await name(chat, NEW)
    for role in ("conseiller-executif", "suppleance"):
        await chat.ask(pressed(await chat.ask(f"roles voir {role}", ADMIN), "Retirer la ligne 1"), ADMIN)
    chat.wait(days=1)
    sent(chat)
    chat.wait(minutes=1)
    for actor in (NEW, VP, CONSEILLER, SUPPLEANT):
        assert SEEN not in await chat.said(line, actor)
    return line


async def testtwo_administrators_hand_over_what_nobody_reads_without_seeing_it(chat: Chat) -> None:
    line = await nobody_left(chat)
    page = await chat.ask("remise", ADMIN)
    assert "Un signalement ouvert n'a plus personne" in words(page)
    await chat.press(page, "Vice-présidence", ADMIN)
    assert SEEN not in await chat.said(line, NEW)
    assert "Il faut l'accord d'une autre personne" in await chat.said("remise accord", ADMIN)
    reply = await chat.press(await chat.ask("remise", SECOND), "D'accord", SECOND)
    assert "C'est confié" in words(reply)
    chat.wait(minutes=1)
    assert SEEN in await chat.said(line, NEW)
    assert SEEN not in await chat.said(line, ADMIN)
    assert chat.rows("SELECT how, confirmed_by FROM appointments ORDER BY number DESC LIMIT 1") == [
        ("remise", "slack:T1/U0SECOND")
    ]


async def test_one_administrator_waits_for_three_days_during_which_everyone_was_told(chat: Chat) -> None:
    line = await nobody_left(chat)
    await chat.press(await chat.ask("remise", ADMIN), "Vice-présidence", ADMIN)
    beat(chat)
    chat.clock.move(hours=73)
    assert "Il faut l'accord" in await chat.said("remise accord", ADMIN)  # nobody was told yet
    sent(chat)
    beat(chat)
    chat.clock.move(hours=71)
    assert "Il faut l'accord" in await chat.said("remise accord", ADMIN)
    chat.clock.move(hours=2)
    assert "C'est confié" in await chat.said("remise accord", ADMIN)
    chat.wait(minutes=1)
    assert SEEN in await chat.said(line, NEW)


@pytest.mark.parametrize(("first", "second"), [(ADMIN, PUPPET), (PUPPET, ADMIN)])
@pytest.mark.parametrize("named_before", [True, False])
async def test_an_administrator_named_that_day_is_neither_of_the_two_who_hand_over(
    chat: Chat, first: Actor, second: Actor, named_before: bool
) -> None:
    line = await nobody_left(chat)
    if named_before or first is PUPPET:
        await name(chat, PUPPET, "administration", autres="ajoute")
    await chat.press(await chat.ask("remise", first), "Vice-présidence", first)
    if not (named_before or first is PUPPET):
        await name(chat, PUPPET, "administration", autres="ajoute")
    assert "Il faut l'accord" in await chat.said("remise accord", second)
    chat.wait(days=1)  # the day of the request is the one that counts
    assert "Il faut l'accord" in await chat.said("remise accord", second)
    assert SEEN not in await chat.said(line, NEW)
    await chat.press(await chat.ask("remise", first), "Vice-présidence", first)
    assert "C'est confié" in await chat.said("remise accord", second)


async def test_who_asked_to_hand_over_and_no_longer_administers_is_not_one_of_two(chat: Chat) -> None:
    await nobody_left(chat)
    await chat.press(await chat.ask("remise", SECOND), "Vice-présidence", SECOND)
    await dismissed(chat, SECOND)
    assert "Il faut l'accord" in await chat.said("remise accord", ADMIN)
    await name(chat, SECOND, "administration", autres="ajoute")
    assert "Il faut l'accord" in await chat.said("remise accord", ADMIN)


@pytest.mark.parametrize(
    ("state", "problem"),
    [("dead", "closed (50007)"), ("sent", "unreached"), ("cancelled", "closed (50007)"), ("held", None)],
)
async def test_a_notice_that_reached_nobody_does_not_start_the_three_days(
    chat: Chat, state: str, problem: str | None
) -> None:
    line = await nobody_left(chat)
    await chat.press(await chat.ask("remise", ADMIN), "Vice-présidence", ADMIN)
    settled(chat, state, problem, "rowid = (SELECT max(rowid) FROM outbox WHERE notice = 'remise')")
    sent(chat)
    beat(chat)
    chat.clock.move(hours=100)
    beat(chat)
    assert "Il faut l'accord" in await chat.said("remise accord", ADMIN)
    assert "Tout le monde n'en a pas encore reçu l'avis" in await chat.said("remise", ADMIN)
    settled(chat, "sent", "waiting", "notice = 'remise'")  # an invitation to read it is enough
    beat(chat)
    assert "Tout le monde" not in await chat.said("remise", ADMIN)
    chat.clock.move(hours=71)
    assert "Il faut l'accord" in await chat.said("remise accord", ADMIN)
    chat.clock.move(hours=2)
    assert "C'est confié" in await chat.said("remise accord", ADMIN)
    chat.wait(minutes=1)
    assert SEEN in await chat.said(line, NEW)


async def test_who_takes_a_role_before_everyone_is_told_is_told_too(chat: Chat) -> None:
    await nobody_left(chat)
    await name(chat, PUPPET, "suppleance", autres="ajoute")
    await chat.press(await chat.ask("remise", ADMIN), "Vice-présidence", ADMIN)
    chat.wait(days=1)  # the alternate takes the role, and nothing was sent yet
    beat(chat)
    assert len(chat.rows("SELECT id FROM outbox WHERE notice = 'remise'")) == 4


async def test_what_two_hand_over_before_anyone_is_told_is_told_all_the_same(chat: Chat) -> None:
    await nobody_left(chat)
    await chat.press(await chat.ask("remise", ADMIN), "Vice-présidence", ADMIN)
    before = said_of_handovers(chat)
    assert before[0].startswith("Des signalements vont être confiés")
    await chat.press(await chat.ask("remise", ADMIN), "Vice-présidence", ADMIN)  # asked anew
    await chat.press(await chat.ask("remise", SECOND), "D'accord", SECOND)
    after = said_of_handovers(chat)
    assert len(before) == len(after) == 3
    assert all(text.startswith("Des signalements ont été confiés") for text in after)


def said_of_handovers(chat: Chat) -> list[str]:
    """Return what the notices of requests that are queued would say now."""

    def build(_: Chat) -> list[str]:
        with chat.storage.transaction() as db:
            rows = db.conn.execute(
                "SELECT recipient, arguments FROM outbox WHERE notice = 'remise' AND state = 'queued'"
            ).fetchall()
            made = [
                chat.notices.build(
                    NoticeContext(db, chat.clock().date(), to), "remise", json.loads(arguments)
                )
                for to, arguments in rows
            ]
            return [words(message) for message in made if isinstance(message, Message)]

    return chat.storage.executor.submit(build, chat).result()


async def test_the_administration_and_who_receives_are_told_of_what_waits_and_of_what_is_asked(
    chat: Chat,
) -> None:
    await nobody_left(chat)
    for _ in "12":
        beat(chat)
    waiting = chat.rows("SELECT recipient FROM outbox WHERE notice = 'signalements-sans-personne'")
    assert len(waiting) == 2  # once to each administrator
    await chat.press(await chat.ask("remise", ADMIN), "Vice-présidence", ADMIN)
    asked = chat.rows("SELECT recipient FROM outbox WHERE notice = 'remise'")
    assert len(asked) == 3  # both administrators, and the new vice-president


async def test_whoever_a_report_names_learns_nothing_of_it_from_what_waits(chat: Chat) -> None:
    await name(chat, VP, "administration", autres="ajoute")
    for role in ("conseiller-executif", "suppleance"):
        await chat.ask(pressed(await chat.ask(f"roles voir {role}", ADMIN), "Retirer la ligne 1"), ADMIN)
    chat.wait(days=1)
    sent(chat)
    await chat.report(REPORTER, Report(implicated=(COMMUNICATIONS_ROLE,)))
    chat.wait(minutes=61)
    for _ in "12":
        beat(chat)
    assert "rien n'est à confier" in await chat.said("remise", VP)
    assert "n'a plus personne" in await chat.said("remise", ADMIN)
    await name(chat, NEW, "suppleance")
    chat.wait(days=1)
    sent(chat)
    await chat.press(await chat.ask("remise", ADMIN), "Suppléance", ADMIN)
    own = [str(row[0]) for row in chat.rows("SELECT person_id FROM accounts WHERE user = 'U0VP'")]
    notices = [
        str(row[0])
        for row in chat.rows(
            "SELECT recipient FROM outbox WHERE notice IN ('remise', 'signalements-sans-personne')"
        )
    ]
    assert len(notices) == 5  # both administrators twice, and the alternate
    assert f"person:{own[0]}" not in notices
    await chat.press(await chat.ask("remise", SECOND), "D'accord", SECOND)
    chat.wait(minutes=1)
    assert SEEN in await chat.said(cases(chat)[0], NEW)
    assert SEEN not in await chat.said(cases(chat)[0], VP)
