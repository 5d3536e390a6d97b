"""A dropped text: whose it is is asked, and a new policy takes the path of a revision."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlite_utils import Database

from bot.cli.main import vigie
from bot.commands.revision import outline_messages as outlines
from bot.conversation.forms import DateField, Form
from bot.conversation.messages import Message
from bot.people import membership, persons
from bot.policy.decisions import Decisions
from bot.policy.provisions import LineReading
from bot.revision import dropped_texts, revisions
from tests.kits.revision_commands import ALEX, CHANNEL, REVISED, TEXT, World, command, words, world

CLUB = """# Règlement du club

## ARTICLE 1 : LE CLUB

- 1.1 Le club se nomme Les Grimpettes.
- 1.2 Son siège est au gymnase.

## ARTICLE 2 : LES MEMBRES

- 2.1 Toute personne qui grimpe peut devenir membre.
"""
NEW, MINE, RIGHT = "Une nouvelle politique", "Une révision de la PA20", "C'est juste"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path) as made:
        yield made


async def proposed(desk: World, name: str = "RG", gender: str = "masculin") -> Message:
    """Drop the club's rules, and propose them as a new policy."""
    asked = await desk.drop_alone(CLUB, name="reglement.md")
    reply = await desk.press(await desk.press(asked, NEW, nom=name, genre=gender), RIGHT)
    assert isinstance(reply, Message)
    return reply


async def adopted(desk: World) -> None:
    reply = await desk.press(await proposed(desk), "Approuver", adoptee="2026-11-20", effet="2026-11-24")
    assert "prend effet dans un instant" in words(reply)
    await desk.beat()


async def test_a_dropped_text_is_nobodys_until_it_is_said_whose_it_is(desk: World) -> None:
    asked = await desk.drop_alone(REVISED)
    assert "Quelle politique?" in words(asked)
    assert "Aucune révision n'a encore été proposée." in await desk.said("revision")
    read = await desk.press(asked, MINE)
    assert "Aucune révision n'a encore été proposée." in await desk.said("revision")
    assert "Une clause modifiée" in words(await desk.press(read, RIGHT))
    for message, label in ((asked, MINE), (read, RIGHT)):
        again = await desk.press(message, label)
        assert "Ce fichier n'est plus là" in words(again), "a second press proposes nothing more"


async def test_a_text_placed_under_the_wrong_policy_is_given_to_another_with_what_was_decided_of_it(
    desk: World,
) -> None:
    doubtful = CLUB.replace("- 1.2 Son", "- 1.3 Son")
    read = await desk.press(await desk.drop_alone(doubtful, name="reglement.md"), MINE)
    decided = await desk.press(read, "C'est bien lu")
    asked = await desk.press(decided, "Une autre politique")
    assert "Quelle politique?" in words(asked)
    outline = await desk.press(asked, NEW, nom="RG", genre="masculin")
    assert "RG\u00a0: ce que j'ai lu" in words(outline)
    assert "Pas sûr" not in words(outline), "a line is decided once, whichever policy it is of"
    assert "RG, première version proposée" in words(await desk.press(outline, RIGHT))


async def test_a_text_moved_to_another_policy_takes_what_was_decided_of_that_one_s_lines(
    desk: World,
) -> None:
    """The lines that the first policy settles otherwise are not carried along, but the person's are."""
    await adopted(desk)
    lines = "son siège est au gymnase.", "le fanion est bleu."

    def keep(db: Database) -> None:
        first, second = (
            dict.fromkeys(lines, reading) for reading in (LineReading.TEXT, LineReading.SAME_LEVEL)
        )
        dropped_texts.keep_decisions(db, "pa20", first)
        dropped_texts.keep_decisions(db, "rg", second)

    await desk.run(keep)
    text = CLUB + "\nSon siège est au gymnase.\n\nLe fanion est bleu.\n\nLa salle est haute.\n"
    read = await desk.press(await desk.drop_alone(text, name="reglement.md"), MINE)
    own = {outlines.WORDS: "La salle est haute", outlines.READING: str(LineReading.SAME_LEVEL)}
    read = await desk.press(read, "Corriger une ligne", **own)
    await desk.press(await desk.press(read, "Une autre politique"), "Une révision du RG")

    def decisions(db: Database) -> Decisions:
        [(token, _)] = dropped_texts.waiting(db)
        found = dropped_texts.find(db, token)
        assert found
        return found.decisions

    moved = await desk.run(decisions)
    assert [moved[line] for line in lines] == [LineReading.SAME_LEVEL] * 2
    assert moved["la salle est haute."] == LineReading.SAME_LEVEL


