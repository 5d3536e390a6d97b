"""How long the public site takes: thirty policies of a hundred provisions in five versions.

    make publication

Whole, again without a change, then after one clause changed: it is the command that is timed, start included.
Then what a hundred look-ups find in the site of PA20, in a browser, beside what the bot shows first.
"""

from __future__ import annotations

import asyncio
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import click
from playwright.async_api import async_playwright

from tests.browser.conftest import ARGUMENTS, CHROMIUM
from tests.kits import measures
from tests.kits.measures import Figure, at_least, at_most
from tests.publication.lookups import bots_first, sites_first
from tests.publication.publisher import PROFILE, Publisher, shipped

POLICIES, ARTICLES, CLAUSES = 30, 10, 9  # an article is a provision too
YEARS: Final = (2016, 2018, 2020, 2022, 2024)
WORDS: Final = (Path(__file__).parents[2] / "data/textes/habitation.md").read_text("utf-8").split()
WHOLE_SECONDS, CHANGE_SECONDS, LARGEST, SAME = 60, 3, 60, 95  # the last two: kB, look-ups of a hundred
MARK: Final = "site"


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


def timed(folder: Path) -> Iterator[Figure]:
    """Publish the policies made up in a folder, again without a change, then after one clause changed."""
    own, site = folder / "donnees", folder / "site"
    profile = PROFILE.format(default="p00")
    for seed in range(POLICIES):
        place = own / f"politique/p{seed:02}"
        place.mkdir(parents=True)
        for edition, year in enumerate(YEARS):
            (place / f"{year}-05-01.md").write_text(text(seed, edition), "utf-8")
        profile += f"\n[politiques.p{seed:02}]\npublique = true\n"
    (own / "profil.toml").write_text(profile, "utf-8")
    yield from publish(own, site, "Tout publier", WHOLE_SECONDS)
    yield from publish(own, site, "Publier de nouveau, rien n'a changé", CHANGE_SECONDS)
    last = own / "politique/p07/2024-05-01.md"
    last.write_text(last.read_text("utf-8") + " Un mot de plus.", "utf-8")
    yield from publish(own, site, "Publier une clause changée", CHANGE_SECONDS)
    files = [path for path in site.rglob("*") if path.is_file()]
    pages = [path for path in files if path.suffix == ".html" and path.name != "index.html"]
    yield Figure("Fichiers", len(files))
    yield Figure("Taille du site", sum(path.stat().st_size for path in files) / 1e6, None, "Mo")
    largest = max(path.stat().st_size for path in pages) / 1000
    yield Figure("La plus lourde des pages, hors textes entiers", largest, at_most(LARGEST), "ko")


async def searched(folder: Path) -> list[Figure]:
    """Publish PA20, and look in it for what the bot is asked."""
    made = Publisher(folder, {"pa20": shipped("pa20")}, public={"pa20"})
    made.publish()
    bot = bots_first()
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        page = await browser.new_page()
        await page.goto(f"{made.site.as_uri()}/recherche.html")
        site = await sites_first(page)
        await browser.close()
    same = {query for query, (first, _) in bot.items() if site[query] == first}
    misspelt = {query for query, (_, wrong) in bot.items() if wrong}
    return [
        Figure("Recherches", len(bot)),
        Figure("Même premier résultat que le robot", len(same), at_least(SAME)),
        Figure("Recherches mal écrites", len(misspelt)),
        Figure("Même premier résultat, mal écrites", len(same & misspelt)),
    ]


@click.command(help="Mesurer la publication de trente politiques, puis la recherche dans le site de la PA20.")
@click.option("--ecrire", is_flag=True, help="Mettre les chiffres dans docs/mesures.md.")
def main(*, ecrire: bool) -> None:
    """Measure, print, and write if asked to. Exit with code 1 when a target is missed."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        figures = [*timed(Path(folder) / "trente"), *asyncio.run(searched(Path(folder) / "pa20"))]
    command = "python -m tests.publication.bench"
    raise SystemExit(measures.told(figures, command, time.monotonic() - began, MARK if ecrire else None))


def publish(own: Path, site: Path, label: str, limit: float) -> Iterator[Figure]:
    """Run `vigie publier`. What counts is the time of processors: others may use them meanwhile."""
    environment = {
        "PATH": os.environ["PATH"],
        "VIGIE_DATA": str(own),
        "VIGIE_DB": str(own / "vigie.db"),
        "VIGIE_ADRESSE_SITE": "https://politiques.exemple.ca",
        "PYTHONPATH": os.environ.get("PYTHONPATH", ""),
    }
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(
        [sys.executable, "-m", "bot", "publier", str(site)],
        env=environment,
        check=True,
        stdout=subprocess.DEVNULL,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    worked = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    yield Figure(f"{label}\u00a0: processeurs", worked, at_most(limit), "s")


if __name__ == "__main__":
    main()
