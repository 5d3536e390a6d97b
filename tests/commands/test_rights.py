"""Who may do what: every request of the catalogue, from every place, as every kind of person.

The table is `tests/data/rights.txt`. The association that is asked has one person of each kind, reports
under way and a revision that is proposed; each request finds the database as the one before did.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

import pytest

from bot.conversation.dispatcher import Welcome
from bot.conversation.forms import Form, Reply
from bot.conversation.messages import Button, Message
from bot.conversation.requests import CONFIRMED, Received
from tests.kits.measures import Check, Figure
from tests.kits.revision_commands import TEXT
from tests.kits.rights import Association, Right, asked_by_everyone, association, begin, load_table

pytestmark = pytest.mark.attack("Qui peut faire quoi")

TABLE = load_table()
REVISED = TEXT.replace("nous vous invitons à vous abstenir", "nous vous demandons de vous abstenir")


@pytest.fixture(scope="module")
def _association(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Association]:
    with association(tmp_path_factory.mktemp("droits")) as it:
        yield it


@pytest.fixture
async def it(_association: Association) -> Association:
    """The association, as it was at first."""
    if not _association.names:
        await begin(_association)
    _association.put_back()
    return _association


@pytest.mark.parametrize("right", TABLE.rights, ids=str)
async def test_each_kind_of_person_is_served_or_refused_as_the_table_says(
    it: Association, right: Right, check: Check
) -> None:
    count, wrong = await asked_by_everyone(it, right)
    check(Figure("demandes", count))
    assert not wrong, "\n".join(wrong)


# --- The table itself -------------------------------------------------------------------------


def test_every_command_has_its_rows_and_no_other_has_any(it: Association) -> None:
    names = {command.name for command in it.desk.dispatcher.commands}
    assert {right.command for right in TABLE.rights} == names


def test_what_the_catalogue_reserves_the_table_reserves_to_the_same(it: Association) -> None:
    reserved = {command.name for command in it.desk.dispatcher.commands if command.refusal}
    for right in TABLE.rights:
        gates = {"administration", "recipients", "figures"}.intersection(right.gates)
        assert right.gates[0] == "everyone"
        assert len(gates) == 1 if right.command in reserved else right.command == "accueil" or not gates


def test_whatever_a_button_or_a_form_leads_to_has_a_row(replies: Mapping[str, Reply]) -> None:
    rows = {verb_of(right.line) for right in TABLE.rights}
    missing = {line for reply in replies.values() for line in leads_to(reply) if verb_of(line) not in rows}
    assert not missing


def leads_to(reply: Reply) -> set[str]:
    """Return the lines of an answer's buttons, or of its form."""
    if isinstance(reply, Form):
        return {reply.command}
    return {button.command for button in reply.buttons() if isinstance(button, Button)}


def verb_of(line: str) -> tuple[str, str]:
    """Return a line's command and its verb; « … » is an identifier, a number or a person's own words."""
    command, _, text = line.removesuffix(CONFIRMED).strip().partition(" ")
    first = text.removeprefix("pa20:").partition(" ")[0]
    return command, first if re.fullmatch("[a-z]*", first) else "…"


async def test_a_command_that_no_longer_refuses_is_seen(it: Association) -> None:
    [right] = [right for right in TABLE.rights if right.line == "pause maintenant"]
    dispatcher = it.desk.dispatcher
    command = dispatcher._by_name["pause"]
    dispatcher._by_name["pause"] = replace(command, refusal=None)
    try:
        _, wrong = await asked_by_everyone(it, right)
    finally:
        dispatcher._by_name["pause"] = command
    assert any(line.startswith("member, after_a_slash: not refused") for line in wrong)
    assert any(line.startswith("member, in_the_open: wrote in") for line in wrong)
    assert not any(line.startswith((*it.table.strangers, "administrator")) for line in wrong)


async def test_a_stranger_who_is_served_is_seen(it: Association, monkeypatch: pytest.MonkeyPatch) -> None:
    [right] = [right for right in TABLE.rights if right.line == "lier"]
    monkeypatch.setattr(it.desk.dispatcher, "welcome", Welcome())
    _, wrong = await asked_by_everyone(it, right)
    assert {line.partition(",")[0] for line in wrong} == it.table.strangers
    assert it.table.strangers == {"stranger", "discord_stranger"}


# --- Completion, and files --------------------------------------------------------------------


async def test_completion_offers_each_kind_of_person_what_they_may_do(it: Association, check: Check) -> None:
    dispatcher = it.desk.dispatcher
    rights = {right.command: right for right in reversed(TABLE.rights)}  # the first row of each
    completed = [command for command in dispatcher.commands if command.group and not command.slash]
    wrong, count = [], 0
    for kind in TABLE.gates["everyone"].passes:
        for command in completed:
            offered = await dispatcher.suggest("vigie", command.name, TABLE.people[kind])
            seen = command.name in {suggestion.text for suggestion in offered}
            refused = bool(command.refusal and TABLE.refusal(rights[command.name], kind))
            wrong += [f"{kind}, {command.name}: {offered}"] if seen is refused else []
            count += 1
    check(Figure("complétions", count))
    assert not wrong, "\n".join(wrong)
    assert not it.written()


async def test_a_file_is_taken_from_whom_the_table_lets_propose_a_revision(
    it: Association, check: Check
) -> None:
    [right] = [right for right in TABLE.rights if right.line == "revision"]
    wrong = []
    for kind, actor in TABLE.people.items():
        refusal = TABLE.refusal(right, kind)
        taken = await it.desk.dispatcher.takes_file(actor)
        reply = await it.desk.dispatcher.handle_file(Received("pa20.md", REVISED.encode()), actor)
        for line in leads_to(reply):
            if line.startswith("revision deposer") and line.endswith("pa20"):
                request = it.desk.dispatcher.from_command(line, actor=actor, pressed=True)
                reply = await it.desk.dispatcher.handle(request)
        text, written = "\n".join(reply_words(reply)), it.written()
        it.put_back()
        if taken is bool(refusal) or refusal not in text or bool(written) is bool(refusal):
            wrong.append(f"{kind}: {taken}, {text[:90]!r}, {written}")
    check(Figure("fichiers", len(TABLE.people)))
    assert not wrong, "\n".join(wrong)


def reply_words(reply: Reply) -> Iterator[str]:
    assert isinstance(reply, Message)
    return reply.own_words()
