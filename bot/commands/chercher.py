"""`chercher`: a form to ask a question, for people who prefer buttons."""

from dataclasses import replace
from typing import Final

from bot.commands import politique, question
from bot.commands.question import Answering
from bot.conversation.forms import Form, Reply, TextField
from bot.conversation.requests import Request, Slow
from bot.policy.library import Library

_QUESTION: Final = "mots"


def begin(library: Library, request: Request) -> Reply | None:
    """Return the form if there is no text, or the clauses that the text names. Return None for a question."""
    lookup = _asked(request)
    return politique.look_up(library, lookup) if lookup.text.strip() else form(library)


def form(library: Library) -> Form:
    """Return the form to ask a question, with examples of questions."""
    policy = library.default
    example = policy.example(library.current(policy))
    field = TextField(
        _QUESTION,
        "Votre question, un mot ou un numéro",
        hint=f"Exemples\u00a0: Qui doit lire cette politique? · consentement · {example}",
    )
    return Form("chercher", "Poser une question", (field,), submit="Demander")


def ask(answering: Answering, request: Request) -> Slow:
    """Answer the question typed in the form or after the command."""
    return question.answer(answering, _asked(request))


def _asked(request: Request) -> Request:
    return replace(request, text=request.fields.get(_QUESTION, request.text))
