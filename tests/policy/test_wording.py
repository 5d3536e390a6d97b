"""Corrections are told from changes of meaning, word by word, at each limit."""

from __future__ import annotations

import string

import pytest

from bot.policy.changes.wording import LONG, Proofreader, agree, normalized, word_diff

REAL = {
    "minimum",
    "maximum",
    "ans",
    "an",
    "port",
    "portage",
    "vote",
    "note",
    "les",
    "suivants",
    "dans",
    "dont",
    "donc",
}


def same(old: str, new: str, moved: dict[str, str] | None = None) -> bool:
    """Return whether the texts say the same, in both directions, for a reader of few words."""
    there, back = Proofreader(REAL.__contains__, moved or {}), Proofreader(REAL.__contains__, {})
    answer = there.same(old, new)
    if not moved:
        assert back.same(new, old) is answer
    return answer


@pytest.mark.parametrize(
    ("word", "figure"),
    [
        *[("deux", 2), ("trois", 3), ("quatre", 4), ("cinq", 5), ("six", 6), ("sept", 7), ("huit", 8)],
        *[("neuf", 9), ("dix", 10), ("onze", 11), ("douze", 12), ("treize", 13), ("quatorze", 14)],
        *[("quinze", 15), ("seize", 16)],
        *[("vingt", 20), ("trente", 30), ("quarante", 40), ("cinquante", 50), ("soixante", 60)],
        *[("cent", 100), ("mille", 1000)],
    ],
)
def test_a_number_in_letters_is_that_number_in_figures(word: str, figure: int) -> None:
    assert same(f"Un délai de {word} jours.", f"Un délai de {figure} jours.")
    for other in (figure - 1, figure + 1):
        assert not same(f"Un délai de {word} jours.", f"Un délai de {other} jours.")


@pytest.mark.parametrize(
    ("old", "new", "correction"),
    [  # one slip in words of 2 to 5 letters, two from 6 to 10, three from 11 on
        ("k", "q", False),
        ("ka", "qa", True),
        ("ka", "qi", False),
        ("karbu", "qarbu", True),
        ("karbu", "qirbu", False),
        ("karbut", "qirbut", True),
        ("karbut", "qidbut", False),
        ("karbutofip", "qirbutofip", True),
        ("karbutofip", "qidbutofip", False),
        ("karbutofipa", "qidbutofipa", True),
        ("karbutofipa", "qidzutofipa", False),
        ("karbutofipas", "qidbutofipas", True),
        ("karbu", "karbutofipa", False),  # the longest of the two counts
        ("minimum", "maximum", False),  # two words that exist
        ("minimum", "manimun", True),
    ],
)
def test_slips_are_corrected_as_long_as_words_resemble_each_other(
    old: str, new: str, *, correction: bool
) -> None:
    assert same(f"Il y a {old} ici.", f"Il y a {new} ici.") is correction


@pytest.mark.parametrize(
    ("old", "new", "correction"),
    [
        # Small words and repetitions, wherever they are.
        ("le comité du conseil vote", "comité conseil vote", True),
        ("comité conseil vote", "comité conseil vote le", True),
        ("le comité vote", "le comité vote pas", False),
        ("vote vote", "vote", True),
        ("le comité comité vote", "le comité vote", True),
        ("le comité le vote note", "comité vote note note", True),
        ("le comité vote", "le comité vote comité", False),
        ("sauf note vote", "note vote", False),
        ("note note vote", "note vote", True),
        ("un délai de 10 10 jours", "un délai de 10 jours", False),
        # Words cut or joined, alone or among other corrections.
        ("il décide lors que le comité vote", "il décide lorsque le comité vote", True),
        ("il décide afin que le comité vote", "il décide afinque le comité vote", True),
        ("les menbres du koncile votent", "les membre konsile votes", True),
        ("les menbres du koncile votent", "les membre vendredi votes", False),
        ("dans les ans suivants", "dans les an 1 suivants", False),
        ("sauf avis", "avec avis", False),
        # Words that are often confused.
        ("il est tard", "il et tard", True),
        ("les textes qu il lit", "les textes que il lit", True),
        ("il est tard", "il ne tard", False),
        ("ceux dont il vote", "ceux donc il vote", True),
    ],
)
def test_words_are_added_joined_or_confused(old: str, new: str, *, correction: bool) -> None:
    assert same(old, new) is correction


@pytest.mark.parametrize(
    ("old", "new", "correction"),
    [
        ("voir la clause 5.10", "voir la clause 6.1", True),
        ("voir 5.10", "voir 6.1", True),
        ("voir la clause 5.10", "voir la clause 6.2", False),
        ("selon l'article 5", "selon l'article 6", True),
        ("selon l'art. 5", "selon l'art. 6", True),
        ("5 membres", "6 membres", False),
        ("le 5 mai", "le 6 mai", False),
        ("les 5 articles", "les 6 articles", False),
        ("selon l'article sur 5", "selon l'article sur 6", False),
        ("selon l'article 9", "selon l'article 9", True),
    ],
)
def test_only_a_reference_follows_its_clause(old: str, new: str, *, correction: bool) -> None:
    assert same(old, new, {"5.10": "6.1", "5": "6"}) is correction


@pytest.mark.parametrize("sign", [*"%‰°§$€£+=<²½"])
def test_a_sign_that_figures_count_with_is_a_word_and_punctuation_is_not(sign: str) -> None:
    assert not same(f"un taux de 5 {sign} par an", "un taux de 5 par an")
    assert same("« un taux, de 5 » : (par an) !", "Un taux de 5 par an…")