async def test_a_text_that_keeps_nothing_of_the_one_in_force_is_said_to_be_maybe_another_s(
    desk: World,
) -> None:
    more = "".join(f"- 2.{at} On grimpe la voie {at}.\n" for at in (2, 3, 4))
    read = await desk.press(await desk.drop_alone(CLUB + more, name="reglement.md"), MINE)
    remark = "est-ce la bonne politique?"
    assert remark in words(await desk.press(read, RIGHT))
    revised = await desk.press(await desk.drop_alone(REVISED), MINE)
    assert remark not in words(await desk.press(revised, RIGHT))


async def test_a_text_that_changes_nothing_waits_no_more_and_leads_on(desk: World) -> None:
    same = await desk.press(await desk.press(await desk.drop_alone(TEXT), MINE), RIGHT)
    assert "déjà celui de la dernière version de la PA20" in words(same)
    assert isinstance(same, Message)
    assert [button.label for button in same.buttons()] == ["Partir d'un modèle", "Toutes les révisions"]
    assert "pas encore proposés" not in await desk.said("revision")


async def test_a_model_is_given_of_any_policy_and_drops_back_the_same(desk: World) -> None:
    await adopted(desk)
    asked = await desk.press(await desk.ask("revision"), "Partir d'un modèle")
    given = await desk.press(asked, "Le RG")
    assert isinstance(given, Message)
    [file] = given.files()
    assert file.name == "modele-rg.docx"
    asked = await desk.drop_alone(file.content, name=file.name)
    read = await desk.press(asked, "Une révision du RG")
    assert "déjà celui de la dernière version du RG" in words(await desk.press(read, RIGHT))


async def test_a_new_policy_is_named_in_one_form_and_proposed(desk: World) -> None:
    asked = await desk.drop_alone(CLUB)
    form = await desk.press(asked, NEW)
    assert isinstance(form, Form)
    assert [field.name for field in form.fields] == ["nom", "genre"]
    reply = await proposed(desk)
    assert "RG, première version proposée le" in words(reply)
    assert "3 clauses, 2 titres." in words(reply)
    assert "Dans son ensemble" not in words(reply)
    assert "RG, première version proposée le" in " ".join(b.label for b in (await seen(desk)).buttons())


async def test_a_first_text_is_read_and_compared_with_nothing(desk: World) -> None:
    reply = await proposed(desk)
    assert {"Comparer", "Forme ou fond"}.isdisjoint(button.label for button in reply.buttons())
    read = await desk.press(reply, "Lire le texte")
    assert isinstance(read, Message)
    quote = desk.archive.library.quote(read.quotes()[0])
    assert quote.caption == "RG, 1.1, texte proposé"
    assert not read.quotes()[0].marks
    assert "janvier" not in words(read), "no version came before"
    assert "ajout" not in words(read)
    announced = await desk.press(reply, "Voir l'avis")
    assert isinstance(announced, Message)
    assert "Ce qui change" not in [button.label for button in announced.buttons()]
    assert "ce qui a changé" not in words(announced)


COMING = "Le RG, pas encore en vigueur"


