"""`make torture`: what may befall a machine, a thousand SIGKILLs, then a thousand recipients at once.

python -m tests.torture [--morts 1000] [--destinataires 1000] [--sans-pannes]
"""

from __future__ import annotations

import argparse
import sys

from tests.torture import fanout, faults, kills
from tests.torture.world import Weather

FEWEST = 400  # under it, all go in a platform's first allowance and there is no bound to compare with


def main() -> int:
    """Run all of it, print the figures, and return 0 if every promise is kept."""
    parser = argparse.ArgumentParser(prog="make torture")
    parser.add_argument("--morts", type=int, default=1_000, help="combien de SIGKILL")
    parser.add_argument("--destinataires", type=int, default=1_000, help="combien, sur chaque plateforme")
    parser.add_argument("--sans-pannes", action="store_true", help="sans les pannes de la machine")
    asked = parser.parse_args()
    if 0 < asked.destinataires < FEWEST:
        parser.error(f"il faut au moins {FEWEST} destinataires\u00a0: à moins, les limites n'imposent rien")
    kept = True
    if not asked.sans_pannes:
        say("Pannes de la machine, le robot en marche")
        for scene in faults.run():
            say(f"  {scene.line()}")
            kept = kept and scene.kept
    if asked.morts:
        say(f"Robot tué {asked.morts} fois pendant qu'on l'alimente et qu'il envoie")
        toll = kills.run(asked.morts, Weather(), say=say)
        for line in toll.lines():
            say(f"  {line}")
        kept = kept and toll.kept
    if asked.destinataires:
        say(f"Un message à {asked.destinataires} personnes sur chaque plateforme, limites appliquées")
        for result in fanout.run(asked.destinataires, asked.destinataires):
            say(f"  {result.line()}")
            kept = kept and result.ratio <= fanout.ALLOWED and result.twice == 0
    say("Tout est tenu." if kept else "Une promesse n'est pas tenue.")
    return 0 if kept else 1


def say(line: str) -> None:
    """Print a line at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
