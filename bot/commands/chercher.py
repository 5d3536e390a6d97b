"""`chercher`: a form to find a clause by number or by word, for those who prefer buttons."""

from __future__ import annotations

from dataclasses import replace

from bot.commands import politique
from bot.conversation.forms import FORM_TITLE_LENGTH, Form, Reply, TextField
from bot.conversation.requests import Request
from bot.policy.library import Library


def search(library: Library, request: Request) -> Reply:
    """Open the form, or show what was typed in it or after the command."""
    text = request.fields.get("mots", request.text)
    if not text.strip():
        return _form(library)
    return politique.show(library, replace(request, text=text))


def _form(library: Library) -> Form:
    policy = library.default
    example = policy.example(library.current(policy))
    words = TextField("mots", "Un numéro ou des mots", hint=f"Exemples\u00a0: {example}, consentement")
    return Form("chercher", shortcut(library), (words,), submit="Chercher")


def shortcut(library: Library) -> str:
    """Return what one chooses to search the policy, short enough for a menu and for a window."""
    label = f"Chercher dans la {library.default.name}"
    return label if len(label) <= FORM_TITLE_LENGTH else "Chercher la politique"
