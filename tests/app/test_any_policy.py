"""Nothing is particular to PA20: any policy that can be read can be asked, shared and shown everywhere."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.answers.guidance import Guidance
from bot.app.examples import examples
from bot.commands.answers import Wording
from bot.conversation.dispatcher import Dispatcher
from bot.conversation.messages import Button, Message
from bot.policy import articles, loading
from bot.policy.annotations import read_annotations
from bot.policy.articles import Number
from bot.policy.library import Library, Policy, Reading
from bot.settings import SEED
from tests.conftest import TEST_DATA, TODAY
from tests.kits.office import TextBot, offices, working
from tests.platforms.test_hostile_text import check_everywhere

ORDINARY = st.lists(st.sampled_from(["la", "règle", "du", "comité", "s'applique", "à", "toute", "personne."]))
HEAVY = st.sampled_from(["." * 900, "|---|---| " * 80, "a" * 3_000, "- * _ ` " * 200, "mot " * 1_600])
WORDS = st.one_of(ORDINARY.map(" ".join), HEAVY).map(lambda text: f"Voici {text} fin")


def written(clauses: list[list[str]]) -> str:
    """Return the Markdown of a policy: for each article, its clauses' texts."""
    lines = []
    for number, texts in enumerate(clauses, 1):
        lines.append(f"## ARTICLE {number} : TITRE {number}\n")
        lines += [f"- {number}.{at} {text}\n" for at, text in enumerate(texts, 1)]
    return "\n".join(lines)


def library_of(markdown: str) -> Library:
    version = articles.parse(markdown, policy="essai", adopted=date(2020, 1, 1))
    none = read_annotations({}, version, "essai")
    return Library({"essai": Policy("essai", (version,), version, none)}, "essai", lambda: TODAY)


async def read_through(library: Library, first: str) -> str:
    """Follow « Page suivante » from `first` to the end; return the words quoted, in order."""
    words_read, line = "", first
    with working(library) as dispatcher:
        for _ in range(200):
            reply = await dispatcher.handle(dispatcher.from_command(f"politique {line}", place="channel"))
            assert isinstance(reply, Message)
            check_everywhere(reply, library.quote)
            for quote in reply.quotes():
                words_read += " " + " ".join(
                    span.text for part in library.quote(quote).paragraphs for span in part
                )
            following = [
                b for b in reply.buttons() if isinstance(b, Button) and b.label.startswith("Page suivante")
            ]
            if not following:
                return words_read
            line = following[0].command.removeprefix("politique ")
    raise AssertionError("the pages never end")


def bare(text: str) -> str:
    return "".join(text.replace("[…]", "").replace("«", "").replace("»", "").split())


@settings(max_examples=25)
@given(st.lists(st.lists(WORDS, min_size=1, max_size=4), min_size=1, max_size=3))
async def test_every_word_of_any_article_can_be_read_page_by_page(clauses: list[list[str]]) -> None:
    library = library_of(written(clauses))
    for number, texts in enumerate(clauses, 1):
        version = library.default.versions[0]
        expected = bare("".join(clause.text for clause in version.within(Number(str(number)))))
        assert bare(await read_through(library, f"article {number}")) == expected
        first = version.clause(Number(f"{number}.1"))
        assert first is not None
        assert bare(await read_through(library, f"{number}.1")) == bare(first.text), texts[0][:40]


@settings(max_examples=10)
@given(st.lists(st.lists(WORDS, min_size=1, max_size=3), min_size=1, max_size=3))
async def test_any_clause_can_be_found_shared_or_kindly_refused(clauses: list[list[str]]) -> None:
    library = library_of(written(clauses))
    with working(library) as dispatcher:
        for line in ("partager 1.1", "politique voici", "politique fin", "politique mot", "politique"):
            reply = await dispatcher.handle(dispatcher.from_command(line, place="channel"))
            check_everywhere(reply, library.quote)
            assert isinstance(reply, Message)
            assert "Pardon" not in " ".join(reply.own_words())


ORDER = """# Règlement des séances

2.1.5 Convocation

La présidence convoque.

2.1.6 Ordre du jour

On suit cet ordre :

1) l'accueil;

2) les procès-verbaux :

    a) celui de la dernière séance;

    b) ceux des comités;

3) le budget;

4) la levée.

2.1.7 Vote

    1 Le vote est à main levée.

    2 Il est secret si une personne le veut.
"""


