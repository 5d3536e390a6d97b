"""The bot serves one association."""

from __future__ import annotations

import pytest

from bot.conversation.dispatcher import NOT_YOURS, Welcome
from bot.conversation.messages import Message
from bot.conversation.requests import Actor

TEAMS = {"slack": "T1", "discord": "900"}


@pytest.mark.parametrize(
    ("actor", "answer"),
    [
        (Actor("slack", "T1", "U1"), None),
        (Actor("slack", "T2", "U1"), NOT_YOURS),
        (Actor("slack", "", "U1"), NOT_YOURS),
        (Actor("discord", "900", "1"), None),
        (Actor("discord", "901", "1"), NOT_YOURS),
        (Actor("discord", "", "1"), NOT_YOURS),
        (Actor("local", "", "officier"), None),
        (None, None),
    ],
)
def test_only_the_associations_own_workspace_and_server_are_served(
    actor: Actor | None, answer: Message | None
) -> None:
    assert Welcome(TEAMS).refusal(actor) == answer


def test_without_a_setting_everyone_who_can_reach_it_is_served() -> None:
    assert Welcome().refusal(Actor("slack", "T2", "U1")) is None
