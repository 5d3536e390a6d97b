"""What changed from one version to the next is found, and called what it is."""

from __future__ import annotations

from collections import Counter
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.policy import articles
from bot.policy.articles import Version
from bot.policy.changes.assignment import assign
from bot.policy.changes.comparison import Change, ChangeKind, Comparison, Nature, compare, with_decisions
from bot.policy.changes.wording import normalized, word_diff
from bot.policy.library import Library
from tests.kits import revision
from tests.kits.revision import Fact, many, mistyped_pair, revised

REVISIONS = 240
MISTYPED = 60
E, S = Nature.EDITORIAL, Nature.SUBSTANTIVE


@pytest.fixture(scope="session")
def versions(library: Library) -> tuple[Version, Version]:
    """The two policies that revisions are made of."""
    return library.policies["pa20"].versions[-1], library.policies["cr3"].versions[-1]


def facts(comparison: Comparison) -> set[Fact]:
    return {Fact(change.kind, change.old, change.new, change.nature) for change in comparison.changes}


def test_in_generated_revisions_each_change_is_found_and_named(versions: tuple[Version, Version]) -> None:
    right: Counter[ChangeKind] = Counter()
    wrong: Counter[tuple[str, ChangeKind]] = Counter()
    natures: Counter[bool] = Counter()
    for seed in many(REVISIONS):
        old = versions[seed % 2]
        draft = revised(old, seed)
        reported = {
            (fact.kind, fact.old, fact.new): fact.nature for fact in facts(compare(old, draft.version()))
        }
        truth = {(fact.kind, fact.old, fact.new): fact.nature for fact in draft.truth(old)}
        right.update(kind for kind, _, _ in reported.keys() & truth.keys())
        wrong.update(("false", kind) for kind, _, _ in reported.keys() - truth.keys())
        wrong.update(("missed", kind) for kind, _, _ in truth.keys() - reported.keys())
        natures.update(truth[key] == reported[key] for key in reported.keys() & truth.keys())
    assert set(right) == set(ChangeKind)
    for kind in ChangeKind:
        assert wrong["false", kind] <= right[kind] // 100, f"precision of {kind}: {wrong}"
        assert wrong["missed", kind] <= right[kind] // 100, f"recall of {kind}: {wrong}"
    assert natures[False] <= natures.total() // 1000


def test_corrections_of_typing_are_not_taken_for_changes_of_meaning(
    versions: tuple[Version, Version],
) -> None:
    natures: Counter[Nature] = Counter()
    for seed in many(MISTYPED):
        right = versions[seed % 2]
        wrong = mistyped_pair(right, seed).version()
        for comparison in (compare(wrong, right), compare(right, wrong)):
            assert {change.kind for change in comparison.changes} <= {ChangeKind.CHANGED}
            natures.update(change.nature for change in comparison.changes)
    assert natures[S] <= 0.005 * natures.total(), natures


# --- One thing at a time -----------------------------------------------------------------------


def version(*clauses: str, adopted: str = "2026-01-01") -> Version:
    """Return a version of these lines: « 1 Titre » opens an article, « 1.1 Texte » is a clause."""
    lines = [
        f"- {line}" if "." in line.split()[0] else "## ARTICLE {}\u00a0: {}".format(*line.split(" ", 1))
        for line in clauses
    ]
    return articles.parse("\n\n".join(lines), policy="essai", adopted=date.fromisoformat(adopted))


TEXTS = [
    "Le budget est déposé en septembre par la trésorerie.",
    "La présidence convoque les réunions du conseil.",
    "Toute dépense de plus de 200 $ exige deux signatures.",
    "Les procès-verbaux sont publiés après leur adoption.",
    "Le local est fermé à clé en dehors des heures d'ouverture.",
    "Les membres du comité suivent une formation annuelle.",
]


def numbered(article: int, texts: list[str]) -> list[str]:
    return [f"{article} Règles", *(f"{article}.{at} {text}" for at, text in enumerate(texts, 1))]


