"""The command `vigie installer`.

The code that it needs is imported when it runs, since the platforms' libraries are heavy.
"""

import sys
from typing import Final

import click

from bot.cli import base


@click.command(
    help="Installer Vigie, une question à la fois\u00a0: chaque réponse est vérifiée, puis gardée. On peut "
    "s'arrêter, reprendre et recommencer sans rien perdre.",
    short_help="Installer Vigie, une question à la fois.",
)
@click.option(
    "--service",
    default="",
    metavar="NOM",
    help="Le service systemd qui lancera Vigie\u00a0: vigie-systeme le donne.",
)
def installer(service: str) -> None:
    """Ask the questions of an installation. Exit with code 1 when something remains to do."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        base.refuse(
            "cette commande pose des questions\u00a0: lancez-la vous-même dans un terminal (à "
            "distance\u00a0: ssh -t). Sans terminal, écrivez les réglages dans "
            f"{base.settings_place().absolute()}."
        )
    from bot.cli.installer.installation import install  # noqa: PLC0415 — see the module's docstring
    from bot.cli.installer.terminal import LineTerminal  # noqa: PLC0415 — idem

    if not install(LineTerminal(), base.settings_place(), service):
        sys.exit(1)


COMMANDS: Final = (installer,)