async def test_a_text_that_is_approved_for_later_is_offered_to_the_next_file(desk: World) -> None:
    await desk.press(await proposed(desk), "Approuver", adoptee="2026-11-20", effet="2027-03-01")
    asked = await desk.drop_alone(CLUB.replace("au gymnase", "à la salle"))
    reply = await desk.press(await desk.press(asked, COMING), RIGHT)
    assert "RG, révision proposée le" in words(reply)
    assert "Une clause modifiée" in words(reply)


async def test_a_text_that_awaits_approval_is_offered_to_the_next_file(desk: World) -> None:
    await proposed(desk)
    asked = await desk.drop_alone(CLUB.replace("au gymnase", "à la salle"))
    read = await desk.press(asked, COMING)
    assert "RG\u00a0: ce que j'ai lu" in words(read)
    await desk.press(read, RIGHT)
    labels = [button.label for button in (await seen(desk)).buttons() if "RG" in button.label]
    day = "24\u00a0novembre\u00a02026"
    assert labels == [f"RG, première version proposée le {day} ({place})" for place in (2, 1)]


async def test_two_files_of_one_name_that_wait_are_told_apart(desk: World) -> None:
    for text in (CLUB, CLUB.replace("au gymnase", "à la salle")):
        await desk.press(await desk.drop_alone(text, name="rg.md"), NEW, nom="RG", genre="masculin")
    shown = await seen(desk)
    assert [button.label for button in shown.buttons()][:2] == ["Reprendre rg.md (2)", "Reprendre rg.md (1)"]
    texts = set[str]()
    for label in ("Reprendre rg.md (2)", "Reprendre rg.md"):
        proposal = await desk.press(await desk.press(await seen(desk), label), RIGHT)
        read = await desk.press(proposal, "Lire le texte")
        assert isinstance(read, Message)
        texts.add(str(desk.archive.library.quote(read.quotes()[1])))
    assert len(texts) == 2


async def test_a_past_day_of_effect_that_the_text_says_is_offered_without_that_of_its_adoption(
    desk: World,
) -> None:
    text = CLUB + "- 2.2 Le présent règlement entre en vigueur le 01.01.2025.\n"
    read = await desk.press(await desk.drop_alone(text), NEW, nom="RG", genre="masculin")
    form = await desk.press(await desk.press(read, RIGHT), "Approuver")
    assert isinstance(form, Form)
    values = {field.name: field.value for field in form.fields if isinstance(field, DateField)}
    assert values == {"adoptee": "", "effet": "2025-01-01"}


async def test_a_remark_that_several_clauses_share_is_made_once(desk: World) -> None:
    text = CLUB.replace("Les Grimpettes.", "« Les Grimpettes ».").replace("gymnase.", "« gymnase ».")
    reply = await desk.press(await desk.drop_alone(text), NEW, nom="RG", genre="masculin")
    shown = words(await desk.press(reply, RIGHT))
    assert shown.count("Une espace insécable manque") == 1
    assert "• 1.1, 1.2\u00a0: Une espace insécable manque" in shown


async def test_a_remark_that_forty_clauses_share_is_still_read(desk: World) -> None:
    text = "# Règlement du club\n\n## ARTICLE 1 : LE CLUB\n\n" + "".join(
        f"- 1.{at} La salle {at} du club est un « gymnase ».\n" for at in range(1, 41)
    )
    reply = await desk.press(await desk.drop_alone(text), NEW, nom="RG", genre="masculin")
    shown = words(await desk.press(reply, RIGHT))
    assert "• 1.1, 1.2, 1.3, 1.4, 1.5 et 35 autres\u00a0: Une espace insécable manque" in shown


