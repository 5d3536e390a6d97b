"""Whatever its habits, each part of a text can be asked for by its address, before and after a revision."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import pytest

from bot.commands import politique
from bot.conversation.forms import Form
from bot.conversation.messages import Message
from bot.conversation.requests import Request
from bot.policy import articles
from bot.policy.annotations import read_annotations
from bot.policy.articles import Version
from bot.policy.library import Library, Policy
from bot.policy.markdown import write_markdown
from bot.policy.provisions import Kind, Outline, Paragraph, Provision
from tests.conftest import TEST_DATA, TODAY

HABITS = tomllib.loads((TEST_DATA / "outlines.toml").read_text("utf-8"))["habit"]


def library_of(*versions: Version) -> Library:
    """Return a library of one policy, whose later versions replaced the earlier."""
    chain: list[Version] = []
    for version in versions:
        chain.append(replace(version, former=chain[-1] if chain else None))
    notes = read_annotations({}, chain[0], "essai")
    return Library({"essai": Policy("essai", tuple(chain), chain[0], notes)}, "essai", lambda: TODAY)


def parsed(text: str, year: int) -> Version:
    return articles.parse(text, policy="essai", adopted=date(year, 1, 1))


def swapped(version: Version) -> Version:
    """Return a version whose numbered parts each say what the one after said: every number has moved."""

    def turned(provisions: tuple[Provision, ...]) -> tuple[Provision, ...]:
        contents = [
            (each.title, each.paragraphs) for each in provisions if each.label and each.kind != Kind.ITEM
        ]
        following = iter([*contents[1:], *contents[:1]])
        return tuple(
            replace(each, title=content[0], paragraphs=content[1], children=turned(each.children))
            if each.label and each.kind != Kind.ITEM and (content := next(following))
            else replace(each, children=turned(each.children))
            for each in provisions
        )

    outline = Outline(version.outline.cover, turned(version.outline.provisions))
    return parsed(write_markdown(outline), 2025)


def with_lead(version: Version) -> Version:
    """Return a version whose articles each say something before their clauses."""

    def led(each: Provision) -> Provision:
        lead = () if each.paragraphs or not each.label else (Paragraph("Ce qui suit vaut pour chacun."),)
        return replace(each, paragraphs=each.paragraphs or lead, children=tuple(map(led, each.children)))

    provisions = tuple(map(led, version.outline.provisions))
    return parsed(write_markdown(Outline(version.outline.cover, provisions)), 2025)


def read_everything(library: Library) -> Iterator[str]:
    """Ask for every address, in private and in a channel, and yield the words that no answer may have."""
    policy = library.default
    for number in policy.versions[-1].numbers():
        for place in ("direct", "channel"):
            reply = politique.show(library, Request("politique", f"essai:{number}", place=place))
            assert isinstance(reply, Message | Form), number
            if isinstance(reply, Message) and not list(reply.quotes()) and policy.versions[-1].within(number):
                yield f"{number}: {' '.join(reply.own_words())[:80]}"


@pytest.mark.parametrize("habit", HABITS, ids=[habit["name"] for habit in HABITS])
def test_each_part_of_a_text_is_shown_by_its_address(habit: dict[str, str]) -> None:
    version = parsed(habit["text"], 2024)
    for library in (
        library_of(version),
        library_of(version, swapped(version)),
        library_of(version, with_lead(version)),
    ):
        assert not list(read_everything(library))