def changes(old: Version, new: Version) -> list[tuple[str, str, str, str]]:
    return [
        (change.kind.value, " ".join(change.old), " ".join(change.new), change.nature.value)
        for change in compare(old, new).changes
    ]


def test_an_insertion_renumbers_what_follows_and_nothing_else() -> None:
    longer = [*TEXTS[:2], "Une affiche rappelle le couvre-feu.", *TEXTS[2:]]
    assert changes(version(*numbered(5, TEXTS)), version(*numbered(5, longer))) == [
        ("added", "", "5.3", "substantielle"),
        ("renumbered", "5.3", "5.4", "editoriale"),
        ("renumbered", "5.4", "5.5", "editoriale"),
        ("renumbered", "5.5", "5.6", "editoriale"),
        ("renumbered", "5.6", "5.7", "editoriale"),
    ]


def test_a_clause_renumbered_and_changed_is_one_fact() -> None:
    longer = ["Une affiche rappelle le couvre-feu.", TEXTS[0].replace("septembre", "octobre"), *TEXTS[1:]]
    assert ("renumbered", "1.1", "1.2", "substantielle") in changes(
        version(*numbered(1, TEXTS)), version(*numbered(1, longer))
    )


def test_a_clause_whose_words_are_replaced_by_others_went_and_another_came() -> None:
    other = [TEXTS[0], "Une affiche rappelle le couvre-feu.", *TEXTS[2:]]
    assert changes(version(*numbered(1, TEXTS)), version(*numbered(1, other))) == [
        ("removed", "1.2", "", "substantielle"),
        ("added", "", "1.2", "substantielle"),
    ]


def test_two_clauses_that_exchange_their_places_are_renumbered_both() -> None:
    swapped = [TEXTS[1], TEXTS[0], *TEXTS[2:]]
    assert changes(version(*numbered(1, TEXTS)), version(*numbered(1, swapped))) == [
        ("renumbered", "1.2", "1.1", "editoriale"),
        ("renumbered", "1.1", "1.2", "editoriale"),
    ]


def test_two_nearly_identical_clauses_are_not_taken_for_one_another() -> None:
    near = ["Le délai est de 5 jours pour le comité.", "Le délai est de 6 jours pour le conseil."]
    changed = [near[0], near[1].replace("6", "8")]
    assert changes(version(*numbered(1, near)), version(*numbered(1, changed))) == [
        ("changed", "1.2", "1.2", "substantielle")
    ]
    assert changes(version(*numbered(1, near)), version(*numbered(1, near[::-1]))) == [
        ("renumbered", "1.2", "1.1", "editoriale"),
        ("renumbered", "1.1", "1.2", "editoriale"),
    ]


def test_a_clause_that_goes_to_another_article_is_moved() -> None:
    old = version(*numbered(1, TEXTS[:3]), *numbered(2, TEXTS[3:]))
    new = version(*numbered(1, TEXTS[:2]), *numbered(2, [*TEXTS[3:], TEXTS[2]]))
    assert changes(old, new) == [("moved", "1.3", "2.4", "editoriale")]


def test_the_clauses_of_an_article_that_has_a_new_number_are_renumbered_not_moved() -> None:
    old = version(*numbered(1, TEXTS[:3]), *numbered(2, TEXTS[3:]))
    new = version(
        *numbered(1, ["Une affiche rappelle le couvre-feu."]),
        *numbered(2, TEXTS[:3]),
        *numbered(3, TEXTS[3:]),
    )
    kinds = Counter(kind for kind, *_ in changes(old, new))
    assert kinds == {"added": 1, "renumbered": 6}


def test_a_clause_cut_in_two_with_a_few_words_changed_is_split() -> None:
    whole = f"{TEXTS[0]} {TEXTS[1]}"
    old = version(*numbered(1, [whole, *TEXTS[2:]]))
    new = version(*numbered(1, [TEXTS[0], TEXTS[1].replace("conseil", "comité exécutif"), *TEXTS[2:]]))
    assert changes(old, new)[0] == ("split", "1.1", "1.1 1.2", "substantielle")
    same = version(*numbered(1, TEXTS))
    assert changes(old, same)[0] == ("split", "1.1", "1.1 1.2", "editoriale")
    assert changes(same, old)[0] == ("merged", "1.1 1.2", "1.1", "editoriale")


