"""A file that is dropped in the sandbox: what it would change, for the administration and nobody else."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from bot.conversation.requests import TAKEN_SIZE
from bot.settings import SEED
from tests.browser.conftest import Open
from tests.browser.test_accessibility import violations
from tests.browser.test_chat import go_to, last, write

pytestmark = pytest.mark.asyncio(loop_scope="session")

TEXT = (SEED / "politique" / "pa20" / "2015-12-13.md").read_text("utf-8")
REVISED = TEXT.replace("sans autorisation, afin", "sans l'accord de l'exécutif, afin").encode()
ADMINISTRATION = "#administration/vigie"


def file(content: bytes, name: str = "PA20.md") -> dict[str, object]:
    return {"name": name, "mimeType": "application/octet-stream", "buffer": content}


async def test_the_administration_drops_a_new_text_and_sees_what_it_changes(open_page: Open) -> None:
    page = await open_page(ADMINISTRATION)
    await page.get_by_label("Déposer un fichier").set_input_files(file(REVISED))  # type: ignore[arg-type]  # a payload
    await last(page).get_by_role("button", name="Une révision de la PA20").click()
    await expect(last(page).get_by_text("31 clauses, 11 titres")).to_be_visible()
    assert await violations(page) == []
    await last(page).get_by_role("button", name="C'est juste").click()
    await expect(last(page).get_by_text("Une clause modifiée")).to_be_visible()
    assert await violations(page) == []


async def test_a_line_that_is_uncertain_is_settled_by_its_button(open_page: Open) -> None:
    page = await open_page(ADMINISTRATION)
    doubtful = REVISED.replace(b"5.11 ", b"5.12 ")
    await page.get_by_label("Déposer un fichier").set_input_files(file(doubtful))  # type: ignore[arg-type]  # a payload
    await last(page).get_by_role("button", name="Une révision de la PA20").click()
    await expect(last(page)).to_contain_text("«\u00a05.11\u00a0» était attendu")
    assert await violations(page) == []
    await last(page).get_by_role("button", name="Suite de la ligne au-dessus").click()
    await expect(last(page)).to_contain_text("est la suite de la ligne au-dessus")


@pytest.mark.parametrize(
    ("where", "content", "said"),
    [
        (ADMINISTRATION, b"\x00" * 99, "PA20.md"),
        (ADMINISTRATION, b"x" * (TAKEN_SIZE + 1), "Ce fichier dépasse 8\u00a0Mo."),
        ("#officier/vigie", REVISED, "Je ne prends de fichier que de l'administration."),
    ],
    ids=["unreadable", "too large", "from someone else"],
)
async def test_a_file_that_is_not_taken_is_said_not_to_be(
    open_page: Open, where: str, content: bytes, said: str
) -> None:
    page = await open_page(where)
    await page.get_by_label("Déposer un fichier").set_input_files(file(content))  # type: ignore[arg-type]  # a payload
    await expect(last(page)).to_contain_text(said)
    await expect(page.get_by_role("status")).to_have_text("")


async def test_no_file_can_be_dropped_where_everyone_reads(open_page: Open) -> None:
    page = await open_page(ADMINISTRATION)
    await go_to(page, "général")
    await expect(page.get_by_label("Déposer un fichier")).to_be_hidden()


async def test_a_picture_is_joined_to_a_window_and_one_that_is_none_is_said_beside_its_field(
    open_page: Open,
) -> None:
    page = await open_page("#conseil/vigie")
    await write(page, "/vigie demande personne")
    window = page.get_by_role("dialog")
    await window.get_by_label("Où l'image paraîtrait").fill("La page du club")
    await window.get_by_label("Ce que montre l'image").fill("Deux personnes")
    await window.get_by_label("La personne qu'on reconnaît").select_option("officier")
    for wrong, problem in ((b"GIF89a", "PNG, JPEG ou WebP"), (b"x" * (TAKEN_SIZE + 1), "dépasse 8")):
        await window.locator("[type=file]").set_input_files(file(wrong, "photo.png"))  # type: ignore[arg-type]  # a payload
        await window.get_by_role("button", name="Continuer").click()
        await expect(window.locator(".error:visible")).to_contain_text(problem)
    assert await violations(page) == []
    await window.locator("[type=file]").set_input_files(file(b"\x89PNG\r\n\x1a\nx", "photo.png"))  # type: ignore[arg-type]  # a payload
    await window.get_by_role("button", name="Continuer").click()
    await expect(last(page)).to_contain_text("Empreinte de l'image")
    await last(page).get_by_role("button", name="Envoyer", exact=True).click()
    await expect(last(page)).to_contain_text("C'est envoyé")
    assert await violations(page) == []
