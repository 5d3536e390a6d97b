"""Limits are enforced when a message is built; nothing is cut, nothing invisible passes."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.conversation.forms import FORM_FIELDS, Form, Reply, TextField, opener
from bot.conversation.messages import (
    BUTTONS_PER_ROW,
    MESSAGE_COMPONENTS,
    MESSAGE_WEIGHT,
    Button,
    Buttons,
    Divider,
    Heading,
    Message,
    Quoter,
    Span,
    Text,
    TooLong,
    clean,
    excerpt,
    summary,
)


@pytest.mark.parametrize(
    "build",
    [
        Message,
        lambda: Message(Text("a" * (MESSAGE_WEIGHT + 1))),
        lambda: Message(Text("*" * (MESSAGE_WEIGHT // 2 + 1))),
        lambda: Message(*[Divider()] * (MESSAGE_COMPONENTS + 1)),
        Buttons,
        lambda: Buttons(*[Button("a", "b")] * (BUTTONS_PER_ROW + 1)),
        lambda: Button("a" * 76, "aide"),
        lambda: Button("", "aide"),
        lambda: Button("a", "a" * 97),
        lambda: Heading("a" * 151),
        lambda: Form("aide", "a" * 25, (TextField("a", "b"),)),
        lambda: Form("aide", "Titre", ()),
        lambda: Form("aide", "Titre", (TextField("a", "b"),) * (FORM_FIELDS + 1)),
        lambda: TextField("a", "b" * 46),
        lambda: TextField("a", "b", max_length=3_001),
        lambda: TextField("a", "b", value="xx", max_length=1),
    ],
)
def test_what_some_platform_would_refuse_cannot_be_built(build: Callable[[], object]) -> None:
    with pytest.raises(TooLong):
        build()


def test_two_buttons_of_a_message_cannot_stand_for_the_same_command() -> None:
    with pytest.raises(ValueError, match="same command"):
        Message(Buttons(Button("a", "aide"), Button("b", "aide")))


@given(st.text())
def test_a_span_never_holds_control_or_direction_characters(text: str) -> None:
    shown = Span(text).text
    assert clean(shown) == shown
    assert not {"\u202e", "\u200f", "\x00", "\x1b"} & set(shown)


def test_an_excerpt_is_cut_between_words_where_it_can_be() -> None:
    assert excerpt("Article 1 : Motifs et objectifs de la politique", 30) == "Article 1 : Motifs et…"
    assert excerpt("anticonstitutionnellement parlant", 20) == "anticonstitutionnel…"


@given(st.text(), st.integers(2, 200))
def test_an_excerpt_is_one_line_of_bounded_length(text: str, length: int) -> None:
    line = excerpt(text, length)
    assert len(line) <= length
    assert "\n" not in line


def test_every_reply_has_a_summary_for_notifications(replies: dict[str, Reply], quote: Quoter) -> None:
    for reply in replies.values():
        line = summary(opener(reply), quote)
        assert 0 < len(line) <= 150
