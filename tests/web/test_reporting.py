"""The web form over the real records: what it brings is kept, counted and followed as in the chat."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from bot.app.build import Bot
from bot.conversation.messages import Message
from bot.conversation.requests import Actor, Request
from bot.people import persons, roles
from bot.reports import cases, escalation, routing
from bot.reports.filing import Report, open_report
from bot.reports.limits import BY_WEB, PER_PERSON, REFUSAL
from bot.reports.records import Session
from bot.reports.reporter_access import MOST_ADDED, WITHDRAWN
from bot.settings import Settings
from tests.kits.effort import PATIENCE
from tests.kits.office import built
from tests.kits.people import ADVISER_ROLE
from tests.kits.reports.web import TYPED, Seen, Visitor, served

MEMBER = Actor("discord", "", "123456789012345678")
REPORT = {**TYPED, "summary": "On y dit que l'association vole ses membres."}


@pytest.fixture
def bot() -> Iterator[Bot]:
    with built(Settings()) as bot:
        yield bot


@asynccontextmanager
async def visiting(bot: Bot) -> AsyncIterator[Visitor]:
    async with served(bot.reporting) as (visitor, _):
        yield visitor


@pytest.fixture
async def visitor(bot: Bot) -> AsyncIterator[Visitor]:
    async with visiting(bot) as visitor:
        yield visitor


def kept(bot: Bot) -> list[Report]:
    """Return what is kept of reports."""

    def read() -> list[Report]:
        with bot.reporting.session() as session:
            rows = session.execute("SELECT sealed FROM report_filings").fetchall()
            return [open_report(session.ring, row[0]) for row in rows]

    return bot.office.storage.executor.submit(read).result()


def code_of(page: Seen) -> str:
    """Return the code that a page shows."""
    return page.source.partition('class="code">')[2].partition("<")[0]


async def report(visitor: Visitor, **more: str) -> Seen:
    """Report, and return the last page."""
    return await visitor.press(await visitor.fill({**REPORT, **more}), "envoyer")


async def test_a_report_is_kept_with_its_address_alone_and_found_again(visitor: Visitor, bot: Bot) -> None:
    asked = await visitor.open()
    assert "5.10" in asked.text
    assert "abstenir de commenter" in asked.text
    done = await report(visitor)
    [filed] = kept(bot)
    assert filed.address == "https://www.facebook.com/groups/spotted/posts/123456"
    assert (filed.platform, filed.severity, filed.name) == ("facebook", "serious", "")
    page = await visitor.press(
        await visitor.open("suivi"), "suivi", code=code_of(done).upper().replace(" ", "\n")
    )
    assert "Reçu" in page.text
    page = await visitor.press(page, "ajouter", words="Elle a été partagée.")
    assert "Elle a été partagée." in page.text
    await visitor.press(page, "retirer")
    assert kept(bot) == []


async def test_no_address_within_what_is_said_tells_who_shares_it(visitor: Visitor, bot: Bot) -> None:
    done = await report(visitor, summary="La même: https://www.instagram.com/p/AbCdEf12345/?igsh=jeanne")
    assert [filed.summary for filed in kept(bot)] == ["La même: https://www.instagram.com/p/AbCdEf12345"]
    page = await visitor.press(await visitor.open("suivi"), "suivi", code=code_of(done))
    page = await visitor.press(page, "ajouter", words="Et youtu.be/AbCdEfGhIjK?si=jeanne")
    assert "watch?v=AbCdEfGhIjK" in page.text
    assert "jeanne" not in page.text


async def test_what_is_pointed_out_is_shown_once(visitor: Visitor) -> None:
    report_words = (
        "J'étais seul avec mon boss au bureau hier soir à 14 h 30 quand je lui ai parlé de Kevin Tremblay."
    )
    review = await visitor.fill({**REPORT, "summary": report_words})
    assert "".join(report_words.split()) in "".join(review.text.split()), "the marks part the words"


async def test_without_an_address_one_says_where_it_is(visitor: Visitor, bot: Bot) -> None:
    await report(visitor, address="Une vidéo de Spotted UQTR, sur Snapchat, hier soir")
    [filed] = kept(bot)
    assert (filed.canonical, filed.address) == (False, "Une vidéo de Spotted UQTR, sur Snapchat, hier soir")


@pytest.mark.parametrize(
    ("field", "value"), [("address", " "), ("summary", "\n"), ("severity", "pire"), ("recipient", "x")]
)
async def test_what_is_missing_or_made_up_is_asked_again(
    visitor: Visitor, bot: Bot, field: str, value: str
) -> None:
    assert (await visitor.fill({**REPORT, field: value})).status == 422
    assert kept(bot) == []


async def test_what_may_tell_who_someone_is_is_pointed_out_before_sending(visitor: Visitor) -> None:
    reading = await visitor.fill(
        {**REPORT, "summary": "J'étais la seule dans le bureau avec Josée Tremblay."}
    )
    assert reading.source.count("<mark>") >= 2
    assert "Le nom d&#39;une personne" in reading.source


async def test_junk_on_the_form_even_withdrawn_at_once_closes_it_and_nothing_else(
    visitor: Visitor, bot: Bot
) -> None:
    for number in range(BY_WEB[-1]):
        done = await report(visitor, address=f"https://exemple.ca/{number}")
        if done.status != 200:
            break
        page = await visitor.press(await visitor.open("suivi"), "suivi", code=code_of(done))
        await visitor.press(page, "retirer")
    refused = await report(visitor, address="https://exemple.ca/autre")
    assert (refused.status, " ".join(REFUSAL.split()) in refused.text) == (429, True)
    assert kept(bot) == []
    chat = bot.reporting.limiter
    assert all(chat.take(f"slack:T1/U{who}") for who in range(4) for _ in range(PER_PERSON[0] - 1))


async def test_junk_in_the_chat_leaves_the_form_open(visitor: Visitor, bot: Bot) -> None:
    for number in range(400):
        bot.reporting.limiter.take(f"slack:T1/U{number % 40}")
    assert (await report(visitor)).status == 200


async def test_pressed_twice_it_is_one_report_that_counts_once(visitor: Visitor, bot: Bot) -> None:
    reading = await visitor.fill(REPORT)
    first, second = await visitor.press(reading, "envoyer"), await visitor.press(reading, "envoyer")
    assert code_of(first) == code_of(second) != ""
    assert len(kept(bot)) == 1
    for number in range(BY_WEB[0] - 1):
        assert (await report(visitor, address=f"https://exemple.ca/{number}")).status == 200


async def test_a_report_that_could_not_be_kept_counts_for_nothing(visitor: Visitor, bot: Bot) -> None:
    def run(statement: str) -> None:
        with bot.reporting.session() as session:
            session.execute(statement)

    def database(statement: str) -> None:
        bot.office.storage.executor.submit(run, statement).result()

    reading = await visitor.fill(REPORT)
    database("CREATE TRIGGER full BEFORE INSERT ON report_filings BEGIN SELECT RAISE(ABORT, 'full'); END")
    for _ in range(BY_WEB[-1] + 1):
        assert "Rien n'a été enregistré" in (await visitor.press(reading, "envoyer")).text
    database("DROP TRIGGER full")
    assert code_of(await visitor.press(reading, "envoyer"))
    assert len(kept(bot)) == 1


async def test_what_is_added_to_a_report_has_an_end(visitor: Visitor) -> None:
    page = await visitor.press(await visitor.open("suivi"), "suivi", code=code_of(await report(visitor)))
    for number in range(MOST_ADDED):
        assert "C'est ajouté" in (await visitor.press(page, "ajouter", words=f"Ajout {number}")).text
    refused = await visitor.press(page, "ajouter", words="Un de trop")
    assert "déjà beaucoup ajouté" in refused.text


async def test_an_addition_sent_again_by_reloading_its_page_is_added_once(visitor: Visitor) -> None:
    page = await visitor.press(await visitor.open("suivi"), "suivi", code=code_of(await report(visitor)))
    for words in ("La publication est partie.", "La publication est partie.", "Elle est revenue."):
        added = await visitor.press(page, "ajouter", words=words)
        assert "C'est ajouté" in added.text
    assert added.text.count("La publication est partie.") == 1
    again = await visitor.press(page, "ajouter", words="La publication est partie.")
    assert again.text.count("La publication est partie.") == 2, "something was said between the two"


async def test_two_people_who_report_one_post_do_not_learn_of_each_other(visitor: Visitor, bot: Bot) -> None:
    one = await report(visitor, address="https://m.facebook.com/groups/spotted/posts/123456?ref=share")
    two = await report(visitor)
    shown = [
        await visitor.press(await visitor.open("suivi"), "suivi", code=code_of(done)) for done in (one, two)
    ]
    assert code_of(one) != code_of(two)
    assert shown[0].text == shown[1].text
    assert len(kept(bot)) == 2


async def test_what_a_holder_asks_is_read_with_the_code_and_a_closed_report_takes_nothing_more(
    visitor: Visitor, bot: Bot
) -> None:
    done = await report(visitor, urgent="oui")

    def ask() -> None:
        with bot.reporting.session() as session:
            case, person = _only_case(session)
            [filing] = cases.open_case(session, case, person).filings
            cases.ask_question(session, case, person, filing.id, "Qui l'a publiée?")

    def close() -> None:
        with bot.reporting.session() as session:
            case, person = _only_case(session)
            cases.close_case(session, case, person, "handled", "Elle a été retirée.")

    await bot.office.storage.run(ask)
    page = await visitor.press(await visitor.open("suivi"), "suivi", code=code_of(done))
    assert "Qui l'a publiée?" in page.text
    assert "On vous demande quelque chose" in page.text
    await bot.office.storage.run(close)
    closed = await visitor.press(page, "suivi")
    assert "Elle a été retirée." in closed.text
    assert "Ajouter" not in closed.text
    late = await visitor.press(page, "ajouter", words="Encore ceci.")
    assert "rien n'y a été ajouté" in late.text


def _only_case(session: Session) -> tuple[str, str]:
    """Return the only case, and someone who handles it, told of it as the clock would."""
    escalation.beat(session)
    (case, role) = session.execute("SELECT id, role FROM report_cases").fetchone()
    [person, *_] = routing.eligible(session.db, role, frozenset(), session.today)
    return str(case), person


async def test_the_page_of_a_withdrawn_report_sent_again_files_nothing(visitor: Visitor, bot: Bot) -> None:
    review = await visitor.fill(REPORT)
    done = await visitor.press(review, "envoyer")
    followed = await visitor.press(await visitor.open("suivi"), "suivi", code=code_of(done))
    await visitor.press(followed, "retirer")
    again = await visitor.press(review, "envoyer")
    assert kept(bot) == []
    assert code_of(done) not in again.source
    assert again.text == (await visitor.press(review, "envoyer")).text


async def test_a_withdrawal_sent_again_is_said_to_be_done_in_the_words_of_the_chat(visitor: Visitor) -> None:
    done = await report(visitor)
    followed = await visitor.press(await visitor.open("suivi"), "suivi", code=code_of(done))
    first, second = [await visitor.press(followed, "retirer") for _ in range(2)]
    assert (first.status, " ".join(WITHDRAWN.split()) in first.text) == (200, True)
    assert (second.status, second.text) == (200, first.text)
    other = await visitor.press(followed, "retirer", code="abaisser " * 9)
    assert (other.status, "Aucun signalement" in other.text) == (422, True)


async def test_a_page_of_before_a_restart_is_read_again_before_it_is_sent(bot: Bot) -> None:
    async with visiting(bot) as before:
        review = await before.fill(REPORT)
        followed = await before.press(
            await before.open("suivi"), "suivi", code=code_of(await before.press(review, "envoyer"))
        )
        await before.press(followed, "retirer")
    async with visiting(bot) as after:
        assert "Du temps a passé" in (await after.press(review, "envoyer")).text
    assert kept(bot) == []


async def test_the_first_pages_are_answered_while_the_database_is_busy(visitor: Visitor, bot: Bot) -> None:
    """Else whoever asks for them all the time would know when something is filed."""
    storage, free = bot.office.storage, threading.Event()
    storage.executor.submit(bot.office.read_board).result()
    storage.executor.submit(free.wait)
    try:
        async with asyncio.timeout(PATIENCE):
            assert (await visitor.open()).status == 200
            assert (await visitor.open("suivi")).status == 200
            bot.dispatcher._met.add(MEMBER)
            menu = await bot.dispatcher.handle(Request("vigie", actor=MEMBER))
    finally:
        free.set()
    assert isinstance(menu, Message)
    assert "Signaler" in [button.label for button in menu.buttons()]


async def test_what_the_first_pages_show_follows_the_registry(visitor: Visitor, bot: Bot) -> None:
    storage = bot.office.storage
    await visitor.open()

    def change() -> None:
        with storage.transaction() as db:
            roles.change(db, replace(roles.role(db, ADVISER_ROLE), title="Conseil de vie"))
            roles.appoint(db, roles.ADMINISTRATION, persons.known(db, MEMBER), bot.today())
            bot.office.registry_changed(db, "")

    storage.executor.submit(change).result()
    assert "Conseil de vie" in (await visitor.open()).text
    menu = await bot.dispatcher.handle(Request("vigie", actor=MEMBER))
    assert isinstance(menu, Message)
    assert "Rôles" in [button.label for button in menu.buttons()]
