"""Every door to reading reports, or out of it: recorded, told at once to those concerned, for tomorrow."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from datetime import timedelta

import pytest

from bot.conversation.requests import Actor
from bot.people import roles
from bot.people.group_sync import GroupSync
from bot.people.persons import account, parse
from bot.people.roles import Group
from bot.policy.library import Library
from tests.kits.office import CALENDAR
from tests.kits.people import COMMUNICATIONS_ROLE
from tests.kits.reports.chat import CONSEILLER, VP, Chat, chatting, pressed
from tests.reports.test_appointed_readers import ADMIN, ELSEWHERE, GROUP, NEW, name, two_administrators

pytestmark = pytest.mark.attack("Se nommer pour lire")


@pytest.fixture
def chat(library: Library) -> Iterator[Chat]:
    with chatting(library) as made:
        made.storage.executor.submit(two_administrators, made).result()
        made.wait(days=21)
        yield made


async def naming(chat: Chat) -> None:
    await name(chat, NEW)


async def naming_beside(chat: Chat) -> None:
    await name(chat, NEW, autres="ajoute")


async def dismissing(chat: Chat) -> None:
    await chat.ask(
        pressed(await chat.ask("roles voir vp-communications", ADMIN), "Retirer la ligne 1"), ADMIN
    )


async def a_group(chat: Chat) -> None:
    """Have a group that a role was given to, and that someone then enters."""

    def give() -> None:
        with chat.reporting.session() as session:
            group = Group("slack", "T1", GROUP)
            roles.appoint(session.db, COMMUNICATIONS_ROLE, group, session.today, replacing=False)

    await chat.storage.run(give)
    changed = chat.reporting.office.registry_changed
    await GroupSync(chat.storage, chat.clock, CALENDAR, changed).changed(NEW, GROUP, inside=True)


async def an_address(chat: Chat) -> None:
    await chat.ask("roles fiche vp-communications", ADMIN, titre="VP", courriel="autre@exemple.ca")


async def linking(chat: Chat) -> None:
    typed = (await chat.said("lier", ELSEWHERE)).splitlines()[2]
    await chat.press(await chat.ask(typed, VP), "Oui", VP)
    await chat.press(await chat.ask("lier", ELSEWHERE), "Oui", ELSEWHERE)


Door = Callable[[Chat], Awaitable[None]]
OTHER_ADDRESS = "courriel:autre@exemple.ca"


def written(actor: Actor) -> str:
    return str(account(actor))


@pytest.mark.parametrize(
    ("door", "gains", "losses"),
    [
        (naming, written(NEW), written(VP)),
        (naming_beside, written(NEW), ""),
        (dismissing, "", written(VP)),  # the other recipient acts
        (a_group, written(NEW), ""),
        (an_address, OTHER_ADDRESS, ""),
        (linking, written(ELSEWHERE), ""),
    ],
)
async def test_whatever_the_door_it_is_recorded_told_at_once_and_counts_tomorrow(
    chat: Chat, door: Door, gains: str, losses: str
) -> None:
    (before,) = chat.rows("SELECT coalesce(max(number), 0) FROM appointments")[0]
    await door(chat)
    tomorrow = (chat.clock().date() + timedelta(1)).isoformat()
    made = chat.rows(
        f"""SELECT account, able, effective_on FROM appointments
            WHERE number > {before} AND role = 'vp-communications'"""  # noqa: S608 — a number
    )
    assert set(made) == {(who, able, tomorrow) for who, able in ((gains, 1), (losses, 0)) if who}
    urgent = chat.rows("SELECT recipient FROM outbox WHERE notice = 'nomination' AND urgent")
    concerned = {written(VP), written(CONSEILLER), gains} - {OTHER_ADDRESS, ""}
    for who in map(parse, concerned):
        assert (f"person:{who.platform}/{who.team}/{who.user}",) in urgent
