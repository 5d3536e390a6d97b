"""The outline of a dropped file, corrected in chat, and proposed once someone says that it is right."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlite_utils import Database

from bot.conversation.forms import Form, Reply
from bot.conversation.messages import COMMAND_LENGTH, Button, Message
from bot.policy.provisions import LineReading
from bot.revision import dropped_texts, revisions
from tests.kits.docx_files import Writer
from tests.kits.revision_commands import ALEX, World, command, commands, words, world

RULES = """# Règlement du club

## ARTICLE 1 : LE CLUB

1.1 Le club se nomme Les Grimpettes.

1.2 Son siège est au gymnase.

1.5 Le fanion est bleu.

1.9 de la Loi sur les clubs le permet.

Dispositions finales.
"""
NEW, RIGHT, FORM = "Une nouvelle politique", "C'est juste", "Corriger une ligne"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path) as made:
        yield made


async def outline(desk: World, text: str | bytes = RULES, name: str = "reglement.md") -> Message:
    """Drop a file, and name its policy."""
    reply = await desk.press(await desk.drop_alone(text, name=name), NEW, nom="RG", genre="masculin")
    assert isinstance(reply, Message)
    return reply


def labels(reply: Reply) -> list[str]:
    assert isinstance(reply, Message)
    return [button.label for button in reply.buttons()]


async def markdown(desk: World) -> str:
    """Return the text that was proposed last."""
    return (await desk.run(lambda db: revisions.list_revisions(db, "rg")))[0].text


async def test_the_outline_is_shown_with_the_first_line_that_is_uncertain(desk: World) -> None:
    reply = await outline(desk)
    plan = words(reply)
    assert "RG\u00a0: ce que j'ai lu" in plan
    assert "ARTICLE 1 : LE CLUB" in plan
    assert "Pas sûr, ligne 9\u00a0: «\u00a01.5 Le fanion est bleu.\u00a0»" in plan
    assert "Après «\u00a01.2\u00a0», «\u00a01.3\u00a0» était attendu." in plan
    assert "La ligne au-dessus finit par «\u00a01.2 Son siège est au gymnase.\u00a0»" in plan
    assert "Encore 2 lignes à voir." in plan
    assert "**" not in plan, "the remedy is a button, not a mark of Markdown"
    assert labels(reply) == [
        "C'est bien lu", "C'est un titre", "Suite de la ligne au-dessus", "Ce n'est pas une disposition",
        "Tout le reste est bien lu", "Corriger une ligne…", "Tout le plan",
        "Une autre politique…", "Annuler…",
    ]  # fmt: skip
    assert "Aucune révision n'a encore été proposée." in await desk.said("revision")


async def test_each_decision_shows_the_next_line_then_the_outline_to_say_is_right(desk: World) -> None:
    reply = await desk.press(await outline(desk), "Suite de la ligne")
    assert (
        "C'est noté\u00a0: «\u00a01.5 Le fanion est bleu.\u00a0» est la suite de la ligne au-dessus."
        in words(reply)
    )
    assert "Une décidée, la dernière ligne à voir." in words(reply)
    assert "C'est une disposition" in labels(reply)
    assert RIGHT not in " ".join(labels(reply))
    reply = await desk.press(reply, "C'est bien lu")
    assert "ARTICLE 1 : LE CLUB" in words(reply)
    assert labels(reply)[0].startswith(RIGHT)
    shown = await desk.press(reply, RIGHT)
    assert "RG, première version proposée le" in words(shown)
    assert "À vérifier" not in words(shown)
    assert "**1.2** Son siège est au gymnase. 1.5 Le fanion est bleu." in await markdown(desk)
    assert "\\1.9 de la Loi" in await markdown(desk)


async def test_nothing_is_proposed_while_a_line_is_uncertain(desk: World) -> None:
    reply = await outline(desk)
    token = commands(reply)[0].split()[2]
    assert "Pas sûr" in await desk.said(f"revision lecture {token} proposer")
    assert await desk.run(lambda db: revisions.list_revisions(db, "rg")) == []


@pytest.mark.parametrize(
    ("label", "expected"),
    [
        ("C'est bien lu", "**1.5** Le fanion est bleu."),
        ("C'est un titre", "### **1.5** Le fanion est bleu."),
        ("Suite de la ligne", "gymnase. 1.5 Le fanion est bleu."),
        ("Ce n'est pas", "\n    \\1.5 Le fanion est bleu."),
    ],
)
async def test_each_button_says_what_the_line_is(desk: World, label: str, expected: str) -> None:
    reply = await desk.press(await outline(desk), label)
    await desk.press(await desk.press(reply, "C'est bien lu"), RIGHT)
    assert expected in await markdown(desk)


async def test_a_number_that_was_not_believed_is_one_by_a_button(desk: World) -> None:
    reply = await desk.press(await outline(desk), "C'est bien lu")
    reply = await desk.press(reply, "C'est une disposition")
    assert "est une disposition numérotée" in words(reply)
    await desk.press(reply, RIGHT)
    assert "**1.9** de la Loi" in await markdown(desk)


async def test_the_rest_is_said_to_be_well_read_at_once(desk: World) -> None:
    shown = await outline(desk)
    reply = await desk.press(shown, "Tout le reste")
    assert "2 lignes bien lues" in words(reply)
    assert "Pas sûr" not in words(reply)
    assert "0 ligne bien lue." in words(await desk.press(shown, "Tout le reste")), "pressed twice"


async def correct(desk: World, reply: Reply, line: str, reading: str) -> Message:
    answer = await desk.press(reply, FORM, ligne=line, lecture=reading)
    assert isinstance(answer, Message)
    return answer


async def test_any_line_is_corrected_by_its_words_in_one_form_and_back(desk: World) -> None:
    reply = await desk.press(await outline(desk), "Tout le reste")
    assert isinstance(await desk.press(reply, FORM), Form)
    reply = await correct(desk, reply, "  dispositions FINALES ", "titre")
    assert "«\u00a0Dispositions finales.\u00a0» est un titre" in words(reply)
    plan = await desk.press(reply, "Tout le plan")
    assert "\nDispositions finales." in words(plan)
    back = await correct(desk, reply, "Dispositions finales", "tel")
    assert "comme je l'avais lu" in words(back)
    assert "\nDispositions finales." not in words(await desk.press(back, "Tout le plan"))


async def test_a_heading_is_put_as_deep_as_it_should_be(desk: World) -> None:
    text = RULES.replace(
        "Dispositions finales.", "## Dispositions finales\n\n## Entrée en vigueur\n\nEn mai."
    )
    reply = await desk.press(await outline(desk, text), "Tout le reste")
    reply = await correct(desk, reply, "Entrée en", "sous-titre")
    assert "«\u00a0Entrée en vigueur\u00a0» est un titre, sous celui au-dessus" in words(reply)
    assert "\n– Entrée en vigueur" in words(await desk.press(reply, "Tout le plan"))
    reply = await correct(desk, reply, "Dispositions", "sous-titre")
    plan = words(await desk.press(reply, "Tout le plan"))
    assert "\n– Dispositions finales" in plan
    assert "\n– – Entrée en vigueur" in plan
    reply = await correct(desk, reply, "Entrée en", "titre-haut")
    await desk.press(reply, RIGHT)
    assert "\n### Dispositions finales" in await markdown(desk)
    assert "\n## Entrée en vigueur" in await markdown(desk)


@pytest.mark.parametrize(
    ("line", "reading", "field", "problem"),
    [
        ("Le trésor", "titre", "ligne", "Aucune ligne du document n'a ces mots"),
        ("1.", "titre", "ligne", "4 lignes ont ces mots\u00a0: «\u00a01.1 Le club"),
        (" ", "titre", "ligne", "Écrivez les premiers mots"),
        ("Dispositions", "numero", "lecture", "ne commence par aucun numéro"),
    ],
)
async def test_what_the_form_cannot_find_is_said_beside_its_field(
    desk: World, line: str, reading: str, field: str, problem: str
) -> None:
    answer = await correct(desk, await outline(desk), line, reading)
    assert problem in answer.problems[field]


async def test_it_resumes_where_it_was_after_a_restart(tmp_path: Path) -> None:
    database = tmp_path / "vigie.db"
    with world(tmp_path, database=database) as desk:
        sent = await outline(desk)
        reply = await desk.press(sent, "C'est un titre")
    with world(tmp_path, database=database, start="2026-11-25T15:00:00Z") as desk:
        again = await desk.press(await desk.ask("revision"), "Reprendre reglement.md")
        assert "1.9" in words(again)
        reply = await desk.press(reply, "C'est bien lu")
        assert labels(reply)[0].startswith(RIGHT), "a button that was sent before still works"
        assert "Pas sûr" not in words(await desk.press(sent, "Ce n'est pas")), "decided again, otherwise"
        dropped = await desk.drop_alone(RULES, name="reglement.md")
        assert labels(dropped)[0].startswith(RIGHT), "the same file, dropped again, goes on"
        await desk.press(dropped, RIGHT)
        assert "\\1.5 Le fanion" in await markdown(desk)
        assert "Ce fichier n'est plus là" in words(await desk.press(reply, RIGHT))
        assert "Reprendre" not in " ".join(labels(await desk.ask("revision")))


async def test_it_can_be_cancelled_and_leaves_nothing(desk: World) -> None:
    asked = await desk.press(await outline(desk), "Annuler")
    assert "Pas sûr" in words(await desk.press(asked, "Continuer"))
    assert "Rien n'a été proposé" in words(await desk.press(asked, "Annuler et effacer"))
    assert await desk.run(dropped_texts.waiting) == []
    assert await desk.run(lambda db: dropped_texts.kept_decisions(db, "rg")) == {}
    again = await desk.drop_alone(RULES, name="reglement.md")
    assert "Quelle politique?" in words(again)


async def test_a_file_that_nobody_finishes_is_forgotten(desk: World) -> None:
    await outline(desk)
    last = desk.today + timedelta(days=dropped_texts.DAYS_KEPT)
    assert await desk.run(lambda db: dropped_texts.forget_old(db, last)) == 0
    assert await desk.run(lambda db: dropped_texts.forget_old(db, last + timedelta(days=1))) == 1


async def test_only_the_administration_decides(desk: World) -> None:
    reply = await outline(desk)
    assert "Cela revient" in await desk.said(commands(reply)[0], ALEX)
    assert "Encore 2 lignes" in await desk.said(f"revision lecture {commands(reply)[0].split()[2]}")


async def adopt(desk: World, reply: Reply) -> None:
    shown = await desk.press(reply, RIGHT)
    await desk.press(shown, "Approuver", adoptee="2026-11-20", effet="2026-11-24")
    await desk.beat()


async def test_what_was_decided_is_applied_when_the_document_comes_back(desk: World) -> None:
    reply = await desk.press(await outline(desk), "Suite de la ligne")
    reply = await correct(desk, await desk.press(reply, "C'est bien lu"), "Dispositions finales", "titre")
    await adopt(desk, reply)
    revised = RULES.replace("au gymnase", "à la salle")
    reply = await desk.press(await desk.drop_alone(revised), "Une révision du RG")
    assert labels(reply)[0].startswith(RIGHT), words(reply)
    assert "\nDispositions finales." in words(await desk.press(reply, "Tout le plan"))
    shown = await desk.press(reply, RIGHT)
    assert "Une clause modifiée" in words(shown)


async def test_a_line_that_is_gone_is_not_asked_and_one_that_changed_is(desk: World) -> None:
    reply = await desk.press(await outline(desk), "Suite de la ligne")
    reply = await correct(desk, await desk.press(reply, "C'est bien lu"), "Dispositions finales", "titre")
    await adopt(desk, reply)
    gone = RULES.replace("1.9 de la Loi sur les clubs le permet.\n\n", "")
    changed = gone.replace("Dispositions finales.", "Les dispositions finales.").replace(
        "est bleu", "est vert"
    )
    reply = await desk.press(await desk.drop_alone(changed), "Une révision du RG")
    assert "1.5 Le fanion est vert." in words(reply)
    reply = await desk.press(reply, "Suite de la ligne")
    assert "«\u00a0Les dispositions finales.\u00a0»" in words(reply)
    assert "Une ligne presque pareille était un titre" in words(reply)
    assert labels(reply)[:4] == [
        "C'est bien lu", "C'est un titre", "Suite de la ligne au-dessus", "Ce n'est pas une disposition",
    ]  # fmt: skip
    reply = await desk.press(reply, "C'est un titre")
    assert labels(reply)[0].startswith(RIGHT)


async def test_the_same_lines_are_decided_in_word_as_in_markdown(desk: World) -> None:
    reply = await desk.press(await outline(desk), "Suite de la ligne")
    await adopt(desk, await desk.press(reply, "C'est bien lu"))
    writer = Writer()
    for line in RULES.replace("#", "").split("\n\n"):
        writer.paragraph(line.strip())
    reply = await desk.press(
        await desk.drop_alone(writer.saved(), name="reglement.docx"), "Une révision du RG"
    )
    assert labels(reply)[0].startswith(RIGHT), words(reply)


async def test_contents_typed_in_the_text_are_left_out_or_kept(desk: World) -> None:
    typed = "Sommaire\n\nARTICLE 1 : LE CLUB ..... 2\n\n## ARTICLE 1"
    reply: Reply = await outline(desk, RULES.replace("## ARTICLE 1", typed))
    assert "La table des matières" in words(reply)
    assert labels(reply)[:2] == ["C'est bien lu", "C'est du texte\u00a0: gardez-le"]
    reply = await desk.press(await desk.press(reply, "C'est du texte"), "Tout le reste")
    await desk.press(reply, RIGHT)
    assert "Sommaire" in await markdown(desk)


async def test_a_number_that_is_taken_is_asked_and_may_stay(desk: World) -> None:
    """A by-law may have a number twice, one of them repealed."""
    twice = RULES.replace("1.5 Le", "**1.2** Le").replace("1.9 de la Loi sur les clubs le permet.\n", "")
    reply: Reply = await outline(desk, twice)
    assert "Le numéro 1.2 est déjà pris\u00a0: «\u00a01.2 Son siège est au gymnase.\u00a0»" in words(reply)
    assert labels(reply)[0] == "C'est bien lu"
    shown = await desk.press(await desk.press(reply, "C'est bien lu"), RIGHT)
    assert "première version proposée" in words(shown)
    assert "déjà pris" not in words(shown)


async def test_an_article_without_text_is_asked_and_may_be_the_sequel_of_another(desk: World) -> None:
    reply: Reply = await outline(desk, "# R\n\n## Article 1 – Nom\n\nLe club.\n\n## Article 2 – Abrogé\n")
    assert "L'article\u00a02 est vide." in words(reply)
    reply = await desk.press(reply, "Suite de la ligne")
    await desk.press(reply, RIGHT)
    assert "Le club. Article 2 – Abrogé" in await markdown(desk)


async def test_no_button_is_longer_than_a_platform_takes(desk: World) -> None:
    reply = await outline(desk, RULES.replace("1.5 Le fanion", "1.5 " + "Le fanion du club " * 60))
    assert max(map(len, commands(reply))) <= COMMAND_LENGTH
    assert all(isinstance(button, Button) for button in reply.buttons())
    for reading in LineReading:
        code = next(line for line in commands(reply) if " ligne " in line).rsplit(" ", 1)[0]
        assert "Cette ligne n'est plus à voir." not in await desk.said(f"{code} {reading}")
    assert "Cette ligne n'est plus à voir." in await desk.said(f"{code} rien")


async def test_one_line_more_than_a_glance_holds_is_shown_rather_than_counted(desk: World) -> None:
    seven = "# R\n\n" + "\n\n".join(f"## Article {at} – Nom {at}\n\nTexte." for at in range(1, 8))
    glance = words(await outline(desk, seven))
    assert "Article 7 – Nom 7" in glance
    assert "de plus" not in glance


async def test_a_whole_outline_is_read_by_pages(desk: World) -> None:
    many = "# R\n\n" + "\n\n".join(f"## Article {at} – Nom {at}\n\nTexte." for at in range(1, 41))
    reply = await outline(desk, many)
    assert "… et 34 de plus" in words(reply)
    first = await desk.press(reply, "Tout le plan")
    assert "Page 1 sur 3." in words(first)
    assert "Article 16" in words(await desk.press(first, "Page suivante"))
    assert "Page 3 sur 3." in await desk.said(command(reply, "Tout le plan").replace("plan 1", "plan 99"))


async def test_a_title_is_told_from_the_text_under_it(desk: World) -> None:
    reply = await outline(
        desk, "# R\n\n## Chapitre 1 – Membres\n\n### Article 1 – Dons\n\nTout don est déclaré.\n"
    )
    plan = await desk.press(reply, "Tout le plan")
    assert "Dons\u00a0: Tout don est déclaré." in words(plan)


async def test_nothing_says_who_dropped_a_file(desk: World) -> None:
    await outline(desk)

    def columns(db: Database) -> set[str]:
        return set(db["dropped_texts"].columns_dict)

    assert await desk.run(columns) == {
        "id",
        "name",
        "policy",
        "called",
        "document",
        "decisions",
        "dropped_on",
    }


async def test_a_text_corrected_by_hand_says_what_its_lines_are(desk: World) -> None:
    by_hand = RULES.replace("1.5 Le", "**1.5** Le").replace("1.9 de", "\\1.9 de")
    await adopt(desk, await outline(desk, by_hand))
    revised = RULES.replace("au gymnase", "à la salle")
    reply = await desk.press(await desk.drop_alone(revised), "Une révision du RG")
    assert labels(reply)[0].startswith(RIGHT), words(reply)
