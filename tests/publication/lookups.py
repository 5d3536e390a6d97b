"""What a hundred look-ups find on the site of PA20, beside what the bot shows first."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from playwright.async_api import Page

from bot.policy.loading import read_policies
from bot.settings import SEED

LOOKUPS: Final = Path(__file__).with_name("lookups.txt").read_text("utf-8").splitlines()


def bots_first() -> dict[str, tuple[str, bool]]:
    """Return, for each look-up, the number that the bot shows first, and whether its words are misspelt.

    Misspelt: no clause has those words, and the bot takes others that are close.
    """
    policy = read_policies((SEED,), "pa20", {})["pa20"]
    version = policy.versions[-1]
    index, numbers = policy.index(version), set(map(str, version.parts()))
    firsts = {}
    for query in LOOKUPS:
        exact = query.removeprefix("article ")
        hits = index.search(query)
        close = hits or index.search(index.did_you_mean(query) or query)
        first = exact if exact in numbers else next((str(hit.clause.number) for hit in close), "")
        firsts[query] = first, exact not in numbers and not hits
    return firsts


async def sites_first(page: Page) -> dict[str, str]:
    """Return, for each look-up, the number that the site's own search shows first. `page`: its page."""
    results = await page.evaluate(
        """(queries) => queries.map((query) => {
          const own = results(`pa20: ${query}`)[0];
          return own ? own.clauses[0][0] : "";
        })""",
        LOOKUPS,
    )
    return dict(zip(LOOKUPS, results, strict=True))
