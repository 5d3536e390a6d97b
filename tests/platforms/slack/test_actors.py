"""Whose request it is, from payloads that Slack was seen to send.

By bolt-python (tests/slack_bolt/request/test_internals.py) and slackapi/java-slack-sdk#1041.
"""

from __future__ import annotations

from typing import Any

import pytest

from bot.conversation.requests import Actor
from bot.platforms.slack.actors import actor_of, name_of

Json = dict[str, Any]

OURS = {"enterprise_id": None, "team_id": "T03E94MJU", "is_bot": True, "is_enterprise_install": False}
SHARED = {"type": "event_callback", "is_ext_shared_channel": True, "authorizations": [OURS]}
THEIRS = {"team_id": "T014GJXU940", "enterprise_id": "E013Y3SHLAY"}


def mention(**who: object) -> Json:
    return {"type": "app_mention", "channel": "C04T3ACM40K", **who}


@pytest.mark.parametrize(
    ("body", "team"),
    [
        # Ours, in a channel that lives in the other company's workspace.
        (
            SHARED
            | THEIRS
            | {
                "event": mention(
                    user="U1", team="T014GJXU940", user_team="T03E94MJU", source_team="T03E94MJU"
                )
            },
            "T03E94MJU",
        ),
        (
            SHARED
            | {"team_id": "T03E94MJU", "context_team_id": "T014GJXU940"}
            | {"event": {"type": "message", "user": "U1", "team": "T03E94MJU"}},
            "T03E94MJU",
        ),
        # Theirs, whose organisation is all that a mention tells.
        (
            SHARED
            | {"team_id": "T03E94MJU"}
            | {"event": mention(user="W1", team="T03E94MJU", user_team="E013Y3SHLAY")},
            "E013Y3SHLAY",
        ),
        (
            SHARED | THEIRS | {"event": {"type": "message", "user": "W1", "team": "T014GJXU940"}},
            "T014GJXU940",
        ),
        (
            SHARED | THEIRS | {"event": mention(user="W1", user_profile={"team": "E013Y3SHLAY"})},
            "E013Y3SHLAY",
        ),
        # Nothing tells.
        (SHARED | {"team_id": "T03E94MJU", "event": {"type": "file_shared", "user_id": "U1"}}, ""),
        # Interactions of a channel of ours, then of one of theirs.
        ({"team": {"id": "T03E94MJU"}, "user": {"id": "U1", "team_id": "T014GJXU940"}}, "T014GJXU940"),
        (
            {
                "team": {"id": "T014GJXU940", "enterprise_id": "E013Y3SHLAY"},
                "user": {"id": "W1", "team_id": "E013Y3SHLAY"},
                "view": {"team_id": "T014GJXU940", "app_installed_team_id": "T03E94MJU"},
            },
            "E013Y3SHLAY",
        ),
        ({"team": {"id": "T014GJXU940"}, "user": {"id": "U1", "team_id": "T03E94MJU"}}, "T03E94MJU"),
        # A shortcut that does not say whose person it is, then a slash command.
        ({"team": {"id": "T03E94MJU"}, "user": {"id": "U1", "name": "un"}}, "T03E94MJU"),
        ({"command": "/vigie", "team_id": "T03E94MJU", "user_id": "U1"}, "T03E94MJU"),
    ],
)
def test_the_team_is_the_persons_own(body: Json, team: str) -> None:
    assert actor_of(body, "T03E94MJU").team == team


@pytest.mark.parametrize(
    "body",
    [
        {
            "team": {"id": "T1", "enterprise_id": "E1"},
            "user": {"id": "W1", "team_id": "E1"},
            "enterprise": {"id": "E1"},
            "is_enterprise_install": False,
        },
        {
            "team": None,
            "user": {"id": "W1", "team_id": "E1"},
            "enterprise": {"id": "E1"},
            "is_enterprise_install": True,
        },
        {
            "command": "/vigie",
            "team_id": "E1",
            "enterprise_id": "E1",
            "user_id": "W1",
            "is_enterprise_install": "true",
        },
        {
            "authorizations": [{"enterprise_id": "E1", "team_id": None, "is_enterprise_install": True}],
            "event": mention(user="W1", team="E1", user_team="E1"),
        },
        {
            "team_id": "T1",
            "enterprise_id": "E1",
            "event": {"type": "message", "user": "W1", "team": "E1"},
        },
    ],
)
def test_a_person_of_an_organisation_is_the_same_in_every_payload(body: Json) -> None:
    assert actor_of(body, "T1") == Actor("slack", "T1", "W1")


@pytest.mark.parametrize(
    ("handle", "name"),
    [("alex.tremblay", "Alex Tremblay"), ("atremblay2", ""), ("alex.", ""), ("", ""), (None, "")],
)
def test_a_handle_that_looks_like_a_name_is_the_name_to_fill_in(handle: str | None, name: str) -> None:
    assert name_of({"user": {"id": "U1", "name": handle}}) == name
