"""A form that is refused: its window shows why, or a button opens it again as it was filled in."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest

from bot.conversation.deferred import Deferred
from bot.conversation.dispatcher import TYPED, TYPED_FORMS, Dispatcher, Welcome, typed_forms
from bot.conversation.forms import FIELD_TEXT_LENGTH, ChoiceField, DateField, Form, Option, Reply, TextField
from bot.conversation.messages import Button, Message, Text
from bot.conversation.requests import Actor, Answer, Command, FieldsError, Request, UserError
from tests.kits.fake_clock import FakeClock

ALEX, LEA = Actor("discord", "900", "1"), Actor("discord", "900", "2")
FORM = Form(
    "nommer x",
    "Nommer",
    (
        TextField("nom", "Le nom"),
        DateField("depuis", "Depuis"),
        ChoiceField("ou", "Où", (Option("Ici", "ici"), Option("Là", "la"))),
    ),
)
ANSWERS = {"nom": "Sacha", "depuis": "bientôt", "ou": "la"}


@dataclass
class Desk:
    """A command that opens a form and raises `refusal` for its answers. `alias`: of an anonymous person."""

    executor: ThreadPoolExecutor
    clock: FakeClock
    refusal: Exception | None = field(default_factory=lambda: FieldsError({"depuis": "Pas une date."}))
    closed: str = ""
    anonymous: bool = False
    slow: bool = False
    seen: list[Request] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.dispatcher = self.start()

    def start(self) -> Dispatcher:
        """Return the dispatcher of a program that has just started."""
        command = Command(
            "nommer", "Nommer", self.run, opens_form=True, fleeting=self.anonymous, alone=self.anonymous,
            anonymous=self.anonymous, refusal=None if self.anonymous else lambda _: self.closed,
        )  # fmt: skip
        commands = [Command("lire", "Lire", lambda _: Message(Text("lu"))), command]
        menu = Command("vigie", "Menu", lambda _: Message(Text("menu")))
        welcome = Welcome(alias=lambda actor: actor.user.encode())
        return Dispatcher([*commands, menu], self.executor, welcome=welcome, typed=typed_forms(self.clock))

    def run(self, request: Request) -> Answer:
        self.seen.append(request)
        if not request.fields:
            return FORM
        if self.slow:
            return Deferred(self.decide)
        return self.decide()

    def decide(self) -> Message:
        if self.refusal:
            raise self.refusal
        return Message(Text("Nommé"))

    async def submit(self, answers: dict[str, str] | None = None, actor: Actor = ALEX) -> Message:
        request = self.dispatcher.from_command("nommer x", actor=actor, fields=answers or ANSWERS)
        reply = await self.dispatcher.handle(self.dispatcher.admit(request).request)
        assert isinstance(reply, Message)
        return reply

    async def press(self, reply: Message, actor: Actor = ALEX, *, pressed: bool = True) -> Reply:
        [button] = [button for button in reply.buttons() if isinstance(button, Button)]
        request = self.dispatcher.from_command(button.command, actor=actor, pressed=pressed)
        return await self.dispatcher.handle(self.dispatcher.admit(request).request)


@pytest.fixture
def desk() -> Iterator[Desk]:
    with ThreadPoolExecutor(1, "storage") as executor:
        yield Desk(executor, FakeClock("2026-11-24T15:00:00Z"))


def values(form: Reply) -> dict[str, str]:
    assert isinstance(form, Form)
    return {one.name: one.value for one in form.fields}


def words(reply: Message) -> str:
    return "\n".join(reply.own_words())


async def test_the_fault_is_named_and_the_form_opens_again_as_it_was_filled_in(desk: Desk) -> None:
    refused = await desk.submit()
    assert refused.problems == {"depuis": "Pas une date."}
    assert words(refused).startswith("Depuis\u00a0: Pas une date.")
    assert values(await desk.press(refused)) == ANSWERS


async def test_a_refusal_that_names_no_field_is_shown_on_the_first(desk: Desk) -> None:
    desk.refusal = UserError("Ce nom est pris.")
    refused = await desk.submit()
    assert refused.problems == {"nom": "Ce nom est pris."}
    assert words(refused).startswith("Ce nom est pris.")


@pytest.mark.parametrize("slow", [False, True])
async def test_a_failure_loses_nothing_of_what_was_typed(desk: Desk, *, slow: bool) -> None:
    desk.slow, desk.refusal = slow, RuntimeError("Sacha")
    refused = await desk.submit()
    assert "quelque chose s'est brisé" in refused.problems["nom"]
    assert [button.label for button in refused.buttons()] == ["Réessayer"]
    assert values(await desk.press(refused)) == ANSWERS


async def test_what_was_typed_waits_for_ten_minutes_and_no_more(desk: Desk) -> None:
    refused = await desk.submit()
    desk.clock.move(minutes=9)
    assert values(await desk.press(refused)) == ANSWERS
    assert values(await desk.press(refused)) == ANSWERS, "a window may be closed by mistake"
    desk.clock.move(minutes=1)
    again = await desk.press(refused)
    assert set(values(again).values()) == {""}
    assert isinstance(again, Form)
    assert "n'est plus là" in again.introduction
    assert timedelta(minutes=10) == TYPED


async def test_after_a_restart_the_form_opens_and_says_that_it_forgot(desk: Desk) -> None:
    refused = await desk.submit()
    desk.dispatcher = desk.start()
    again = await desk.press(refused)
    assert set(values(again).values()) == {""}
    assert isinstance(again, Form)
    assert "redémarré" in again.introduction


async def test_nobody_else_sees_what_was_typed(desk: Desk) -> None:
    refused = await desk.submit()
    assert set(values(await desk.press(refused, LEA)).values()) == {""}
    typed = await desk.press(refused, pressed=False)
    assert set(values(typed).values()) == {""}, "the button alone opens it as it was"


async def test_only_the_latest_refused_form_of_each_is_kept_and_until_it_is_accepted(desk: Desk) -> None:
    first = await desk.submit()
    second = await desk.submit({**ANSWERS, "nom": "Camille"})
    assert values(await desk.press(first))["nom"] == ""
    assert values(await desk.press(second))["nom"] == "Camille"
    desk.refusal = None
    assert words(await desk.submit()) == "Nommé"
    assert values(await desk.press(second))["nom"] == ""


async def test_what_is_kept_is_bounded(desk: Desk) -> None:
    refused = await desk.submit({"nom": "x" * 50_000, "intrus": "y" * 50_000, "ou": "ailleurs"})
    assert len(values(await desk.press(refused))["nom"]) <= 300
    assert values(await desk.press(refused))["ou"] == "", "an option that is not offered"
    [entry_left] = [entry for _, entry, _ in desk.dispatcher.typed._entries.values()]
    assert {name: len(text) for name, text in entry_left[1].items()} == {"nom": FIELD_TEXT_LENGTH, "ou": 8}
    for number in range(TYPED_FORMS):
        await desk.submit(actor=replace(ALEX, user=f"u{number}"))
    assert len(desk.dispatcher.typed._entries) == TYPED_FORMS
    assert values(await desk.press(refused))["nom"] == ""


async def test_a_form_that_no_longer_opens_for_someone_is_refused_without_a_button(desk: Desk) -> None:
    desk.closed = "C'est réservé."
    refused = await desk.submit()
    assert words(refused) == "C'est réservé."
    assert (refused.problems, list(refused.buttons())) == ({}, [])


async def test_a_window_that_stays_open_holds_what_was_typed_and_we_do_not(desk: Desk) -> None:
    refused = await desk.submit()
    desk.dispatcher.forget_typed(Request("nommer", "x", ALEX))
    assert set(values(await desk.press(refused)).values()) == {""}


async def test_what_a_command_cleans_is_what_is_kept(desk: Desk) -> None:
    desk.refusal = FieldsError({"depuis": "Pas une date."}, {"nom": "S."})
    assert values(await desk.press(await desk.submit())) == {"nom": "S.", "depuis": "", "ou": ""}


async def test_an_anonymous_form_is_kept_under_an_alias_and_never_under_a_person() -> None:
    with ThreadPoolExecutor(1, "storage") as executor:
        cleaned = FieldsError({"depuis": "Pas une date."}, ANSWERS)
        desk = Desk(executor, FakeClock("2026-11-24T15:00:00Z"), cleaned, anonymous=True)
        refused = await desk.submit()
        assert [*desk.dispatcher.typed._entries] == [b"1"]
        assert values(await desk.press(refused)) == ANSWERS
        assert {one.actor for one in desk.seen} == {None}


@pytest.mark.parametrize("refusal", [UserError("Réessayez plus tard."), OSError("le disque")])
async def test_of_an_anonymous_form_nothing_is_kept_that_was_not_cleaned(refusal: Exception) -> None:
    with ThreadPoolExecutor(1, "storage") as executor:
        desk = Desk(executor, FakeClock("2026-11-24T15:00:00Z"), refusal, anonymous=True)
        refused = await desk.submit()
        assert [*desk.dispatcher.typed._entries] == []
        assert list(refused.problems) == ["nom"], "where windows stay open, this one does"


async def test_a_newcomer_is_greeted_after_the_form_and_not_in_its_window(desk: Desk) -> None:
    welcome = replace(desk.dispatcher.welcome, notice=lambda _: (Text("L'avis"),))
    desk.dispatcher = Dispatcher(desk.dispatcher.commands, desk.executor, welcome=welcome)
    refused = await desk.submit()
    assert refused.problems == {"depuis": "Pas une date."}
    assert "L'avis" not in words(refused)
    desk.refusal = None
    assert "L'avis" in words(await desk.submit())


async def test_a_refusal_outside_of_a_form_stays_a_message(desk: Desk) -> None:
    command = Command("non", "Non", lambda _: (_ for _ in ()).throw(UserError("Non.")))
    dispatcher = Dispatcher([command, Command("vigie", "Menu", lambda _: Message(Text("m")))], desk.executor)
    reply = await dispatcher.handle(Request("non", "", ALEX))
    assert reply == Message(Text("Non."))
