"""The people of Slack, and a payload as Slack sends it for each of them.

Payloads: docs.slack.dev/reference/interaction-payloads and docs.slack.dev/apis/slack-connect, and what
bolt-python's own tests recorded (tests/slack_bolt/request/test_internals.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]

OWN, OTHER = "T1", "T0OTHER"
OWN_ORG, OTHER_ORG = "E1", "E0OTHER"


@dataclass(frozen=True)
class SlackPerson:
    """Someone, by what Slack says of them.

    `team`: what Slack gives as their team, a workspace or an organisation, "" if it gives none.
    `organisation`: that of the application's workspace. `whole`: the application is installed on all of it.
    `shared`: they come through a channel shared with another company. `profile`: more of their profile.
    """

    user: str
    team: str
    organisation: str = ""
    whole: bool = False
    shared: bool = False
    profile: Mapping[str, bool] = field(default_factory=dict)

    def interaction(self, payload: Json) -> Json:
        """Return a press, a form's answers or a shortcut of this person's."""
        user = {"id": self.user, **({"team_id": self.team} if self.team else {})}
        org = {"id": self.organisation, "name": "Campus"} if self.organisation else None
        where = {**payload["team"], **({"enterprise_id": self.organisation} if org else {})}
        return payload | {
            "user": user,
            "team": None if self.whole else where,
            "enterprise": org,
            "is_enterprise_install": self.whole,
        }

    def slash(self, payload: Mapping[str, str]) -> dict[str, str]:
        """Return a slash command of this person's, which names the workspace where they typed it."""
        inside = payload["team_id"] if self.team == self.organisation else OTHER
        team = self.team if self.team.startswith("T") else inside
        org = {"enterprise_id": self.organisation} if self.organisation else {}
        return {**payload, **org, "team_id": team, "user_id": self.user}

    def event(self, payload: Json) -> Json:
        """Return an event of this person's."""
        event, stated = payload["event"] | {"user": self.user}, {}
        if event["type"] == "app_mention" and self.team:
            profile = {"team": self.team, **self.profile}
            stated = {"user_team": self.team, "source_team": self.team, "user_profile": profile}
        elif event["type"] in {"message", "member_joined_channel"} and self.team:
            stated = {"team": self.team}
        authorization = {
            "enterprise_id": self.organisation or None,
            "team_id": None if self.whole else payload["team_id"],
            "user_id": "U0BOT",
            "is_bot": True,
            "is_enterprise_install": self.whole,
        }
        # The application's own page is in no channel: its event says only from where it was opened.
        at_home = event["type"] == "app_home_opened"
        elsewhere = at_home and self.team not in {OWN, self.organisation}
        return (
            payload
            | {"event": event | stated, "authorizations": [authorization]}
            | {"is_ext_shared_channel": self.shared and not at_home}
            | ({"enterprise_id": self.organisation} if self.organisation else {})
            | ({"team_id": self.team} if elsewhere else {})
        )


MEMBERS: Mapping[str, SlackPerson] = {
    "member": SlackPerson("U1", OWN),
    "member in a shared channel": SlackPerson("U1", OWN, shared=True),
    "multi-channel guest": SlackPerson("U5", OWN, profile={"is_restricted": True}),
    "single-channel guest": SlackPerson(
        "U6", OWN, profile={"is_restricted": True, "is_ultra_restricted": True}
    ),
    "member of an organisation": SlackPerson("W7", OWN, OWN_ORG),
    "member known by the organisation": SlackPerson("W7", OWN_ORG, OWN_ORG),
    "the same in a shared channel": SlackPerson("W7", OWN_ORG, OWN_ORG, shared=True),
    "organisation's application": SlackPerson("W7", OWN_ORG, OWN_ORG, whole=True),
    "organisation's application, by workspace": SlackPerson("W7", OWN, OWN_ORG, whole=True),
}
STRANGERS: Mapping[str, SlackPerson] = {
    "another company": SlackPerson("U0EXT", OTHER, shared=True),
    "another company's organisation": SlackPerson("W0EXT", OTHER_ORG, shared=True),
    "another company, for an organisation": SlackPerson("U0EXT", OTHER, OWN_ORG, shared=True),
    "another organisation, for an organisation": SlackPerson("W0EXT", OTHER_ORG, OWN_ORG, shared=True),
    "another workspace of the organisation": SlackPerson("W8", OTHER, OWN_ORG),
    "another company, for an organisation's application": SlackPerson(
        "U0EXT", OTHER, OWN_ORG, whole=True, shared=True
    ),
}
