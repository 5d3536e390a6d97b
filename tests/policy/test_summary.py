"""A comparison in words, its redline, and what links two clauses: each limit, and each wording."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest

from bot.policy import articles
from bot.policy.articles import Number, Version
from bot.policy.changes import redline
from bot.policy.changes.comparison import Change, ChangeKind, Comparison, Nature, compare
from bot.policy.changes.lexicon import HABIT, word_checker
from bot.policy.changes.summary import (
    change_subject,
    clauses_to_read,
    count_changes,
    describe_change,
    describe_heading,
    foremost,
)
from tests.policy.test_comparison import TEXTS, changes, numbered, version

E, S = Nature.EDITORIAL, Nature.SUBSTANTIVE
K = ChangeKind
TEN = version(
    "5 Usages",
    *(f"5.{at} {text}" for at, text in enumerate((*TEXTS, *TEXTS), 1)),
    "6 Sanctions",
    "6.1 Un avis est remis.",
)


def change(kind: ChangeKind, old: str = "", new: str = "", nature: Nature = S) -> Change:
    return Change(kind, tuple(old.split()), tuple(new.split()), nature)


def comparison(*made: Change) -> Comparison:
    return Comparison(TEN, TEN, made)


def title(number: Number, of: Version) -> str:
    article = of.article(number)
    return article.title if article else ""


UNCHANGED = comparison()
CHANGED = [change(K.CHANGED, f"5.{at}", f"5.{at}") for at in range(1, 13)]


@pytest.mark.parametrize(
    ("made", "words"),
    [
        ([], "aucune clause changée"),
        (CHANGED[:1], "une clause modifiée"),
        (CHANGED[:2], "deux clauses modifiées"),
        (CHANGED[:9], "neuf clauses modifiées"),
        (CHANGED[:10], "10 clauses modifiées"),
        ([change(K.CHANGED, "5.1", "5.1", E)], "une clause corrigée"),
        ([change(K.RENUMBERED, "5.1", "5.2", E)], "une clause renumérotée"),
        ([change(K.RENUMBERED, "5.1", "5.2")], "une clause modifiée"),
        ([change(K.MOVED, "5.1", "6.2")], "une clause déplacée"),
        ([change(K.MERGED, "5.1 5.2 5.3", "5.1")], "trois clauses réunies"),
        ([change(K.SPLIT, "5.1", "5.1 5.2")], "une clause scindée"),
        (
            [
                change(K.RENUMBERED, "5.4", "5.5", E),
                change(K.REMOVED, "5.3"),
                change(K.ADDED, new="5.2"),
                change(K.ADDED, new="5.3"),
                change(K.CHANGED, "5.6", "5.6", E),
                change(K.CHANGED, "5.1", "5.1"),
            ],
            "une clause modifiée, deux ajoutées, une retirée, une renumérotée, une corrigée",
        ),
    ],
)
def test_changes_are_counted_in_words(made: list[Change], words: str) -> None:
    assert count_changes(comparison(*made)) == words


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (change(K.ADDED, new="5.2"), "5.2, ajoutée"),
        (change(K.CHANGED, "5.2", "5.2"), "5.2, modifiée"),
        (change(K.CHANGED, "5.2", "5.2", E), "5.2, corrigée"),
        (change(K.REMOVED, "5.2"), "5.2, retirée"),
        (change(K.REMOVED, "5"), "article\u00a05, retiré"),
        (change(K.SPLIT, "5.2", "5.2 5.3 5.4"), "5.2, scindée en 5.2, 5.3 et 5.4"),
        (change(K.MERGED, "5.2 5.3", "5.2"), "5.2 et 5.3, réunies en 5.2"),
        (change(K.MOVED, "5.2", "6.1", E), "5.2, déplacée en 6.1"),
        (change(K.MOVED, "5.2", "6.1"), "5.2, déplacée en 6.1 et modifiée"),
        (change(K.RENUMBERED, "5.10", "5.11"), "5.10, devenue 5.11 et modifiée"),
        (change(K.RENUMBERED, "5.10", "5.11", E), "5.10, devenue 5.11"),
    ],
)
def test_a_change_in_words(made: Change, words: str) -> None:
    assert describe_change(comparison(made), made) == words


def test_a_paragraph_that_is_called_by_its_article_agrees_with_it() -> None:
    before = "## Article 1 – Dons\n\n**1** Tout don est déclaré.\n\n**2** Un reçu est remis.\n"
    first = "## Article 1 – Prêts\n\nTout prêt est consigné dans le cahier du local.\n\n"
    texts = [before, first + before.replace("Article 1", "Article 2")]
    old, new = (
        articles.parse(f"# Règlement\n\n{text}", policy="r", adopted=date(2026, 1, 1)) for text in texts
    )
    made = compare(old, new)
    assert [describe_change(made, each).replace("\u00a0", " ") for each in made.changes] == [
        "article 1, ajouté",
        "article 1, 1, devenu article 2, 1",
        "article 1, 2, devenu article 2, 2",
    ]


def test_the_three_most_important_changes_in_the_order_of_the_text() -> None:
    formal = [
        change(K.RENUMBERED, "5.1", "5.2", E),
        change(K.CHANGED, "5.2", "5.3", E),
        change(K.MOVED, "5.3", "6.1", E),
        change(K.MERGED, "5.4 5.5", "5.4", E),
        change(K.SPLIT, "5.6", "5.6 5.7", E),
    ]
    assert foremost(comparison(*formal)) == tuple(formal[2:])
    removed, added, changed = change(K.REMOVED, "5.9"), change(K.ADDED, new="5.8"), CHANGED[9]
    moved = change(K.MOVED, "5.11", "6.2")
    assert foremost(comparison(*formal, moved, changed, added, removed)) == (changed, added, removed)
    assert foremost(comparison(*formal, moved)) == (formal[3], formal[4], moved)
    assert foremost(comparison()) == ()


def test_a_change_s_subject_and_the_clauses_to_read() -> None:
    assert change_subject(title, UNCHANGED, change(K.REMOVED, "6.1")) == "Sanctions"
    assert change_subject(title, UNCHANGED, change(K.MOVED, "6.1", "5.2")) == "Usages"
    assert change_subject(title, UNCHANGED, change(K.REMOVED, "9.1")) == ""
    made = comparison(
        *[change(K.SPLIT, "5.1", "5.1 5.2"), change(K.CHANGED, "5.3", "5.3", E), change(K.REMOVED, "5.4")],
        *[change(K.ADDED, new="5.5"), change(K.MERGED, "5.6 5.7", "5.5")],
    )
    assert clauses_to_read(made) == tuple(map(Number, ("5.1", "5.2", "5.5")))


# --- What is linked ----------------------------------------------------------------------------

BUDGET = "Le budget est déposé en septembre par la trésorerie."
NEAR = "Le budget est adopté en octobre par le conseil."  # likeness 0.32: linked at its own place only
FAR = "Le budget est voté par le secrétariat avant le congrès annuel."  # likeness 0.20: never linked


def test_a_clause_barely_alike_is_the_same_at_its_place_only() -> None:
    def found(old: list[str], new: list[str]) -> list[tuple[str, str, str, str]]:
        return changes(version(*numbered(1, old)), version(*numbered(1, new)))

    others = TEXTS[1:]
    changed = [("changed", "1.1", "1.1", "substantielle")]
    apart = [("removed", "1.1", "", "substantielle"), ("added", "", "1.1", "substantielle")]
    assert found([BUDGET, *others], [NEAR, *others]) == changed
    assert found([BUDGET, *others], [FAR, *others]) == apart
    elsewhere = found([BUDGET, *others], [*others, NEAR])
    assert ("removed", "1.1", "", "substantielle") in elsewhere
    assert ("added", "", "1.6", "substantielle") in elsewhere


def test_the_very_words_of_a_clause_are_that_clause_whatever_is_at_its_place() -> None:
    almost = BUDGET.replace("septembre", "octobre")
    old = version(*numbered(1, [BUDGET, *TEXTS[1:3]]))
    new = version(*numbered(1, [almost, *TEXTS[1:3], BUDGET]))
    assert changes(old, new) == [
        ("added", "", "1.1", "substantielle"),
        ("renumbered", "1.1", "1.4", "editoriale"),
    ]


def test_among_clauses_of_the_same_words_numbers_decide_then_order() -> None:
    old = version(*numbered(1, [BUDGET, TEXTS[1], BUDGET]))
    new = version(*numbered(1, [BUDGET, TEXTS[1], TEXTS[2], BUDGET, BUDGET]))
    assert changes(old, new) == [
        ("added", "", "1.3", "substantielle"),
        ("renumbered", "1.3", "1.4", "editoriale"),
        ("added", "", "1.5", "substantielle"),
    ]


def test_of_two_clauses_as_alike_the_one_with_the_number_is_the_same() -> None:
    one, other = (BUDGET.replace("septembre", month) for month in ("mars", "juin"))
    old = version(*numbered(1, [*TEXTS[1:3], BUDGET, *TEXTS[3:]]))
    before = version(*numbered(1, [*TEXTS[1:3], one, other, *TEXTS[3:]]))
    assert changes(old, before)[0] == ("changed", "1.3", "1.3", "substantielle")
    assert changes(old, before)[1] == ("added", "", "1.4", "substantielle")


def test_a_clause_out_of_another_is_a_part_of_it_rather_than_what_is_barely_alike() -> None:
    near = "Le budget est déposé en octobre par le conseil et ses membres."
    old = version(*numbered(1, [f"{TEXTS[1]}\n\n{near}", BUDGET, *TEXTS[2:]]))
    new = version(*numbered(1, [TEXTS[1], near, *TEXTS[2:]]))
    assert changes(old, new) == [
        ("split", "1.1", "1.1 1.2", "editoriale"),
        ("removed", "1.2", "", "substantielle"),
    ]
    assert changes(new, old) == [
        ("merged", "1.1 1.2", "1.1", "editoriale"),
        ("added", "", "1.2", "substantielle"),
    ]
    # What the whole did not lose is no part of it.
    with_both = version(*numbered(1, [f"{TEXTS[1]} Un avis suit.\n\n{near}", near, *TEXTS[2:]]))
    both = [("changed", "1.1", "1.1", "substantielle"), ("changed", "1.2", "1.2", "substantielle")]
    assert changes(old, with_both) == both
    assert changes(with_both, old) == both


def test_a_clause_that_gave_a_part_and_took_another_clause_is_split_or_merged_but_not_both() -> None:
    long, gala, ball = " ".join(TEXTS), "Un gala clôt la session.", "Le bal a lieu au printemps."
    between = "Une affiche rappelle le couvre-feu."
    old = version(*numbered(1, [f"{long}\n\n{gala}", between, ball]))
    new = version(*numbered(1, [f"{long}\n\n{ball}", between, gala]))
    assert changes(old, new) == [
        ("split", "1.1", "1.1 1.3", "substantielle"),
        ("removed", "1.3", "", "substantielle"),
    ]
    assert changes(new, old) == [
        ("merged", "1.1 1.3", "1.1", "substantielle"),
        ("added", "", "1.3", "substantielle"),
    ]


def test_the_first_clause_of_a_renumbered_article_is_found_by_its_place() -> None:
    alike = "Le budget est déposé en octobre avec le plan annuel."
    old = version(*numbered(1, [BUDGET, *TEXTS[1:]]))
    new = version(*numbered(2, [alike, *TEXTS[1:]]))
    assert changes(old, new)[0] == ("renumbered", "1.1", "2.1", "substantielle")


def test_removed_clauses_come_after_those_that_preceded_them() -> None:
    old = version(*numbered(1, ["Une affiche rappelle le couvre-feu.", *TEXTS, "Un gala clôt la session."]))
    new = version(*numbered(1, [TEXTS[0], *TEXTS[2:], "Le bal a lieu au printemps."]))
    assert [kind for kind, *_ in changes(old, new)] == [
        *["removed", "renumbered", "removed"],
        *["renumbered"] * 4,
        *["removed", "added"],
    ]
    assert [line[1] for line in changes(old, new) if line[0] == "removed"] == ["1.1", "1.3", "1.8"]


def test_an_article_is_the_same_by_its_clauses_its_title_then_its_number() -> None:
    def titled(*parts: tuple[int, str, list[str]]) -> list[str]:
        return [
            line
            for number, title, texts in parts
            for line in [
                f"{number} {title}",
                *(f"{number}.{at} {text}" for at, text in enumerate(texts, 1)),
            ]
        ]

    def kinds(old: list[str], new: list[str]) -> dict[str, str]:
        return {" ".join(one.old): one.kind.value for one in compare(version(*old), version(*new)).changes}

    # Most clauses decide against the number.
    old = titled((1, "Budget", TEXTS[:3]), (2, "Vie", TEXTS[3:]))
    new = titled((1, "Objet", [TEXTS[0], TEXTS[3], TEXTS[4]]), (2, "Autre", [TEXTS[1], TEXTS[2], TEXTS[5]]))
    found = kinds(old, new)
    assert [found[key] for key in ("1.1", "1.2", "1.3", "2.3")] == [
        "moved",
        "renumbered",
        "renumbered",
        "moved",
    ]
    # The title decides between two halves, against the number.
    new = titled((1, "Objet", TEXTS[:1]), (2, "Budget", TEXTS[1:2]), (3, "Vie", TEXTS[3:]))
    assert kinds(titled((1, "Budget", TEXTS[:2]), (2, "Vie", TEXTS[3:])), new)["1.1"] == "moved"
    # The number decides between two halves without titles in common.
    new = titled((1, "Objet", TEXTS[:1]), (2, "Argent", TEXTS[1:2]), (3, "Vie", TEXTS[3:]))
    assert kinds(titled((1, "Budget", TEXTS[:2]), (2, "Vie", TEXTS[3:])), new)["1.2"] == "moved"
    new = titled((2, "Objet", TEXTS[:1]), (1, "Argent", TEXTS[1:2]), (3, "Vie", TEXTS[3:]))
    assert kinds(titled((1, "Budget", TEXTS[:2]), (2, "Vie", TEXTS[3:])), new)["1.1"] == "moved"


@pytest.mark.parametrize(
    ("heavy", "nature"),
    [
        (7, S),  # half of fourteen
        (8, Nature.RESTRUCTURED),
    ],
)
@pytest.mark.parametrize(
    "make",
    [
        lambda at: change(K.CHANGED, f"5.{at}", f"5.{at}"),
        lambda at: change(K.REMOVED, f"5.{at}"),
        lambda at: change(K.ADDED, new=f"5.{at}"),
    ],
)
def test_a_text_is_restructured_when_more_than_half_changed(
    make: Callable[[int], Change], heavy: int, nature: Nature
) -> None:
    whole = version(*numbered(5, [f"Règle {at}." for at in range(14)]))
    made = Comparison(whole, whole, tuple(make(at) for at in range(1, heavy + 1)))
    assert made.nature is nature


def test_moves_count_for_a_restructuring_but_alone_are_of_form() -> None:
    assert comparison(*[change(K.MOVED, f"5.{at}", f"6.{at}", E) for at in range(1, 8)]).nature is (
        Nature.RESTRUCTURED
    )
    assert comparison(change(K.MOVED, "5.1", "6.2", E)).nature is E
    assert comparison(*[change(K.RENUMBERED, f"5.{at}", f"5.{at + 1}", E) for at in range(1, 9)]).nature is E


# --- The redline -------------------------------------------------------------------------------


def test_the_words_of_each_clause_of_a_change() -> None:
    whole = f"{TEXTS[0]}\n\n{TEXTS[1]}\n\n{TEXTS[2]}"
    old = version(*numbered(1, [whole, TEXTS[4], TEXTS[5]]))
    new = version(*numbered(1, [*TEXTS[:3], TEXTS[4], "Un gala clôt la session."]))
    made = compare(old, new)
    by_key = {one.key: redline.passages(made, one) for one in made.changes}
    assert by_key["1.1"] == tuple((f"1.{at}", ((("equal", TEXTS[at - 1]),),)) for at in (1, 2, 3))
    assert by_key["1.4"] == ()
    assert by_key["-1.3"] == (("1.3", ((("delete", TEXTS[5]),),)),)
    assert by_key["1.5"] == (("1.5", ((("insert", "Un gala clôt la session."),),)),)


def test_what_is_deleted_between_two_clauses_goes_with_the_first() -> None:
    old = version(*numbered(1, [f"{TEXTS[0]}\n\nSauf avis.\n\n{TEXTS[1]}", TEXTS[2]]))
    new = version(*numbered(1, [TEXTS[0], TEXTS[1], TEXTS[2]]))
    made = compare(old, new)
    first, second = redline.passages(made, made.changes[0])
    assert first == ("1.1", ((("equal", TEXTS[0]),), (("delete", "Sauf avis."),)))
    assert second == ("1.2", ((("equal", TEXTS[1]),),))


@pytest.mark.parametrize(("times", "known"), [(HABIT - 1, False), (HABIT, True)])
def test_a_word_is_known_by_habit(times: int, *, known: bool) -> None:
    check = word_checker(["Un qarbu, ", "qarbu " * (times - 1)])
    assert check("qarbu") is known
    assert check("membre")


# --- Articles, containers, titles and items --------------------------------------------------------

STATUTES = """# Statuts