def test_a_paragraph_carried_from_one_clause_to_another_changes_both() -> None:
    old = version(*numbered(1, [f"{TEXTS[0]}\n\n{TEXTS[1]}", TEXTS[2], TEXTS[3]]))
    new = version(*numbered(1, [TEXTS[0], f"{TEXTS[2]}\n\n{TEXTS[1]}", TEXTS[3]]))
    assert changes(old, new) == [
        ("changed", "1.1", "1.1", "substantielle"),
        ("changed", "1.2", "1.2", "substantielle"),
    ]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Le comité : dix membres.", "Le comité\u00a0:  dix membres."),
        ("L'équipe est élue.", "L\u2019e\u0301quipe est e\u0301lue."),
        ("Les fichiers sont affichés.", "Les \ufb01chiers sont af\ufb01chés."),
        ("Le comité est élu.", "Le co\u00admité est élu.\u200b"),
    ],
)
def test_spacing_and_the_form_of_characters_are_no_change(old: str, new: str) -> None:
    assert changes(version(*numbered(1, [old, TEXTS[0]])), version(*numbered(1, [new, TEXTS[0]]))) == []


@pytest.mark.parametrize(
    ("old", "new", "nature"),
    [
        ("Les membre du conseil sont élu.", "Les membres du conseil sont élus.", E),
        ("Elle est autorisé a publier.", "Elle est autorisée à publier.", E),
        ("le harcelement est interdit", "Le harcèlement est interdit.", E),
        ("Il faut contacter de de suite le comité.", "Il faut contacter de suite le comité.", E),
        ("Les représentants sociale votent.", "Les représentants sociaux votent.", E),
        ("Les employés signent.", "Les employé(e)s signent.", E),
        ("Le délai est de sept jours.", "Le délai est de 7 jours.", E),
        ("Vous devez lire la politique.", "Vous pouvez lire la politique.", S),
        ("Vous devez lire la politique.", "Vous devriez lire la politique.", S),
        ("La clé est remise.", "La clé n'est pas remise.", S),
        ("Le délai est de sept jours.", "Le délai est de huit jours.", S),
        ("Le budget est de 10 000 $.", "Le budget est de 10 000 %.", S),
        ("La présidence signe.", "La vice-présidence signe.", S),
        ("Le comité décide en mai.", "Le comité décide en mars.", S),
        ("Le quorum est de 1,5 voix.", "Le quorum est de 15 voix.", S),
        ("Le carré de 5² vaut.", "Le carré de 52 vaut.", S),
        ("Toute personne sans droit vote.", "Toute personne avec droit vote.", S),
        ("Le minimum est prévu.", "Le maximum est prévu.", S),
        ("Tous les membres votent, sauf la présidence.", "Tous les membres votent.", S),
    ],
)
def test_a_correction_is_told_from_a_change_of_meaning(old: str, new: str, nature: Nature) -> None:
    found = changes(version(*numbered(1, [old, *TEXTS])), version(*numbered(1, [new, *TEXTS])))
    assert found == [("changed", "1.1", "1.1", nature.value)]


def test_a_reference_that_follows_its_clause_says_the_same() -> None:
    old = version(*numbered(1, [*TEXTS, "Voir la clause 1.2 et l'article 1."]))
    shifted = ["Une affiche rappelle le couvre-feu.", *TEXTS]
    follows = version(*numbered(1, [*shifted, "Voir la clause 1.3 et l'article 1."]))
    strays = version(*numbered(1, [*shifted, "Voir la clause 1.4 et l'article 1."]))
    assert changes(old, follows)[-1] == ("renumbered", "1.7", "1.8", "editoriale")
    assert changes(old, strays)[-1] == ("renumbered", "1.7", "1.8", "substantielle")


