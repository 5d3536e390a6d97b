"""How long the public site takes: thirty policies of a hundred provisions in five versions.

    make publication

Whole, again without a change, then after one clause changed. It is the command that is timed, start included.
"""

from __future__ import annotations

import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

from tests.publication.publisher import PROFILE

POLICIES, ARTICLES, CLAUSES = 30, 10, 9  # an article is a provision too
YEARS: Final = (2016, 2018, 2020, 2022, 2024)
WORDS: Final = (Path(__file__).parents[2] / "data/textes/habitation.md").read_text("utf-8").split()
WHOLE_SECONDS, CHANGE_SECONDS = 60, 3


def text(seed: int, edition: int) -> str:
    """Return a policy, of which each edition rewords about a tenth and removes or inserts a clause."""
    chance = random.Random(seed)  # noqa: S311 — a bench, not a secret
    lines = [f"# Règlement {seed}"]
    for article in range(1, ARTICLES + 1):
        lines.append(f"## ARTICLE {article} : {' '.join(chance.choices(WORDS, k=4))}")
        clauses = [" ".join(chance.choices(WORDS, k=45)) for _ in range(CLAUSES)]
        for past in range(1, edition + 1):
            later = random.Random(seed * 1000 + past * 10 + article)  # noqa: S311 — as above
            at = later.randrange(len(clauses))
            clauses[at] += f" {' '.join(later.choices(WORDS, k=6))}"
            if article % len(YEARS) == past:
                clauses.insert(later.randrange(len(clauses)), " ".join(later.choices(WORDS, k=40)))
        lines += [f"{article}.{at} {words}" for at, words in enumerate(clauses, 1)]
    return "\n\n".join(lines)


def main() -> None:
    """Publish, and print the seconds of each step."""
    with tempfile.TemporaryDirectory() as folder:
        own, site = Path(folder, "donnees"), Path(folder, "site")
        profile = PROFILE.format(default="p00")
        for seed in range(POLICIES):
            place = own / f"politique/p{seed:02}"
            place.mkdir(parents=True)
            for edition, year in enumerate(YEARS):
                (place / f"{year}-05-01.md").write_text(text(seed, edition), "utf-8")
            profile += f"\n[politiques.p{seed:02}]\npublique = true\n"
        (own / "profil.toml").write_text(profile, "utf-8")
        seconds = {"whole": publish(own, site), "nothing changed": publish(own, site)}
        last = own / "politique/p07/2024-05-01.md"
        last.write_text(last.read_text("utf-8") + " Un mot de plus.", "utf-8")
        seconds["one clause changed"] = publish(own, site)
        files = [path for path in site.rglob("*") if path.is_file()]
        largest = max(
            path.stat().st_size for path in files if path.suffix == ".html" and path.name != "index.html"
        )
        size = sum(path.stat().st_size for path in files)
    for step, spent in seconds.items():
        sys.stdout.write(f"{step}: {spent:.1f} s\n")
    sys.stdout.write(f"{len(files)} files, {size / 1e6:.0f} MB; the largest page {largest / 1000:.0f} kB\n")
    whole, _, change = seconds.values()
    sys.exit(whole > WHOLE_SECONDS or change > CHANGE_SECONDS)


def publish(own: Path, site: Path) -> float:
    """Run `vigie publier`, and return its seconds."""
    environment = {
        "PATH": os.environ["PATH"],
        "VIGIE_DATA": str(own),
        "VIGIE_DB": str(own / "vigie.db"),
        "VIGIE_ADRESSE_SITE": "https://politiques.exemple.ca",
        "PYTHONPATH": os.environ.get("PYTHONPATH", ""),
    }
    began, before = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(
        [sys.executable, "-m", "bot", "publier", str(site)],
        env=environment,
        check=True,
        stdout=subprocess.DEVNULL,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    worked = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    sys.stdout.write(f"  {time.monotonic() - began:.1f} s, {worked:.1f} s of a core\n")
    return time.monotonic() - began


if __name__ == "__main__":
    main()