async def test_the_parts_of_a_text_are_counted_alike_wherever_they_are(desk: World, tmp_path: Path) -> None:
    text = CLUB + "- 2.2 Il faut :\n\n    a) une corde;\n\n    b) un casque.\n"
    reply = await desk.press(await desk.drop_alone(text), NEW, nom="RG", genre="masculin")
    (tmp_path / "rg.md").write_text(text, "utf-8")
    printed = CliRunner().invoke(vigie, ["importer", str(tmp_path / "rg.md")]).stdout
    [counted] = re.findall(r"^\d+ clauses, .*(?=\.$)", printed, re.MULTILINE)
    assert "2 alinéas" in counted
    assert counted in words(reply)


async def test_a_first_text_is_not_called_a_revision(desk: World) -> None:
    reply = await proposed(desk)
    form = await desk.press(reply, "Approuver")
    assert isinstance(form, Form)
    assert form.title == "Approuver ce texte"
    done = await desk.press(reply, "Approuver", adoptee="2026-11-20", effet="2026-11-24")
    assert "Première version approuvée" in words(done)
    assert isinstance(done, Message)
    assert "La première version" in [button.label for button in done.buttons()]
    asked = words(await desk.press(reply, "Retirer"))
    assert "Retirer cette première version?" in asked


async def seen(desk: World) -> Message:
    reply = await desk.ask("revision")
    assert isinstance(reply, Message)
    return reply


@pytest.mark.parametrize("name", ["PA20", "pa20", "la PA20", "12", "…", "é è", "R", "x" * 41])
async def test_a_name_that_cannot_be_is_refused_where_it_was_typed(desk: World, name: str) -> None:
    reply = await desk.press(await desk.drop_alone(CLUB), NEW, nom=name, genre="masculin")
    assert isinstance(reply, Message)
    assert list(reply.problems) == ["nom"]
    assert "Aucune révision" in await desk.said("revision")


async def test_nothing_is_served_of_a_new_policy_before_its_day(desk: World) -> None:
    await proposed(desk)
    assert "rg" not in desk.archive.library.policies
    assert "Je ne connais pas" in await desk.said("politique rg1:1.1")
    assert sorted(path.name for path in (desk.volume).rglob("*.md")) == []


async def test_once_in_force_it_is_cited_and_announced_to_everyone_concerned(desk: World) -> None:
    def enter(db: Database) -> None:
        membership.enter(db, persons.known(db, ALEX), "officer", membership.BY_HAND, desk.today)

    await desk.run(enter)
    await adopted(desk)
    policy = desk.archive.library.policies["rg"]
    assert (policy.name, policy.name.the) == ("RG", "le RG")
    reply = await desk.ask("politique rg:1.2", ALEX)
    assert isinstance(reply, Message)
    assert desk.archive.library.quote(reply.quotes()[0]).caption == "RG, 1.2"
    sent = [text for texts in desk.posts["slack"].received.values() for text in texts]
    announcement = next(text for text in sent if "Une nouvelle politique\u00a0: le RG" in text)
    assert (
        "Adopté le 20\u00a0novembre\u00a02026, en vigueur depuis le 24\u00a0novembre\u00a02026."
        in announcement
    )
    assert (desk.volume / "politique/rg/2026-11-20.md").read_text() == CLUB
    assert "n'a pas été révisé depuis" in await desk.said("nouveautes rg", ALEX)


async def test_it_is_still_there_after_a_restart_even_without_its_files(tmp_path: Path) -> None:
    database = tmp_path / "vigie.db"
    with world(tmp_path, database=database) as desk:
        await adopted(desk)
    for path in (tmp_path / "donnees/politique/rg").iterdir():
        path.unlink()
    (tmp_path / "donnees/politique/rg").rmdir()
    with world(tmp_path, database=database, start="2026-11-25T15:00:00Z") as desk:
        assert desk.archive.library.policies["rg"].name.the == "le RG"
        revised = CLUB.replace("au gymnase", "à la salle d'escalade")
        read = await desk.press(await desk.drop_alone(revised), "Une révision du RG")
        reply = await desk.press(read, RIGHT)
        assert "Une clause modifiée" in words(reply)