@pytest.mark.parametrize("length", ["court", "long"])
@pytest.mark.parametrize(
    ("typed", "quoted"),
    [
        ("2.1.6, 4", "4) la levée."),
        ("2.1.6,4", "4) la levée."),
        ("2.1.6 4)", "4) la levée."),
        ("art. 2.1.6 (4)", "4) la levée."),
        ("alinéa 4 de 2.1.6", "4) la levée."),
        ("Qu'est-ce que dit 2.1.6, 4?", "4) la levée."),
        ("2.1.6, 2, b", "b) ceux des comités;"),
        ("2.1.6 2) b)", "b) ceux des comités;"),
        ("art. 2.1.6, al. 2, let. b", "b) ceux des comités;"),
        ("2.1.7, 2", "Il est secret si une personne le veut."),
    ],
)
async def test_an_item_is_quoted_by_itself_however_long_its_clause_is(
    typed: str, quoted: str, length: str
) -> None:
    longer = ORDER.replace("le budget", "le budget" + " et ses annexes" * (300 if length == "long" else 1))
    library = library_of(longer)
    with working(library) as dispatcher:
        reply = await dispatcher.handle(dispatcher.from_command(f"politique {typed}"))
    assert isinstance(reply, Message)
    [quote] = reply.quotes()
    words = " ".join(span.text for part in library.quote(quote).paragraphs for span in part)
    assert bare(words).endswith(bare(quoted))
    assert len(bare(words)) - len(bare(quoted)) <= len("1.")


@pytest.mark.parametrize("typed", ["2.1.64", "2.1.6.4"])
async def test_a_number_that_is_not_written_is_not_that_of_an_item(typed: str) -> None:
    with working(library_of(ORDER)) as dispatcher:
        reply = await dispatcher.handle(dispatcher.from_command(f"politique {typed}"))
    assert isinstance(reply, Message)
    assert "n'existe pas" in " ".join(reply.own_words())


@pytest.mark.parametrize("typed", ["2.1.7, 9", "2.1.7 9", "art. 2.1.7, 9?"])
async def test_a_part_that_a_clause_has_not_is_no_missing_article(typed: str) -> None:
    with working(library_of(ORDER)) as dispatcher:
        reply = await dispatcher.handle(dispatcher.from_command(f"politique {typed}"))
    assert isinstance(reply, Message)
    assert " ".join(reply.own_words()).startswith("La clause 2.1.7 n'a pas d'alinéa 9\u00a0: la voici")
    assert [quote.clause for quote in reply.quotes()] == ["2.1.7, 1", "2.1.7, 2"]


@pytest.mark.parametrize("typed", ["2.1.7, 9, 2.1.5", "2.1.7 (9) et 2.1.5"])
async def test_what_is_asked_with_a_part_that_is_missing_is_quoted_too(typed: str) -> None:
    with working(library_of(ORDER)) as dispatcher:
        reply = await dispatcher.handle(dispatcher.from_command(f"politique {typed}"))
    assert isinstance(reply, Message)
    assert " ".join(reply.own_words()).startswith("La clause 2.1.7 n'a pas d'alinéa 9\u00a0: la voici")
    assert [quote.clause for quote in reply.quotes()] == ["2.1.7, 1", "2.1.7, 2", "2.1.5"]


@pytest.mark.parametrize(
    ("typed", "policy", "clauses"),
    [
        ("20.2", "tarifs", ["20, 2"]),
        ("l'article 20.2", "tarifs", ["20, 2"]),
        ("alinéa 2 du 20", "tarifs", ["20, 2"]),
        ("20, 9", "tarifs", ["20, 1", "20, 2"]),
        ("2.1.5", "essai", ["2.1.5"]),
    ],
)
async def test_what_the_default_policy_has_not_is_looked_for_in_the_others(
    typed: str, policy: str, clauses: list[str]
) -> None:
    versions = [
        articles.parse(text, policy=name, adopted=date(2020, 1, 1))
        for name, text in (
            ("essai", ORDER),
            ("tarifs", "# Tarifs\n\n## Art. 20 Version\n\n**1** Il sert.\n\n**2** Il dure.\n"),
        )
    ]
    policies = {
        each.policy: Policy(each.policy, (each,), each, read_annotations({}, each, each.policy))
        for each in versions
    }
    library = Library(policies, "essai", lambda: TODAY)
    with working(library) as dispatcher:
        reply = await dispatcher.handle(dispatcher.from_command(f"politique {typed}"))
    assert isinstance(reply, Message)
    assert [(quote.policy, quote.clause) for quote in reply.quotes()] == [(policy, each) for each in clauses]


