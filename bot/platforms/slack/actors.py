"""Identification, from any Slack payload, of the person who makes a request.

In a channel shared with another company (Slack Connect), a payload also names the application's workspace and
the channel's. Only the person's own workspace decides whether they are served.
Fields: docs.slack.dev/reference/interaction-payloads and docs.slack.dev/apis/slack-connect.
"""

from typing import Any, TypeAlias

from bot.conversation.requests import Actor

Json: TypeAlias = dict[str, Any]


def actor_of(body: Json, app_team: str) -> Actor:
    """Return the person who caused a command, an interaction or an event.

    `app_team`: the application's workspace. On Enterprise Grid, Slack may send a person's organisation in
    place of their workspace. The application's organisation then counts as `app_team`, so that each
    person always has the same team. The team is "" if an event from a shared channel does not name the
    person's workspace.
    """
    event = body.get("event") or {}
    person = body.get("user")
    user = person if isinstance(person, dict) else {"id": body.get("user_id")}
    profile = event.get("user_profile") or {}
    stated = (user.get("team_id"), event.get("user_team"), event.get("source_team"), profile.get("team"))
    team = next(filter(None, stated), "")
    if not team and event.get("type") != "app_mention":  # in a mention, `team` is the application's workspace
        team = event.get("team") or ""
    if not team and not body.get("is_ext_shared_channel"):
        team = (body.get("team") or {}).get("id") or body.get("team_id") or ""
    if team in _organisations(body, app_team):
        team = app_team
    return Actor("slack", team, event.get("user") or user.get("id") or "")


def name_of(body: Json) -> str:
    """Return the name of the person who pressed a button, "" when it is unknown.

    Slack sends a handle: only one like « alex.tremblay » looks like a name.
    """
    handle = str((body.get("user") or {}).get("name") or "")
    parts = handle.split(".")
    return " ".join(part.title() for part in parts) if len(parts) > 1 and all(map(str.isalpha, parts)) else ""


def _organisations(body: Json, app_team: str) -> set[str]:
    """Return the organisation of the application's workspace, if the payload contains it."""
    team = body.get("team") or {}
    authorizations = body.get("authorizations") or ()
    pairs = [(team.get("id"), team.get("enterprise_id"))]
    pairs += [(body.get(f"{side}team_id"), body.get(f"{side}enterprise_id")) for side in ("", "context_")]
    if body.get("is_enterprise_install") in {True, "true"}:  # `enterprise` installed it
        pairs += [(app_team, body.get("enterprise_id")), (app_team, (body.get("enterprise") or {}).get("id"))]
    pairs += [(app_team, authorization.get("enterprise_id")) for authorization in authorizations]
    return {organisation for workspace, organisation in pairs if workspace == app_team and organisation}
