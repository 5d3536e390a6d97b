"""`chercher`: a form to find a clause by number or by word, for those who prefer buttons."""

from __future__ import annotations

from dataclasses import replace

from bot.commands import politique
from bot.dispatch import Request
from bot.messages import Form, Reply, TextField
from bot.policy.library import Library

_FORM = Form(
    command="chercher",
    title="Chercher dans la PA20",
    fields=(
        TextField(
            "mots",
            "Un numéro, un mot ou une question",
            hint="Exemples\u00a0: 5.10, logo, renseignements personnels",
            max_length=300,
        ),
    ),
    submit="Chercher",
)


def search(library: Library, request: Request) -> Reply:
    """Open the form, or show what was typed in it or after the command."""
    text = request.fields.get("mots", request.text)
    if not text.strip():
        return replace(_FORM, title=f"Chercher dans la {library.default.name}"[:24])
    return politique.show(library, replace(request, text=text))


def examples(library: Library) -> dict[str, Reply]:
    """Return one of each reply that this command can give, by name."""
    return {"Le formulaire de recherche": search(library, Request("chercher"))}
