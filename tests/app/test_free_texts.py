"""A text as an association has it, dropped in its folder: read, shown, and never in the way of the others."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlite_utils import Database

from bot.app import starting
from bot.app.build import Bot
from bot.conversation.messages import Button, Message
from tests.app.test_other_policy import started

CLUB = """\
# Statuts du Club de jardinage

Le Club réunit celles et ceux qui jardinent dans le quartier.

## TITRE I – DISPOSITIONS GÉNÉRALES

### ARTICLE PREMIER – Nom

Le Club se nomme Les Semis.

### ARTICLE 2 – Siège

Le siège du Club est au jardin communautaire.

### ARTICLE 2 bis

Le siège peut être déplacé par l'assemblée.

## TITRE II – MEMBRES

### ARTICLE 3 – Catégories

Le Club compte deux catégories de membres\u00a0:

a) les membres actifs, qui cultivent un lot;

b) les membres de soutien, qui paient une cotisation.

### ARTICLE 4 – Cotisation

4.01 La cotisation est due en janvier.

4.02 Elle n'est pas remboursée.

## ANNEXE A – Barème

Un lot coûte vingt dollars par année.
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The association's own folder, with its statutes."""
    own = tmp_path / "donnees/politique/club"
    own.mkdir(parents=True)
    (own / "2025-05-01.md").write_text(CLUB, encoding="utf-8")
    (own / "annotations.toml").write_text('[policy]\nname = "Statuts"\n', encoding="utf-8")
    return tmp_path / "donnees"


async def show(bot: Bot, text: str) -> tuple[str, list[str], list[str]]:
    """Return what the bot says to a look-up: its own words, what it quotes, and its buttons."""
    reply = await bot.dispatcher.handle(bot.dispatcher.from_text(f"/politique {text}"))
    assert isinstance(reply, Message)
    quoted = []
    for quote in reply.quotes():
        quotation = bot.library.quote(quote)
        words = " ".join(span.text for paragraph in quotation.paragraphs for span in paragraph)
        quoted.append(f"{quotation.caption} | {words}")
    buttons = [f"{b.label} = {b.command}" for b in reply.buttons() if isinstance(b, Button)]
    return " ".join(reply.own_words()), quoted, buttons


async def test_the_contents_list_what_the_text_is_made_of(folder: Path) -> None:
    with started(folder, "pa20") as bot:
        words, _, buttons = await show(bot, "club:")
    for line in (
        "Titre\u00a0I\u00a0: DISPOSITIONS GÉNÉRALES",
        "PREMIER. Nom",
        "Article\u00a02 bis",
        "Annexe\u00a0A",
    ):
        assert line in words
    assert "/politique club: " in words  # not PA20's
    assert "Titre\u00a0II = politique club:titre II" in buttons
    assert "Article\u00a0PREMIER = politique club:PREMIER" in buttons


@pytest.mark.parametrize(
    ("asked", "caption", "words"),
    [
        ("article premier", "Statuts, article\u00a0PREMIER", "Les Semis"),
        ("1er article", "Statuts, article\u00a0PREMIER", "Les Semis"),
        ("deux bis", "Statuts, article\u00a02 bis", "déplacé"),
        ("4.1", "Statuts, 4.01", "janvier"),
        ("4.02", "Statuts, 4.02", "remboursée"),
        ("3 b)", "Statuts, 3 b)", "b) les membres de soutien"),
        ("alinéa a) de l'article 3", "Statuts, 3 a)", "a) les membres actifs"),
        ("l'annexe A", "Statuts, annexe\u00a0A", "vingt dollars"),
        ("préambule", "Statuts, préambule", "qui jardinent"),
    ],
)
async def test_a_part_is_shown_however_it_is_asked_for(
    folder: Path, asked: str, caption: str, words: str
) -> None:
    with started(folder, "pa20") as bot:
        _, [quoted], _ = await show(bot, f"club: {asked}")
    assert quoted.startswith(f"{caption} |")
    assert words in quoted