## TITRE I – Nom

### Article 1

Le nom est le Club des jardins du fleuve, fondé en 1990.

### Article 2

Le siège est à Valbrume, dans la maison du parc municipal.

## TITRE II – Membres

### Article 3 – Cotisation

La cotisation annuelle est fixée par l'assemblée selon ces critères :

a) l'âge de la personne;

b) le revenu déclaré du ménage;

c) la distance du jardin.

### Article 4

Un membre qui déménage perd son lot de jardin à la fin de la saison.

### Article 5

Les clés du cabanon sont remises au début du mois de mai par la trésorerie.
"""
LEAVING = "### Article 4\n\nUn membre qui déménage perd son lot de jardin à la fin de la saison.\n\n"


OPENING = "### Article 3\n\nLe potager ouvre à midi.\n\n"


def edited(*pairs: tuple[str, str]) -> tuple[str, list[str]]:
    """Return how the changes of the statutes are counted, then each in words."""
    text = STATUTES
    for old, new in pairs:
        assert text.count(old) == 1
        text = text.replace(old, new)
    made = compare(*(articles.parse(each, policy="x", adopted=date(2026, 1, 1)) for each in (STATUTES, text)))
    words = [describe_change(made, one) for one in made.changes]
    words += [describe_heading(made, heading) for heading in made.headings]
    return count_changes(made), [word.replace("\u00a0", " ") for word in words]


@pytest.mark.parametrize(
    ("edits", "counted", "words"),
    [
        (
            [
                (
                    "TITRE II – Membres",
                    f"TITRE II – Lieux\n\n{OPENING}## TITRE III – Membres",
                ),
                ("Article 3 – Cot", "Article 4 – Cot"),
                ("Article 4\n\nUn", "Article 5\n\nUn"),
                ("Article 5\n\nLes", "Article 6\n\nLes"),
            ],
            "un article ajouté, un intitulé changé",
            [
                "article 3, ajouté",
                "article 3, devenu article 4",
                "article 4, devenu article 5",
                "article 5, devenu article 6",
                "titre II « Lieux », ajouté",
                "titre II, devenu titre III",
            ],
        ),
        (
            [
                ("b) le revenu", "b) la taille du lot;\n\nc) le revenu"),
                ("c) la distance", "d) la distance"),
                ("– Cotisation\n", "– Cotisation et frais\n"),
            ],
            "un article modifié, un intitulé changé",
            [
                "article 3, modifié (alinéas : b) ajouté; b) et c) devenus c) et d))",
                "article 3, intitulé « Cotisation et frais » plutôt que « Cotisation »",
            ],
        ),
        (
            [
                (LEAVING, ""),
                ("### Article 2", f"{LEAVING.replace('4', '2')}### Article 3"),
                ("Article 3 – Cot", "Article 4 – Cot"),
            ],
            "un article déplacé",
            [
                "article 4, déplacé en article 2",
                "article 2, devenu article 3",
                "article 3, devenu article 4",
            ],
        ),
        (
            [(LEAVING, LEAVING.removeprefix("### Article 4\n\n")), ("Article 5", "Article 4")],
            "deux articles réunis",
            ["articles 3 et 4, réunis en article 3", "article 5, devenu article 4"],
        ),
        (
            [
                (
                    "c) la distance",
                    "c) les heures de bénévolat faites l'an dernier;\n\nd) la distance",
                )
            ],
            "un article modifié",
            ["article 3, modifié (alinéas : c) ajouté; c) devenu d))"],
        ),
        ([("## TITRE II – Membres\n\n", "")], "un intitulé changé", ["titre II « Membres », retiré"]),
        ([(" – Membres", "")], "un intitulé changé", ["titre II, désormais sans titre"]),
        (
            [("## TITRE II – Membres\n\n", ""), ("### Article 5", "## TITRE II – Membres\n\n### Article 5")],
            "deux articles déplacés",
            [
                "article 3, déplacé dans le titre I",
                "article 4, déplacé dans le titre I",
            ],
        ),
        ([(LEAVING, "")], "un article retiré", ["article 4, retiré"]),
    ],
)
def test_articles_containers_titles_and_items_in_words(
    edits: list[tuple[str, str]], counted: str, words: list[str]
) -> None:
    assert edited(*edits) == (counted, words)


def test_a_title_that_changed_is_told_even_under_another_number() -> None:
    old = version(
        "1 Règles", "1.1 Le budget est voté.", "2 Rôles", "2.1 La présidence convoque les réunions."
    )
    new = version(
        *("1 Objet", "1.1 Une affiche rappelle le couvre-feu.", "2 Règles", "2.1 Le budget est voté."),
        *("3 Charges", "3.1 La présidence convoque les réunions."),
    )
    made = compare(old, new)
    assert [describe_heading(made, heading).replace("\u00a0", " ") for heading in made.headings] == [
        "article 1 « Objet », ajouté",
        "article 1, devenu article 2",
        "article 2, devenu article 3, intitulé « Charges » plutôt que « Rôles »",
    ]
    assert compare(old, old).headings == ()
