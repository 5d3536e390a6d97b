"""The public site, published by the command line from texts that a test writes."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from pathlib import Path

from click.testing import Result

from bot.app.build import Bot
from bot.cli.publishing import publier
from bot.settings import SEED, Settings
from bot.storage.database import Storage
from bot.times import system_clock
from tests.kits.cli import command_group, invoke, parts_over

ADDRESS = "https://politiques.exemple.ca"
TODAY = date(2026, 11, 28)

PROFILE = """
nom = "Boussole"
association = "Le Grand Détour"
politique = "{default}"
jours-feries = ""

[lecture]
une = "membre"
plusieurs = "membres"

[lecture.equipe]
une = "membre"
plusieurs = "Membres"

[[roles]]
id = "administration"
titre = "Secrétariat"
"""

# The same rules over eleven years: 2.2 is inserted, then 2.1 goes, 3.1 is reworded, and 3.2 is to come.
FIRST = """# Code du club

## ARTICLE 1 : Nom

1.1 Dans ce code, « membre » désigne une personne qui a payé sa cotisation.

1.2 Le club se nomme Les Pas perdus.

## ARTICLE 2 : Usages

2.1 Il est interdit de courir dans les corridors.

2.2 Chaque membre garde son logo pour soi.

## ARTICLE 3 : Fin

3.1 Est exclu qui :

a) ne paie pas;
b) ment.
"""
SECOND = FIRST.replace("2.2 Chaque", "2.3 Chaque").replace(
    "2.3 Chaque", "2.2 Les photos du local sont permises.\n\n2.3 Chaque"
)
THIRD = (
    SECOND.replace("2.1 Il est interdit de courir dans les corridors.\n\n", "")
    .replace("2.2 Les", "2.1 Les")
    .replace(
        "2.3 Chaque membre garde son logo pour soi.", "2.2 Chaque membre garde le logo du club pour soi."
    )
)
COMING = THIRD + "\n3.2 Le conseil tranche.\n"
CLUB = {"2015-05-04": FIRST, "2018-09-10": SECOND, "2024-02-01": THIRD, "2027-03-01": COMING}


@dataclass
class Publisher:
    """An association's folder, and the site that is made from it. `settings`: those that differ."""

    folder: Path
    texts: dict[str, dict[str, str]] = field(default_factory=lambda: {"club": dict(CLUB)})
    annotations: dict[str, str] = field(default_factory=dict)
    public: set[str] = field(default_factory=lambda: {"club"})
    settings: dict[str, object] = field(default_factory=lambda: {"vigie_adresse_site": ADDRESS})
    today: date = TODAY

    @property
    def site(self) -> Path:
        """Where it is published."""
        return self.folder / "site"

    def page(self, path: str) -> str:
        """Return a page of the site."""
        return (self.site / path).read_text("utf-8")

    def files(self) -> dict[str, bytes]:
        """Return everything that is published, by path."""
        return {
            path.relative_to(self.site).as_posix(): path.read_bytes()
            for path in sorted(self.site.rglob("*"))
            if path.is_file()
        }

    def run(self, to: Path | None = None) -> Result:
        """Write the association's texts, and publish them."""
        own = self.folder / "donnees"
        profile = PROFILE.format(default=min(self.texts))
        for policy, versions in self.texts.items():
            folder = own / "politique" / policy
            folder.mkdir(parents=True, exist_ok=True)
            for path in folder.glob("*"):
                path.unlink()
            for day, text in versions.items():
                (folder / f"{day}.md").write_bytes(text.encode("utf-8", "replace"))
            if policy in self.annotations:
                (folder / "annotations.toml").write_text(self.annotations[policy], "utf-8")
            if policy in self.public:
                profile += f"\n[politiques.{policy}]\npublique = true\n"
        (own / "profil.toml").write_text(profile, "utf-8")
        now = datetime.combine(self.today, time(17), UTC)
        bot = parts_over(self.folder / "vigie.db", now, vigie_data=str(own), **self.settings)
        return invoke(bot, command_group(publier), "publier", str(to or self.site))

    def publish(self) -> str:
        """Publish, and return what is printed."""
        result = self.run()
        assert result.exit_code == 0, result.output
        return result.stdout


def shipped(policy: str) -> dict[str, str]:
    """Return the texts of a policy that comes with the program, by day."""
    return {path.stem: path.read_text("utf-8") for path in (SEED / "politique" / policy).glob("*.md")}


def association(folder: Path, storage: Storage | None = None, **settings: object) -> Bot:
    """Return the bot of an association whose policy is public. `storage`: in memory if None."""
    own = folder / "donnees"
    for day, text in CLUB.items():
        path = own / f"politique/club/{day}.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            path.write_text(text, "utf-8")
    (own / "profil.toml").write_text(
        PROFILE.format(default="club") + "\n[politiques.club]\npublique = true\n"
    )
    config = {"vigie_data": str(own), "vigie_db": str(folder / "vigie.db"), "discord_token": "x", **settings}
    return Bot(Settings.model_validate(config), storage or Storage(), system_clock)