async def test_a_container_is_shown_with_all_it_holds(folder: Path) -> None:
    with started(folder, "pa20") as bot:
        words, quoted, _ = await show(bot, "club: titre II")
        missing, _, buttons = await show(bot, "club: titre III")
    assert "Titre\u00a0II\u00a0: MEMBRES" in words
    assert len(quoted) == 3
    assert "Le titre III n'existe pas dans la Statuts. Cherchiez-vous titre II?" in missing
    assert buttons[0] == "titre II = politique club:titre II"


async def test_a_number_that_several_parts_have_is_not_said_to_be_in_none(folder: Path) -> None:
    for part in ("I", "II"):
        with (folder / "politique" / "club" / "2025-05-01.md").open("a", encoding="utf-8") as text:
            text.write(
                f"\n\n## ANNEXE X{part}\n\n### Article 77\n\nLe jardin est fermé l'hiver, partie {part}.\n"
            )
    with started(folder, "pa20") as bot:
        words, _, buttons = await show(bot, "77")
    assert "Plusieurs parties de la Statuts portent le numéro 77." in words
    assert len(buttons) == 3
    assert all("club:annexe X" in button for button in buttons[:2])


async def test_every_button_leads_where_it_says(folder: Path) -> None:
    with started(folder, "pa20") as bot:
        version = bot.library.policies["club"].versions[0]
        for number in version.numbers():
            _, quoted, buttons = await show(bot, f"club:{number}")
            assert quoted, number
            for button in buttons:
                line = button.rpartition(" = ")[2]
                if line.startswith("politique "):
                    words, shown, _ = await show(bot, line.removeprefix("politique "))
                    assert shown or "table des matières" in words, button


async def test_a_file_that_cannot_be_read_stops_nothing_and_is_told(folder: Path) -> None:
    bad = folder / "politique/mtg"
    bad.mkdir()
    (bad / "2026-01-01.md").write_bytes("Règlement".encode("latin-1"))
    with started(folder, "pa20") as bot:
        assert set(bot.library.policies) == {"pa20", "club"}
        [reminder] = [line for line in starting.reminders(bot) if line.startswith("Politiques")]
        assert "mtg/2026-01-01.md, ligne 1" in reminder
        assert (await show(bot, "5.10"))[1]
    notices = [row["notice"] for row in Database(folder / "vigie.db")["outbox"].rows]
    assert notices.count("texte-illisible") == 1


async def test_the_last_text_read_keeps_serving_with_its_date(folder: Path) -> None:
    with started(folder, "pa20"):
        pass
    (folder / "politique/club/2025-05-01.md").write_bytes("Règlement".encode("latin-1"))
    with started(folder, "pa20") as bot:
        [reminder] = [line for line in starting.reminders(bot) if line.startswith("Politiques")]
        assert "du 1er\u00a0mai\u00a02025, est servi" in reminder
        assert (await show(bot, "club: 4.01"))[1]


async def test_the_titles_of_containers_are_searched(folder: Path) -> None:
    with started(folder, "pa20") as bot:
        _, quoted, _ = await show(bot, "club: dispositions générales")
        _, rates, _ = await show(bot, "club: barème")
    assert quoted[0].startswith("Statuts, article")
    assert ["vingt dollars" in words for words in rates] == [True]


async def test_lists_and_tables_are_laid_out(folder: Path) -> None:
    path = folder / "politique/club/2025-05-01.md"
    table = "\n| Lot | Prix |\n|---|---|\n| Petit | 20 $ |\n\n- payable en janvier;\n- non remboursable.\n"
    path.write_text(f"{CLUB}{table}", encoding="utf-8")
    with started(folder, "pa20") as bot:
        _, [quoted], _ = await show(bot, "club: annexe A")
    for words in ("Lot | Prix", "Petit | 20 $", "•\u00a0 payable en janvier;", "•\u00a0 non remboursable."):
        assert words in quoted
