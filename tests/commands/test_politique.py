"""`/politique`, as a person uses it: through the dispatcher."""

from __future__ import annotations

import pytest

from bot.commands import politique
from bot.conversation.dispatcher import Dispatcher
from bot.conversation.messages import Button, Message, Quoter, weight
from bot.conversation.requests import Place, Request
from bot.policy.library import Library
from tests.kits.answers import clauses, labels, words


async def ask(dispatcher: Dispatcher, text: str, place: Place = "direct") -> Message:
    reply = await dispatcher.handle(dispatcher.from_text(f"/politique {text}", place=place))
    assert isinstance(reply, Message)
    return reply


async def test_a_clause_is_quoted_with_where_it_stands_and_when_it_was_revised(
    dispatcher: Dispatcher, quote: Quoter
) -> None:
    reply = await ask(dispatcher, "5.10")
    assert clauses(reply) == ["5.10"]
    assert quote(reply.quotes()[0]).caption == "PA20, 5.10 (invitation)"
    assert "Ne pas agir à titre de porte-parole ou mandataire" in words(reply)
    assert "Version révisée le 13\u00a0décembre\u00a02015" in words(reply)
    assert labels(reply) == ["← 5.9", "5.11 →", "Article\u00a05", "Lire avec 5.11"]
    assert not reply.public


async def test_in_a_channel_a_clause_can_be_shared_and_nothing_says_by_whom(dispatcher: Dispatcher) -> None:
    reply = await ask(dispatcher, "5.10", "channel")
    share = next(button for button in reply.buttons() if button.label == "Partager ici")
    assert isinstance(share, Button)
    shared = await dispatcher.handle(dispatcher.from_command(share.command, place="channel"))
    assert isinstance(shared, Message)
    assert shared.public
    assert clauses(shared) == ["5.10"]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("5,10", ["5.10"]),
        ("article cinq point dix", ["5.10"]),
        ("5.1 à 5.4", ["5.1", "5.2", "5.3", "5.4"]),
        ("5.9 et 5.10", ["5.9", "5.10"]),
        ("PA20 7.2", ["7.2"]),
        ("pa20:5.10", ["5.10"]),
        ("cr3:4.2.1", ["4.2.1"]),
        ("article 2", ["2"]),
        ("article 7", ["7.1", "7.2", "7.3"]),
        ("cr3 article 4.2.2 à 4.2.4", ["4.2.2", "4.2.3", "4.2.4"]),
        ("6.1 ça dit quoi", ["6.1"]),
        ("Que dit l'article 6?", ["6.1", "6.2"]),
    ],
)
async def test_clauses_are_found_by_number(dispatcher: Dispatcher, text: str, shown: list[str]) -> None:
    assert clauses(await ask(dispatcher, text)) == shown


@pytest.mark.parametrize("article", [f"{policy}:{n}" for policy in ("pa20", "cr3") for n in range(1, 8)])
async def test_a_whole_article_is_read_page_by_page_and_nothing_is_cut(
    dispatcher: Dispatcher, library: Library, quote: Quoter, article: str
) -> None:
    policy, number = article.split(":")
    read: list[str] = []
    pages, reply = 0, await ask(dispatcher, article)
    while pages := pages + 1:
        read += [f"{q.clause} {q.start}" for q in reply.quotes()]
        assert (
            sum(weight(span.text) for q in reply.quotes() for line in quote(q).paragraphs for span in line)
            < 3_800
        )
        following = [b for b in reply.buttons() if b.label.startswith("Page suivante")]
        if not following:
            break
        assert isinstance(following[0], Button)
        reply = await ask(dispatcher, following[0].command.removeprefix("politique "))
    expected = [
        str(c.number) for c in library.policies[policy].versions[0].clauses() if str(c.article) == number
    ]
    assert read == [f"{clause} 0" for clause in expected]


async def test_a_long_article_shows_its_subheadings(dispatcher: Dispatcher) -> None:
    assert "Maîtriser le site et envisager l'impact du contenu diffusé" in words(
        await ask(dispatcher, "article 5")
    )


async def test_a_number_that_does_not_exist_says_so_and_proposes_the_nearest(dispatcher: Dispatcher) -> None:
    reply = await ask(dispatcher, "5.19")
    assert words(reply) == "La clause 5.19 n'existe pas dans la PA20. Cherchiez-vous 5.9 ou 5.18?"
    assert labels(reply) == ["5.9", "5.18", "Table des matières"]


async def test_where_nothing_is_near_the_table_of_contents_is_proposed(dispatcher: Dispatcher) -> None:
    reply = await ask(dispatcher, "quatre-vingt-dix-neuf")
    assert words(reply) == "L'article\u00a099 n'existe pas dans la PA20. Ses articles vont de 1 à 7."
    assert labels(reply) == ["Table des matières"]
    assert labels(await ask(dispatcher, "quarante-deux")) == ["4.2", "Table des matières"]


async def test_an_article_that_does_not_exist_says_so(dispatcher: Dispatcher) -> None:
    assert words(await ask(dispatcher, "article 8")).startswith("L'article\u00a08 n'existe pas dans la PA20.")


