"""Make again what the pages of docs/ take from the program. `make pages` takes the pictures again too.

    python -m tests.site [--ecrire]

Without the option, name the pages that are stale, and exit with code 1 if there are any.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Final

import click

from bot.app.build import build
from bot.settings import Settings
from bot.storage.database import Storage
from tests.kits import measures
from tests.site import commands, privacy, setting_list, troubleshooting

DOCS: Final = measures.PAGE.parent


def made() -> Mapping[tuple[str, str], str]:
    """Return what is made from the program, by page and by mark."""
    with closing(Storage()) as storage:
        chat = commands.chat(build(Settings(), storage))
    return {
        ("commandes.md", "commandes"): chat,
        ("ligne-de-commande.md", "lignes"): commands.command_line(),
        ("reglages.md", "réglages"): setting_list.settings_list(),
        ("depannage.md", "messages"): troubleshooting.page(),
        ("avis.md", "renseignements"): privacy.notice(),
        ("avis.md", "restes"): privacy.duties(),
        ("efvp.md", "tables"): privacy.tables(),
        ("efvp.md", "durées"): privacy.durations(),
    }


def pages() -> Iterator[tuple[Path, str]]:
    """Yield each page that holds something made, with what it should be."""
    texts: dict[Path, str] = {}
    for (name, mark), text in made().items():
        path = DOCS / name
        texts[path] = measures.written(texts.get(path) or path.read_text("utf-8"), text, mark)
    yield from texts.items()


@click.command(help="Refaire ce que les pages de docs/ tiennent du programme.")
@click.option("--ecrire", is_flag=True, help="Écrire les pages, plutôt que de nommer celles qui ont vieilli.")
def main(ecrire: bool) -> None:
    """Write the pages, or name those that are stale."""
    stale = [(path, text) for path, text in pages() if path.read_text("utf-8") != text]
    for path, text in stale:
        if ecrire:
            path.write_text(text, "utf-8")
        click.echo(f"docs/{path.name} : {'refaite' if ecrire else 'à refaire'}.")
    sys.exit(1 if stale and not ecrire else 0)


if __name__ == "__main__":
    main()