async def test_sixty_articles_have_a_table_of_contents_in_pages() -> None:
    library = library_of(written([["Un texte."]] * 60))
    with working(library) as dispatcher:
        seen: list[str] = []
        for page in (1, 2, 3):
            reply = await dispatcher.handle(dispatcher.from_text(f"/politique essai:page {page}"))
            check_everywhere(reply, library.quote)
            assert isinstance(reply, Message)
            seen += [button.label for button in reply.buttons() if button.label.startswith("Article")]
    assert seen == [f"Article\u00a0{n}" for n in range(1, 61)]


def test_every_command_and_example_works_with_another_policy_as_the_default() -> None:
    library = loading.load_library([SEED, TEST_DATA], "cr3", lambda: TODAY)
    with working(library) as dispatcher:
        viser = dispatcher.command("viser")
    assert viser is not None
    assert viser.shortcut() == "Ce qu'en dit le CR3"
    with offices() as office:
        for reply in examples(TextBot(library, office)).values():
            check_everywhere(reply, library.quote)


def test_a_button_says_what_a_clause_is_about_when_nobody_has_said_it() -> None:
    """It has the clause's own title or, without one, its first words: not the headings that many share."""
    library = library_of(
        "# Règlement\n\n## TITRE I – Quais\n\n### Sous-section 1 – Amarres\n\n"
        "#### 1.1 Usage\n\nOn s'amarre à deux.\n\n**1.2** On vérifie chaque nœud.\n"
    )
    with offices() as office:
        wording = Wording(Reading(library.default, library.default.versions[0]), Guidance(), office, "direct")
        labels = [wording.subject(clause.number) for clause in wording.reading.version.clauses()]
    assert labels == ["1.1 · Usage", "1.2 · On vérifie chaque nœud."]


@pytest.mark.parametrize(
    "clauses", [[["Un."]], [["Un.", "Deux."]], [["Un.", "Deux.", "Trois."]], [["Un."], ["Deux."]]]
)
def test_every_example_works_with_a_policy_of_a_few_clauses(clauses: list[list[str]]) -> None:
    library = library_of(written(clauses))
    with offices() as office:
        for reply in examples(TextBot(library, office)).values():
            check_everywhere(reply, library.quote)


def test_a_version_of_tomorrow_is_neither_quoted_nor_searched_today(tmp_path: Path) -> None:
    folder = tmp_path / "politique/essai"
    folder.mkdir(parents=True)
    (folder / "2020-01-01.md").write_text(written([["Le chat dort sur la chaise du comité."]]))
    tomorrow = TODAY + timedelta(days=1)
    (folder / f"{tomorrow}.md").write_text(written([["Le perroquet parle."]]))
    library = loading.load_library([tmp_path], "essai", lambda: TODAY)
    current = library.current(library.default)
    assert current.adopted == date(2020, 1, 1)
    assert library.default.index(current).search("perroquet") == []
    assert len(library.default.index(current).search("chat")) == 1


def test_a_force_that_was_given_to_other_words_is_not_shown(tmp_path: Path) -> None:
    folder = tmp_path / "politique/essai"
    folder.mkdir(parents=True)
    (folder / "2020-01-01.md").write_text(written([["Vous pouvez entrer.", "Toujours pareil."]]))
    (folder / "2021-01-01.md").write_text(written([["Vous ne pouvez pas entrer.", "Toujours pareil."]]))
    (folder / "annotations.toml").write_text('[force]\n"1.1" = "interdiction"\n"1.2" = "portée"\n')
    policy = loading.load_library([tmp_path], "essai", lambda: TODAY).default
    old = policy.versions[0]
    assert [policy.label(clause) for clause in old.clauses()] == ["", "portée"]


@pytest.mark.parametrize("typed", ["cr3:4.2", "cr3:", "CR3 musique"])
async def test_a_suggestion_of_another_policy_leads_to_what_it_shows(
    dispatcher: Dispatcher, typed: str
) -> None:
    for suggestion in await dispatcher.suggest("politique", typed):
        reply = await dispatcher.handle(dispatcher.from_text(f"/politique {suggestion.text}"))
        assert isinstance(reply, Message)
        assert {quote.policy for quote in reply.quotes()} == {"cr3"}
