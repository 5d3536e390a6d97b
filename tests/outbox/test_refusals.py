"""A platform that refuses the bot, for a while or for good: nothing is lost, nothing is said of anyone."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.outbox import rows
from bot.outbox.absences import PRESSING
from bot.outbox.routes import write_address
from bot.outbox.sending import LACKING
from bot.people import roles
from bot.people.persons import Account
from bot.platforms.contract import Destination
from tests.kits.outbox import (
    ADMINISTRATORS,
    ALICE_ON_DISCORD,
    BOB_ON_SLACK,
    Office,
    Outcome,
    Post,
    office,
)
from tests.kits.people import COUNCIL_ROLE

ON_DISCORD = Destination("discord", "9", "C8", "channel")
CODES = ["invalid_auth", "org_login_required"]
CONSEIL_MAIL = "person:courriel//conseil@exemple.ca"
ADMIN_MAIL = "person:courriel//admin@exemple.ca"


@pytest.fixture
def bureau(tmp_path: Path) -> Iterator[Office]:
    with office(tmp_path / "vigie.db") as it:
        yield it


def has_channels(bureau: Office, *channels: Destination) -> None:
    """Give the administration its channels."""
    bureau.routes = type(bureau.routes)(bureau.posts, (), channels)
    bureau.pump = bureau.new_pump()


def has_mail(bureau: Office, role: str, address: str) -> None:
    """Give a role its e-mail address."""
    with bureau.storage.transaction() as db:
        roles.change(db, roles.Role(role, "Titre", address, roles.role(db, role).fallback_id))


async def time_passes(bureau: Office, **wait: int) -> None:
    """Let some time pass, then send what can be."""
    bureau.clock.move(**wait)
    bureau.pump._held.clear()  # what the pump waits for is real time
    await bureau.send()


def crowd(bureau: Office, platform: str, count: int = 5) -> list[str]:
    """Queue a message to each of some people of one platform, and return them."""
    team = "T1" if platform == "slack" else ""
    people = [bureau.person(Account(platform, team, f"{n}")) for n in range(100, 100 + count)]
    for person in people:
        bureau.enqueue(person, f"person:{person}")
    return people


async def half_a_minute(bureau: Office, post: Post, code: str) -> None:
    """Have a platform refuse the bot for half a minute while it sends, then accept it."""
    post.refused = code
    for _ in range(10):
        await bureau.send()
        await time_passes(bureau, seconds=3)
    post.refused = ""
    await time_passes(bureau, seconds=15)


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("platform", ["slack", "discord"])
@pytest.mark.parametrize("channels", [(), (ADMINISTRATORS,), (ADMINISTRATORS, ON_DISCORD)])
async def test_a_refusal_of_half_a_minute_loses_nothing_and_is_told_of_once(
    bureau: Office,
    platform: str,
    channels: tuple[Destination, ...],
    code: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    has_channels(bureau, *channels)
    people = crowd(bureau, platform)
    caplog.set_level(logging.WARNING)
    await half_a_minute(bureau, bureau.posts[platform], code)
    direct = [where for where in bureau.posts[platform].received if where.startswith("person:")]
    assert len(direct) == len(people)
    assert {bureau.row(person)["problem"] for person in people} == {None}
    elsewhere = [channel for channel in channels if channel.platform != platform]
    for channel in elsewhere:
        [words] = bureau.posts[channel.platform].received[write_address(channel)]
        assert "me refuse" in words
        assert code in words
        assert "rejoign" not in words.lower()
    states = bureau.states()
    expected = {"cancelled": 1} if channels and not elsewhere else {}
    assert states == {"sent": len(people) + len(elsewhere), **expected}
    assert [record.getMessage() for record in caplog.records] == [
        f"outbox: {platform} refuses the bot ({code}); its messages wait"
    ]


async def test_it_is_told_of_by_the_account_of_an_administrator_elsewhere_and_to_one_of_them(
    bureau: Office,
) -> None:
    for n, account in enumerate((ALICE_ON_DISCORD, Account("discord", "", "12"), BOB_ON_SLACK)):
        bureau.appoint(roles.ADMINISTRATION, bureau.person(account), replacing=not n)
    crowd(bureau, "slack")
    await half_a_minute(bureau, bureau.slack, "token_revoked")
    [words] = bureau.discord.all()
    assert "Slack me refuse" in words


async def test_it_is_told_of_by_e_mail_when_nothing_else_is_left(bureau: Office) -> None:
    bureau.appoint(roles.ADMINISTRATION, bureau.person(BOB_ON_SLACK))
    has_channels(bureau, ADMINISTRATORS)
    has_mail(bureau, roles.ADMINISTRATION, "admin@exemple.ca")
    people = crowd(bureau, "slack", 40)
    await half_a_minute(bureau, bureau.slack, "invalid_auth")
    [words] = bureau.mail.received[ADMIN_MAIL]
    assert "Slack me refuse" in words
    assert len(bureau.slack.all()) == len(people)


async def test_a_mail_server_that_refuses_the_account_is_told_of_too(bureau: Office) -> None:
    has_channels(bureau, ADMINISTRATORS)
    has_mail(bureau, COUNCIL_ROLE, "conseil@exemple.ca")
    bureau.enqueue("un", f"role:{COUNCIL_ROLE}")
    await half_a_minute(bureau, bureau.mail, "535")
    assert len(bureau.mail.received[CONSEIL_MAIL]) == 1
    [words] = bureau.slack.all()
    assert "Le courriel me refuse" in words


async def test_it_is_told_of_once_over_restarts_and_again_when_it_happens_again(bureau: Office) -> None:
    has_channels(bureau, ON_DISCORD)
    people = crowd(bureau, "slack")
    bureau.slack.refused = "invalid_auth"
    for _ in range(3):
        await bureau.send()
        await bureau.die()
        bureau.clock.move(hours=5)
    assert len(bureau.discord.all()) == 1
    bureau.slack.refused = ""
    await bureau.send()
    assert len(bureau.slack.all()) == len(people)
    bureau.enqueue("autre", f"person:{people[0]}")
    await half_a_minute(bureau, bureau.slack, "token_revoked")
    assert len(bureau.discord.all()) == 2


async def test_it_is_told_of_again_when_the_former_one_ended_with_nothing_to_send(bureau: Office) -> None:
    has_channels(bureau, ON_DISCORD)
    for days in (0, 2):
        bureau.slack.refused = "invalid_auth"
        bureau.enqueue(f"un {days}", on_both(bureau), "presse")
        await time_passes(bureau, days=days)
        await time_passes(bureau, seconds=1)
    assert (len(bureau.mail.all()), len(bureau.discord.all())) == (2, 2)


async def test_one_message_is_enough_to_know_that_it_still_refuses(bureau: Office) -> None:
    crowd(bureau, "slack", 60)
    bureau.slack.refused = "invalid_auth"
    await bureau.send()
    before = bureau.slack.tried
    for _ in range(4):
        await time_passes(bureau, seconds=11)
    assert bureau.slack.tried - before == 4


async def test_what_may_have_left_before_the_refusal_is_still_looked_for_after_it(bureau: Office) -> None:
    [person] = crowd(bureau, "slack", 1)
    bureau.slack.script.append("acted-unknown")
    await bureau.send()
    await half_a_minute(bureau, bureau.slack, "invalid_auth")
    await time_passes(bureau, minutes=1)
    assert (len(bureau.slack.all()), bureau.row(person)["state"]) == (1, "sent")


# What presses


def on_both(bureau: Office) -> str:
    """Return the recipient of what is for the only holder of a role, on Slack, who has other ways."""
    bureau.appoint(COUNCIL_ROLE, bureau.person(BOB_ON_SLACK))
    has_mail(bureau, COUNCIL_ROLE, "conseil@exemple.ca")
    return f"role:{COUNCIL_ROLE}"


@pytest.mark.parametrize("code", CODES)
async def test_what_is_urgent_takes_the_next_route_at_once_and_is_not_said_again(
    bureau: Office, code: str
) -> None:
    bureau.slack.refused = code
    bureau.enqueue("un", on_both(bureau), "presse")
    await bureau.send()
    await time_passes(bureau, seconds=1)
    assert bureau.mail.received == {CONSEIL_MAIL: ["presse {'n': 'un'}"]}
    bureau.slack.refused = ""
    bureau.enqueue("deux", f"role:{COUNCIL_ROLE}", "presse")
    await time_passes(bureau, hours=1)
    assert bureau.slack.all() == ["presse {'n': 'deux'}"]


async def test_what_presses_less_takes_the_next_route_after_half_an_hour(bureau: Office) -> None:
    bureau.slack.refused = "invalid_auth"
    bureau.enqueue("un", on_both(bureau), "presse", urgent=False)
    bureau.enqueue("deux", f"role:{COUNCIL_ROLE}", "avis", urgent=False)
    for _ in range(int(PRESSING.total_seconds() / 60) - 1):
        await time_passes(bureau, minutes=1)
        await bureau.send()
    assert bureau.mail.all() == []
    for _ in range(3):
        await time_passes(bureau, minutes=1)
    assert bureau.mail.all() == ["presse {'n': 'un'}"]
    assert bureau.states() == {"cancelled": 2, "sent": 1, "queued": 1}, "both were shared out to the holder"


async def test_the_half_hour_goes_on_over_a_restart(bureau: Office) -> None:
    bureau.slack.refused = "invalid_auth"
    bureau.enqueue("un", on_both(bureau), "presse", urgent=False)
    await bureau.send()
    bureau.clock.move(minutes=31)
    await bureau.die()
    await bureau.send()
    await time_passes(bureau, seconds=1)
    assert bureau.mail.all() == ["presse {'n': 'un'}"]


@pytest.mark.parametrize("outcome", ["unknown", "acted-unknown", "dead", "acted-dead"])
async def test_what_presses_and_may_have_left_does_not_wait_for_the_platform_to_tell(
    bureau: Office, outcome: Outcome
) -> None:
    bureau.slack.script.append(outcome)
    bureau.enqueue("un", on_both(bureau), "presse")
    if outcome.endswith("dead"):
        sending = asyncio.create_task(bureau.send())
        await bureau.slack.died.wait()
        sending.cancel()
        await bureau.die()
    else:
        await bureau.send()
    bureau.slack.refused = "invalid_auth"
    for _ in range(3):
        await time_passes(bureau, minutes=1)
    assert bureau.mail.all() == ["presse {'n': 'un'}"]
    bureau.slack.refused = ""
    await time_passes(bureau, hours=1)
    assert len(bureau.slack.all()) == outcome.startswith("acted")


async def test_what_presses_does_not_wait_long_for_a_platform_that_answers_nothing(bureau: Office) -> None:
    bureau.slack.script.extend(["unknown"] * 50)
    bureau.enqueue("un", on_both(bureau), "presse")
    for _ in range(12):
        await time_passes(bureau, minutes=1)
    assert bureau.mail.all() == ["presse {'n': 'un'}"]
    bureau.slack.script.clear()
    bureau.enqueue("deux", f"person:{bureau.person(BOB_ON_SLACK)}")
    await time_passes(bureau, hours=1)
    bureau.slack.script.append("unknown")
    bureau.enqueue("trois", f"role:{COUNCIL_ROLE}", "presse")
    for _ in range(3):
        await time_passes(bureau, minutes=1)
    assert len(bureau.mail.all()) == 1, "it had answered since: what got no answer long ago says nothing"


async def test_with_no_other_route_what_presses_waits_and_is_known_to_wait(bureau: Office) -> None:
    person = bureau.person(BOB_ON_SLACK)
    bureau.slack.refused = "invalid_auth"
    bureau.enqueue("un", f"person:{person}", "presse")
    await bureau.send()
    await time_passes(bureau, seconds=1)
    assert (bureau.row("un")["state"], bureau.row("un")["problem"]) == ("queued", "absent")
    bureau.slack.refused = ""
    await time_passes(bureau, minutes=1)
    assert (bureau.row("un")["state"], bureau.row("un")["problem"]) == ("sent", None)


# A missing permission


async def test_a_missing_permission_holds_what_needs_it_and_nothing_else(
    bureau: Office, caplog: pytest.LogCaptureFixture
) -> None:
    has_channels(bureau, ON_DISCORD)
    caplog.set_level(logging.WARNING)
    bureau.slack.lacking = "files:write"
    people = crowd(bureau, "slack")
    for person in people[:3]:
        bureau.enqueue(f"avec {person}", f"person:{person}")
    for _ in range(10):
        await time_passes(bureau, minutes=1)
    assert sorted(bureau.slack.all()) == sorted(f"avis {{'n': '{person}'}}" for person in people)
    [words] = bureau.discord.all()
    assert "files:write" in words
    assert len(caplog.records) == 1
    await bureau.die()
    bureau.slack.lacking = ""
    await time_passes(bureau, seconds=LACKING.seconds)
    assert len(bureau.slack.all()) == len(people) + 3
    bureau.slack.lacking = "files:write"
    bureau.enqueue("avec", f"person:{people[0]}")
    await bureau.send()
    assert len(bureau.discord.all()) == 2, "it is missing again"


async def test_what_is_urgent_does_not_wait_for_a_permission_when_it_has_another_route(
    bureau: Office,
) -> None:
    bureau.slack.lacking = "chat:write"
    bureau.enqueue("avec", on_both(bureau), "presse")
    await bureau.send()
    assert bureau.mail.all() == ["presse {'n': 'avec'}"]


async def test_a_missing_permission_is_told_once_though_what_needs_it_left_by_another_route(
    bureau: Office, caplog: pytest.LogCaptureFixture
) -> None:
    has_channels(bureau, ON_DISCORD)
    caplog.set_level(logging.WARNING)
    bureau.slack.lacking = "chat:write"
    for number in range(3):
        bureau.enqueue(f"avec {number}", on_both(bureau) if not number else f"role:{COUNCIL_ROLE}", "presse")
        await bureau.send()
        await time_passes(bureau, minutes=10)
    assert len(bureau.mail.all()) == 3
    assert len(bureau.discord.all()) == len(caplog.records) == 1


# What is not about a person is never told as one who cannot be reached


async def test_what_nobody_could_send_is_a_dead_letter_rather_than_a_person_out_of_reach(
    bureau: Office,
) -> None:
    has_channels(bureau, ON_DISCORD)
    crowd(bureau, "slack", 2)
    bureau.slack.script.extend(["faulty"])
    await bureau.send()
    bureau.slack.script.extend(["busy"] * rows.ATTEMPTS)
    bureau.enqueue("un", f"person:{bureau.person(BOB_ON_SLACK)}")
    for _ in range(rows.ATTEMPTS + 1):
        await time_passes(bureau, hours=1)
    with bureau.storage.transaction() as db:
        assert rows.count_by_notice(db, "unreached") == {}
        assert rows.count_by_notice(db, "dead") == {"avis": 2}
        assert rows.settle_dead(db, bureau.clock(), send=True) == 2
    await time_passes(bureau, seconds=1)
    assert len(bureau.slack.all()) == 3


async def test_what_was_reported_unreached_can_be_sent_again_or_given_up(bureau: Office) -> None:
    has_channels(bureau, ON_DISCORD)
    crowd(bureau, "slack", 2)
    bureau.slack.script.extend(["closed"] * 2)
    await bureau.send()
    with bureau.storage.transaction() as db:
        assert rows.count_by_notice(db, "unreached") == {"avis": 2}
        assert rows.settle_dead(db, bureau.clock(), send=True) == 2
    bureau.slack.script.append("closed")
    await bureau.send()
    assert (len(bureau.slack.all()), len(bureau.discord.all())) == (1, 3)
    with bureau.storage.transaction() as db:
        assert rows.settle_dead(db, bureau.clock(), send=False) == 1
        assert rows.count_by_notice(db, "unreached") == {}