@pytest.mark.parametrize(
    ("old", "new", "correction"),
    [
        ("10 000 $", "10000 $", True),
        ("10\u00a0000\u202f000 $", "10000000 $", True),
        ("10 0000 $", "100000 $", False),
        ("les employé·e·s, les conseiller(ère)s", "les employés, les conseillers", True),
        ("1,5 voix", "1.5 voix", False),
    ],
)
def test_figures_and_inclusive_spellings_have_several_forms(old: str, new: str, *, correction: bool) -> None:
    assert same(old, new) is correction


def test_beyond_a_limit_only_the_same_words_are_the_same() -> None:
    letters = string.ascii_lowercase[:13]
    words = [f"{a}{b}{c}xyz" for a in letters for b in letters for c in letters][: LONG - 1]
    assert len(words) == LONG - 1
    assert same(" ".join([*words, "membre"]), " ".join([*words, "menbre"]))
    assert not same(" ".join([*words, "membre", "ici"]), " ".join([*words, "menbre", "ici"]))
    assert same(" ".join([*words, "membre", "ici"]), " ".join([*words, "Membre,", "ici"]))


@pytest.mark.parametrize(
    ("old", "new", "agrees"),
    [
        ("élu", "élues", True),
        ("directrice", "directeur", True),
        ("directrices", "directeurs", True),
        ("vendeuse", "vendeur", True),
        ("supérieures", "supérieur", True),
        ("dernières", "dernier", True),
        ("sportives", "sportif", True),
        ("sociale", "sociaux", True),
        ("membres", "membre", True),
        ("voté", "voter", True),
        ("votées", "voter", True),
        ("votez", "votée", True),
        ("vote", "votent", True),
        ("bon", "bonne", True),
        ("vot", "vote", True),
        ("clé", "cler", True),
        ("bé", "ber", False),  # two letters at least must remain
        ("chat", "char", False),
        ("port", "portage", False),
        ("portage", "port", False),
        ("vote", "votera", False),  # the future
        ("vote", "voterait", False),  # the conditional
        ("votera", "voterait", False),
        ("voter", "voterez", False),
        ("voterai", "voteraient", False),
        ("votera", "voteras", True),
    ],
)
def test_words_agree_when_only_gender_number_or_person_differ(old: str, new: str, *, agrees: bool) -> None:
    assert agree(old, new) is agrees
    assert agree(new, old) is agrees


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("5²", "5²"),
        ("H₂O", "H₂O"),
        ("½ ①", "½①"),
        ("ﬁn\u00a0du  mot\n", "findumot"),
        ("l\u2019e\u0301te\u0301", "l'été"),
        ("vice\u2010pré\u00adsidence\u200b", "vice-présidence"),
        ("Ｖote", "Vote"),
    ],
)
def test_the_form_of_a_text_for_comparison(text: str, form: str) -> None:
    assert normalized(text) == form


@pytest.mark.parametrize(
    ("old", "new", "runs"),
    [
        ("", "", ()),
        ("vote", "vote", (("equal", "vote"),)),
        ("vote", "", (("delete", "vote"),)),
        ("", "vote", (("insert", "vote"),)),
        (
            "la vice-présidence aux communications vote",
            "la présidence vote",
            (
                ("equal", "la "),
                ("delete", "vice-"),
                ("equal", "présidence "),
                ("delete", "aux communications "),
                ("equal", "vote"),
            ),
        ),
        (  # no word separates the two changes
            "le comité décide seul",
            "le conseil vote seul",
            (
                ("equal", "le "),
                ("delete", "comité décide"),
                ("insert", "conseil vote"),
                ("equal", " seul"),
            ),
        ),
        (  # a word does
            "le comité mixte décide",
            "le conseil mixte vote",
            (
                ("equal", "le "),
                ("delete", "comité"),
                ("insert", "conseil"),
                ("equal", " mixte "),
                ("delete", "décide"),
                ("insert", "vote"),
            ),
        ),
        (  # so does the end of a paragraph
            "comité\n\ndécide",
            "conseil\n\nvote",
            (
                ("delete", "comité"),
                ("insert", "conseil"),
                ("equal", "\n\n"),
                ("delete", "décide"),
                ("insert", "vote"),
            ),
        ),
        (  # and the end of the text
            "le comité.",
            "le conseil.",
            (("equal", "le "), ("delete", "comité"), ("insert", "conseil"), ("equal", ".")),
        ),
        (  # an insertion alone does not carry the gap after it
            "un vote",
            "un « vote »",
            (("equal", "un "), ("insert", "« "), ("equal", "vote"), ("insert", " »")),
        ),
        (
            "le  vote du 5,5 mai",
            "le vote du 5,6 mai",
            (("equal", "le vote du "), ("delete", "5,5"), ("insert", "5,6"), ("equal", " mai")),
        ),
    ],
)
def test_the_runs_of_a_redline(old: str, new: str, runs: tuple[tuple[str, str], ...]) -> None:
    assert word_diff(old, new) == runs


def test_a_clause_of_thousands_of_words_has_the_same_runs() -> None:
    long = " ".join(f"mot{at}" for at in range(LONG))
    assert word_diff(f"{long} comité", f"{long} conseil") == (
        ("equal", f"{long} "),
        ("delete", "comité"),
        ("insert", "conseil"),
    )
