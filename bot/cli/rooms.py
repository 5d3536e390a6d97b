"""The commands that `vigie servir` does not need. Their rooms are imported when one is run or all are listed.

The installer, for instance, imports the libraries of both platforms.
"""

# ruff: noqa: PLC0415 — the functions of this module exist to delay imports

from collections.abc import Sequence
from typing import Final

import click

from bot.cli import base


def _installer() -> Sequence[click.Command]:
    from bot.cli.installer import command

    return command.COMMANDS


def _completion() -> Sequence[click.Command]:
    from bot.cli import completion

    return completion.COMMANDS


def _operations() -> Sequence[click.Command]:
    from bot.cli import operations

    return operations.COMMANDS


def _diagnostic() -> Sequence[click.Command]:
    from bot.cli import diagnostic

    return diagnostic.COMMANDS


def _succession() -> Sequence[click.Command]:
    from bot.cli import succession

    return succession.COMMANDS


def _registry() -> Sequence[click.Command]:
    from bot.cli import registry

    return registry.COMMANDS


def _quiz() -> Sequence[click.Command]:
    from bot.cli import quiz

    return quiz.COMMANDS


def _questions() -> Sequence[click.Command]:
    from bot.cli import questions

    return questions.COMMANDS


def _assistants() -> Sequence[click.Command]:
    from bot.cli import assistants

    return assistants.COMMANDS


def _posts() -> Sequence[click.Command]:
    from bot.cli import posts

    return posts.COMMANDS


def _reports() -> Sequence[click.Command]:
    from bot.cli import reports

    return reports.COMMANDS


def _permissions() -> Sequence[click.Command]:
    from bot.cli import permissions

    return permissions.COMMANDS


def _dashboard() -> Sequence[click.Command]:
    from bot.cli import dashboard

    return dashboard.COMMANDS


def _register() -> Sequence[click.Command]:
    from bot.cli import register

    return register.COMMANDS


def _revisions() -> Sequence[click.Command]:
    from bot.cli import revisions

    return revisions.COMMANDS


def _drafting() -> Sequence[click.Command]:
    from bot.cli import drafting

    return drafting.COMMANDS


def _importing() -> Sequence[click.Command]:
    from bot.cli import importing

    return importing.COMMANDS


def _publishing() -> Sequence[click.Command]:
    from bot.cli import publishing

    return publishing.COMMANDS


# The names of the commands that each function imports.
ROOMS: Final[base.Rooms] = {
    _installer: ("installer",),
    _completion: ("completion",),
    _operations: ("sauvegarder", "restaurer", "cles", "retenus", "lettres", "pause", "reprendre"),
    _diagnostic: ("diagnostic",),
    _succession: ("passation",),
    _registry: ("roles", "donnees", "confidentialite"),
    _quiz: ("quiz", "accueil"),
    _questions: ("question", "evaluer", "apprendre"),
    _posts: ("verifier",),
    _assistants: ("mcp",),
    _reports: ("adresse", "signalements"),
    _permissions: ("demandes",),
    _dashboard: ("tableau",),
    _register: ("registre",),
    _revisions: ("reviser", "revisions"),
    _drafting: ("commencer", "abandonner"),
    _importing: ("importer",),
    _publishing: ("publier",),
}
