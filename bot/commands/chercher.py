"""`chercher`: a form to search for a clause by number or by word, for people who prefer buttons."""

from dataclasses import replace

from bot.commands import politique
from bot.conversation.forms import FORM_TITLE_LENGTH, Form, Reply, TextField
from bot.conversation.requests import Request
from bot.policy.library import Library


def search(library: Library, request: Request) -> Reply:
    """Return the form, or the search results for the words in the form or the command."""
    text = request.fields.get("mots", request.text)
    if text.strip():
        return politique.show(library, replace(request, text=text))
    policy = library.default
    example = policy.example(library.current(policy))
    words = TextField("mots", "Un numéro ou des mots", hint=f"Exemples\u00a0: {example}, consentement")
    return Form("chercher", shortcut(library), (words,), submit="Chercher")


def shortcut(library: Library) -> str:
    """Return the label of the search, short enough for a menu and a window title."""
    label = f"Chercher dans la {library.default.name}"
    return label if len(label) <= FORM_TITLE_LENGTH else "Chercher la politique"
