"""Keep the database of this version, for those that come after it to open.

python -m tests.upgrades --ecrire
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

from bot import __version__
from tests.upgrades.life import BASE, KEYS, SEEN, dump, live


def main() -> None:
    """Write the folder of this version."""
    place = Path(__file__).parent / __version__
    if sys.argv[1:] != ["--ecrire"]:
        sys.exit(f"python -m tests.upgrades --ecrire\u00a0: {place.name} y sera.")
    with tempfile.TemporaryDirectory(prefix="vigie-") as folder:
        live(Path(folder))
        shutil.rmtree(place, ignore_errors=True)
        shutil.copytree(Path(folder) / KEYS, place / KEYS)
        (place / BASE).write_text(dump(Path(folder) / "vigie.db"), "utf-8")
        shutil.copy(Path(folder) / SEEN, place / SEEN)


if __name__ == "__main__":
    main()