async def test_two_policies_are_announced_each_for_its_day_whatever_becomes_of_the_other(
    tmp_path: Path,
) -> None:
    """One is announced while the other is proposed, then approved and announced, over restarts."""
    database = tmp_path / "vigie.db"
    revised = CLUB.replace("au gymnase", "à la salle d'escalade")
    with world(tmp_path, database=database) as desk:
        await adopted(desk)
        await desk.enters(ALEX)
        pa20 = await desk.drop(REVISED)
        asked = await desk.press(await desk.drop_alone(revised), "Une révision du RG")
        rg = await desk.press(asked, RIGHT)
        dates = {"adoptee": "2026-11-21", "effet": "2027-03-01"}
        ahead = command(await desk.press(rg, "Approuver", **dates), "L'annoncer dès maintenant")
        approve = command(pa20, "Approuver")
    with world(tmp_path, database=database, start="2026-11-25T15:00:00Z") as desk:
        await desk.press(await desk.ask(ahead), "L'annoncer")
        await desk.beat()
        [message] = in_channel(desk)
        assert "Le RG sera révisé le 1er\u00a0mars\u00a02027" in message
        approved = await desk.ask(approve, adoptee="2026-11-20", effet="2027-02-01")
        await desk.press(await desk.press(approved, "L'annoncer dès maintenant"), "L'annoncer")
    with world(tmp_path, database=database, start="2026-11-26T15:00:00Z") as desk:
        await desk.beat()
        [message] = in_channel(desk)
        assert "La PA20 sera révisée le 1er\u00a0février\u00a02027" in message
        assert "La PA20" not in await desk.said("nouveautes rg", ALEX)
        assert "1er\u00a0février\u00a02027" in await desk.said("nouveautes pa20", ALEX)
        assert "1er\u00a0mars\u00a02027" in await desk.said("nouveautes rg", ALEX)
    with world(tmp_path, database=database, start="2027-02-01T15:00:00Z") as desk:
        await desk.beat()
        [message] = [text for text in in_channel(desk) if "révisé" in text]
        assert "La PA20 a été révisée" in message
        assert "À venir" in await desk.said("nouveautes rg", ALEX)
        withdrawing = (await desk.run(lambda db: revisions.list_revisions(db, "rg")))[0].id
        await desk.press(await desk.ask(f"revision retirer {withdrawing}"), "Retirer")
        await desk.beat()
        assert (
            "La révision du RG annoncée pour le 1er\u00a0mars\u00a02027 est retirée" in in_channel(desk)[-1]
        )
        assert "À venir" not in await desk.said("nouveautes", ALEX)


def in_channel(desk: World) -> list[str]:
    """Return what the channel of announcements received since the bot started."""
    return desk.posts["discord"].received.get(f"channel:{CHANNEL}", [])


async def test_a_proposal_survives_a_restart_and_can_be_withdrawn(tmp_path: Path) -> None:
    database = tmp_path / "vigie.db"
    with world(tmp_path, database=database) as desk:
        await proposed(desk)
    with world(tmp_path, database=database, start="2026-11-25T15:00:00Z") as desk:
        label = next(button.label for button in (await seen(desk)).buttons() if "RG" in button.label)
        shown = await desk.press(await seen(desk), label)
        assert "RG, première version proposée le" in words(shown)
        assert "Approuver" in " ".join(b.label for b in shown.buttons())  # type: ignore[union-attr]


async def test_a_name_in_the_plural_is_called_so(desk: World) -> None:
    reply = await desk.press(
        await proposed(desk, "Statuts", "masculin pluriel"),
        "Approuver",
        adoptee="2026-11-20",
        effet="2026-11-24",
    )
    assert "prend effet dans un instant" in words(reply)
    await desk.beat()
    name = desk.archive.library.policies["statuts"].name
    assert (name.the, name.of) == ("les Statuts", "des Statuts")