async def test_a_policy_that_is_not_known_says_which_are(dispatcher: Dispatcher) -> None:
    assert "Je ne connais pas la politique «\u00a0pa21\u00a0»" in words(await ask(dispatcher, "pa21:5.10"))


async def test_no_argument_shows_the_table_of_contents(dispatcher: Dispatcher) -> None:
    reply = await ask(dispatcher, "")
    assert labels(reply) == [f"Article\u00a0{n}" for n in range(1, 8)]
    assert "5. Lignes directrices visant l'utilisation en dehors des heures de travail" in words(reply)


async def test_words_show_the_passage_in_bold(dispatcher: Dispatcher, quote: Quoter) -> None:
    reply = await ask(dispatcher, "altérer sa valeur")
    bold = [s.text for line in quote(reply.quotes()[0]).paragraphs for s in line if s.style == "bold"]
    assert bold == ["altérer", "valeur"]


async def test_a_misspelt_word_is_understood(dispatcher: Dispatcher) -> None:
    assert clauses(await ask(dispatcher, "harselement"))[0] == "5.17"


async def test_a_misspelling_is_answered_by_what_may_have_been_meant(library: Library) -> None:
    reply = politique.show(library, Request("politique", "harselement"))
    assert "Vouliez-vous dire «\u00a0harcèlement\u00a0»?" in words(reply)
    button = next(b for b in reply.buttons() if b.label.startswith("Chercher"))
    assert isinstance(button, Button)
    found = politique.show(library, Request("politique", button.command.removeprefix("politique ")))
    assert clauses(found)[0] == "5.17"


async def test_nothing_found_says_whom_to_ask(dispatcher: Dispatcher) -> None:
    assert "Vous pouvez vous adresser au conseil exécutif (article\u00a01)." in words(
        await ask(dispatcher, "stationnement")
    )


async def test_clauses_to_be_read_together_say_why(dispatcher: Dispatcher) -> None:
    reply = await ask(dispatcher, "5.10 et 5.11")
    assert words(reply).startswith("À lire ensemble. Que faire devant des informations négatives")


async def test_every_button_of_every_answer_leads_somewhere(dispatcher: Dispatcher) -> None:
    seen: set[str] = set()
    waiting = ["vigie", "politique 5.10", "politique harselement", "politique 5.19", "politique logo"]
    while waiting:
        command = waiting.pop()
        if command in seen:
            continue
        seen.add(command)
        reply = await dispatcher.handle(dispatcher.from_command(command, place="channel"))
        if isinstance(reply, Message):
            assert "Pardon" not in words(reply), command
            assert "n'existe pas" not in words(reply) or "5.19" in command
            waiting += [b.command for b in reply.buttons() if isinstance(b, Button)]
    assert len(seen) > 70


@pytest.mark.parametrize(
    ("typed", "first", "count"),
    [
        ("", "article 1", 7),
        ("5.1", "5.1", 10),
        ("5", "article 5", 19),
        ("5,10", "5.10", 1),
        ("logo", "5.13", 1),
        ("zzz", None, 0),
    ],
)
async def test_suggestions_rank_by_what_is_typed(
    dispatcher: Dispatcher, typed: str, first: str | None, count: int
) -> None:
    suggestions = [each for each in await dispatcher.suggest("politique", typed) if ":" not in each.text]
    assert len(suggestions) == count, "those of the default policy"
    assert first is None or suggestions[0].text == first


@pytest.mark.parametrize("text", ["5.10 d)", "pa20:5.10 (d)", "alinéa d) de 5.10", "5.10, alinéa d"])
async def test_an_item_that_a_clause_has_not_is_said_not_to_be_there(
    dispatcher: Dispatcher, text: str
) -> None:
    reply = await ask(dispatcher, text)
    assert clauses(reply) == ["5.10"]
    assert "La clause 5.10 n'a pas d'alinéa d)\u00a0: la voici" in words(reply)


async def test_an_article_without_that_item_is_masculine(dispatcher: Dispatcher) -> None:
    assert "L'article\u00a02 n'a pas d'alinéa b)\u00a0: le voici" in words(
        await ask(dispatcher, "article 2, alinéa b")
    )


@pytest.mark.parametrize(
    ("text", "note"),
    [
        ("5.5 al. 2", "La clause 5.5 ne numérote pas ses alinéas\u00a0: la voici au complet."),
        ("article 1, alinéa 3", "L'article\u00a01 ne numérote pas ses alinéas\u00a0: le voici"),
        ("5.5 al. 3", "La clause 5.5 n'a pas d'alinéa 3\u00a0: la voici"),
        ("art 5 al 2", "L'article\u00a05 n'a pas d'alinéa 2\u00a0: le voici"),
    ],
)
async def test_a_paragraph_without_a_number_is_not_said_to_be_missing(
    dispatcher: Dispatcher, text: str, note: str
) -> None:
    assert words(await ask(dispatcher, text)).startswith(note)


@pytest.mark.parametrize("text", ["5.10", "5.10 (voir 5.11)", "6.1 ça dit quoi"])
async def test_nothing_is_said_of_items_when_none_is_asked_for(dispatcher: Dispatcher, text: str) -> None:
    assert "alinéa" not in words(await ask(dispatcher, text))