def test_a_text_of_which_most_is_new_is_restructured() -> None:
    old = version(*numbered(1, TEXTS))
    new = version(*numbered(1, [*TEXTS[:2], *(f"Sauf avis contraire, {text.lower()}" for text in TEXTS[2:])]))
    assert compare(old, new).nature is Nature.RESTRUCTURED
    assert compare(old, version(*numbered(1, ["Une affiche rappelle le couvre-feu.", *TEXTS]))).nature is S
    assert compare(old, old).nature is E


def test_the_administration_decides_except_of_what_came_or_went() -> None:
    old = version(*numbered(1, TEXTS))
    new = version(*numbered(1, [TEXTS[0].replace("septembre", "octobre"), *TEXTS[1:], "Une affiche."]))
    comparison = compare(old, new)
    settled = with_decisions(comparison, {change.key: E for change in comparison.changes})
    assert [change.nature for change in settled.changes] == [E, S]


def test_comparing_is_the_same_each_time_and_a_version_does_not_differ_from_itself(
    versions: tuple[Version, Version],
) -> None:
    for old in versions:
        new = revised(old, 7).version()
        assert compare(old, new).changes == compare(old, new).changes
        assert compare(old, old).changes == ()


# --- Whatever the texts ------------------------------------------------------------------------

LINES = st.lists(
    st.lists(
        st.sampled_from(
            ["comité", "membre", "dix", "ne", "pas", "vote", "5.1", "1er", "l'", ",", ";", "«\u00a0»."]
        ),
        min_size=1,
        max_size=12,
    ).map(" ".join),
    min_size=1,
    max_size=8,
)


@given(LINES, LINES)
def test_each_clause_is_in_one_change_at_most_on_each_side(before: list[str], after: list[str]) -> None:
    old, new = version(*numbered(1, before)), version(*numbered(1, after))
    found = compare(old, new).changes
    assert all(min(len(change.old), len(change.new)) <= 1 for change in found)
    for side, whole in (("old", old), ("new", new)):
        listed = [number for change in found for number in getattr(change, side)]
        assert len(listed) == len(set(listed))
        assert set(listed) <= {str(clause.number) for clause in whole.clauses()}
    listed_old = {number for change in found for number in change.old}
    listed_new = {number for change in found for number in change.new}
    for clause in old.clauses():
        if str(clause.number) not in listed_old:
            twin = new.clause(clause.number)
            assert twin is not None
            assert normalized(twin.text) == normalized(clause.text)
            assert str(clause.number) not in listed_new


@given(st.text(max_size=60), st.text(max_size=60))
def test_the_runs_of_a_redline_are_the_two_texts(old: str, new: str) -> None:
    runs = word_diff(old, new)
    assert "".join(text for op, text in runs if op != "delete") == new
    assert normalized("".join(text for op, text in runs if op != "insert")) == normalized(old)


@given(st.dictionaries(st.tuples(st.integers(0, 4), st.integers(0, 4)), st.integers(1, 9), max_size=12))
def test_the_assignment_is_the_best_there_is(scores: dict[tuple[int, int], int]) -> None:
    def best(rows: list[int], taken: frozenset[int]) -> int:
        if not rows:
            return 0
        row, *rest = rows
        choices = [
            score + best(rest, taken | {column})
            for (one, column), score in scores.items()
            if one == row and column not in taken
        ]
        return max([best(rest, taken), *choices])

    pairs = assign({pair: float(score) for pair, score in scores.items()})
    assert len({one for one, _ in pairs}) == len({other for _, other in pairs}) == len(pairs)
    assert sum(scores[pair] for pair in pairs) == best(sorted({one for one, _ in scores}), frozenset())


def test_the_kit_itself_makes_every_kind_of_revision(versions: tuple[Version, Version]) -> None:
    made = {fact.kind for seed in many(40) for fact in revised(versions[0], seed).truth(versions[0])}
    assert made == set(ChangeKind)
    assert revision.revised(versions[0], 3).markdown() == revision.revised(versions[0], 3).markdown()
    assert Change(ChangeKind.REMOVED, ("5.3",), (), S).key == "-5.3"
