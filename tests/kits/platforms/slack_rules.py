"""What the real Slack refuses and a stand-in for it would let pass: missing scopes, triggers and addresses.

Scopes: each method's page at docs.slack.dev/reference/methods. A trigger opens one window, within three
seconds (docs.slack.dev/surfaces/modals); an address to answer at takes five answers, within half an hour
(docs.slack.dev/interactivity/handling-user-interaction).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from bot.platforms.slack.manifest import BOT_SCOPES

Json = dict[str, Any]

TRIGGER_SECONDS, ADDRESS_SECONDS, ADDRESS_USES = 3, 30 * 60, 5
OPENING: Final = frozenset({"views.open", "views.push"})
# What each method needs, whatever it is called with; "" for nothing.
_SCOPES: Mapping[str, str] = {
    "api.test": "",
    "assistant.threads.setSuggestedPrompts": "assistant:write",
    "apps.connections.open": "",  # its token is another one
    "auth.test": "",
    "chat.postEphemeral": "chat:write",
    "chat.postMessage": "chat:write",
    "conversations.open": "im:write",
    "files.completeUploadExternal": "files:write",
    "files.getUploadURLExternal": "files:write",
    "usergroups.users.list": "usergroups:read",
    "views.open": "",
    "views.publish": "",
    "views.push": "",
    "views.update": "",
}
# What those that read one conversation need, by its kind.
_READING: Mapping[str, str] = {
    "conversations.history": "history",
    "conversations.replies": "history",
    "conversations.info": "read",
    "conversations.members": "read",
}


def scope(method: str, channel: str, private: Collection[str] = ()) -> str:
    """Return the scope that a call needs, "" for none. `private`: the private channels."""
    if method not in _READING:
        return _SCOPES[method]
    group = channel.startswith("G") or channel in private
    kind = "im" if channel.startswith("D") else "groups" if group else "channels"
    return f"{kind}:{_READING[method]}"


@dataclass
class SlackRules:
    """The rules, over a clock that tests alone put forward. `granted`: the application's scopes.

    `late`: how many seconds the next call of a method, or the next answer to an address, takes to arrive.
    """

    granted: set[str] = field(default_factory=lambda: set(BOT_SCOPES))
    private: Collection[str] = ()
    late: dict[str, float] = field(default_factory=dict)
    triggers: dict[str, float] = field(default_factory=dict)  # when each was given
    addresses: dict[str, list[float]] = field(default_factory=dict)  # when it was given, then each use
    _exchanged: set[str] = field(default_factory=set)
    _now: float = 0.0

    def pass_time(self, seconds: float) -> None:
        """Put the clock forward."""
        self._now += seconds

    def give(self, payload: Mapping[str, Any]) -> None:
        """Note what the bot is given with a command, a press or a form's answers."""
        if trigger := payload.get("trigger_id"):
            self.triggers.setdefault(trigger, self._now)
        if address := payload.get("response_url"):
            self.addresses.setdefault(address, [self._now])

    def refusal(self, method: str, body: Mapping[str, Any]) -> Json | None:
        """Return what Slack refuses a call with, None if it takes it. `body`: all its arguments."""
        self.pass_time(self.late.pop(method, 0))
        needed = scope(method, str(body.get("channel", "")), self.private)
        if needed and needed not in self.granted:
            provided = ",".join(sorted(self.granted))
            return {"ok": False, "error": "missing_scope", "needed": needed, "provided": provided}
        if method not in OPENING:
            return None
        trigger = body.get("trigger_id", "")
        if trigger not in self.triggers:
            return {"ok": False, "error": "invalid_trigger_id"}
        if self._now - self.triggers[trigger] > TRIGGER_SECONDS:
            return {"ok": False, "error": "expired_trigger_id"}
        if trigger in self._exchanged:
            return {"ok": False, "error": "exchanged_trigger_id"}
        self._exchanged.add(trigger)
        return None

    def address_refusal(self, address: str) -> str:
        """Return what an address to answer at refuses an answer with, "" if it takes it."""
        self.pass_time(self.late.pop("response_url", 0))
        given, *uses = self.addresses[address]
        if self._now - given > ADDRESS_SECONDS:
            return "expired_url"
        if len(uses) >= ADDRESS_USES:
            return "used_url"
        self.addresses[address].append(self._now)
        return ""
