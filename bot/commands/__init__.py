"""The catalogue: every command on one screen."""

from __future__ import annotations

from functools import partial

from bot.commands import aide, chercher, partager, politique, vigie
from bot.dispatch import Command
from bot.messages import Reply
from bot.policy.library import Library


def catalogue(library: Library) -> tuple[Command, ...]:
    """Return every command; the first is the one that free text goes to."""
    example = str(library.default.example(library.current(library.default)))
    commands: tuple[Command, ...] = (
        Command(
            name="politique",
            instant=True,
            summary="Lire la politique par numéro ou par mot. Sans rien de plus, la table des matières.",
            usage="[numéro ou mot]",
            examples=(example, f"article {example.partition('.')[0]}", "consentement"),
            run=partial(politique.show, library),
            suggest=partial(politique.suggest, library),
            slash=True,
            shortcut=chercher.shortcut(library),
        ),
        Command(
            name="vigie",
            instant=True,
            summary="Voir ce qu'on peut faire ici, en quelques boutons.",
            run=partial(vigie.menu, library),
            slash=True,
        ),
        Command(
            name="chercher",
            instant=True,
            summary="Chercher dans la politique avec un formulaire.",
            run=partial(chercher.search, library),
            opens_form=True,
        ),
        Command(
            name="partager",
            instant=True,
            summary="Montrer une clause à tout le canal.",
            usage="numéro",
            examples=(example,),
            run=partial(partager.share, library),
            suggest=partial(politique.suggest, library),
        ),
        Command(
            name="aide",
            instant=True,
            summary="Relire ces explications.",
            run=partial(aide.explain, lambda: commands),
        ),
    )
    return commands


def examples(library: Library) -> dict[str, Reply]:
    """Return an example of every reply that the commands can give, by name."""
    return {
        **vigie.examples(library),
        **politique.examples(library),
        **partager.examples(library),
        **chercher.examples(library),
        **aide.examples(lambda: catalogue(library)),
    }
