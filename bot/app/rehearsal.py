"""A simulation of private conversations, without a running bot: nothing is sent, stored or learnt."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import count
from typing import TypeAlias

from bot.answers.questions import PolicyAnswer
from bot.app.build import Bot, Parts
from bot.commands import politique, question
from bot.commands.question import Decision
from bot.conversation.requests import Actor
from bot.policy.library import Policy
from bot.storage.database import Storage

Conversation: TypeAlias = Callable[[str], Decision]


@contextmanager
def rehearsing(parts: Parts, policy: Policy | None) -> Iterator[Callable[[], Conversation]]:
    """Yield a function that begins a conversation, as a member who holds no role.

    `policy`: the policy that every question is about, None for all the policies.

    A conversation is a function that takes the next message and returns the bot's decision, which may depend
    on the earlier messages. It raises `UserError` for a message that the chat would refuse.
    """
    storage = Storage()  # in memory, and discarded
    try:
        bot = Bot(parts.settings, storage, parts.clock)
        bot.library, bot.guidance, bot.shelf, bot.intents, bot.folders = (
            parts.library, parts.guidance, parts.shelf, parts.intents, parts.folders,
        )  # fmt: skip
        members = (Actor("local", "", f"membre {number}") for number in count())
        named = f"{policy.id}: " if policy and len(parts.library.policies) > 1 else ""

        def begin() -> Conversation:
            member = next(members)

            def decide(text: str) -> Decision:
                request = bot.dispatcher.from_text(text, actor=member)
                if request.command in {"politique", "question"}:
                    return question.decide(bot.answering, replace(request, text=named + request.text))
                reading, _ = politique.open_reading(bot.library, named)
                intent = parts.intents.find(text) or parts.intents.meant_by(request.command)
                return Decision(reading, text, PolicyAnswer("help", intent=intent.name))

            return decide

        yield begin
    finally:
        storage.close()
