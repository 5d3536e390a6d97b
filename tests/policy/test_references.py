"""Numbers in any writing that people use."""

from __future__ import annotations

import time
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.policy import articles, references
from bot.policy.articles import Number
from bot.policy.library import Library


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("5.10", ["5.10"]),
        ("5,10", ["5.10"]),
        ("art. 5.10", ["5.10"]),
        ("Art 5.10", ["5.10"]),
        ("l'article 5.10", ["5.10"]),
        ("l’article 5.10", ["5.10"]),
        ("de l'article 5.10?", ["5.10"]),
        ("article cinq point dix", ["5.10"]),
        ("cinq point dix-huit", ["5.18"]),
        ("Article quatre point deux point un", ["4.2.1"]),
        ("la clause 5.10", ["5.10"]),
        ("point 3.3", ["3.3"]),
        ("paragraphe 7.3", ["7.3"]),
        ("§ 5.4", ["5.4"]),
        ("5.1 à 5.4", ["5.1 à 5.4"]),
        ("5.1-5.4", ["5.1 à 5.4"]),
        ("articles 5.1 à 5.4", ["5.1 à 5.4"]),
        ("de 5,1 à 5,4", ["5.1 à 5.4"]),
        ("cinq point un à cinq point quatre", ["5.1 à 5.4"]),
        ("5.4 à 5.1", ["5.1 à 5.4"]),
        ("5.9 et 5.10", ["5.9", "5.10"]),
        ("5.9, 5.10 et 5.11", ["5.9", "5.10", "5.11"]),
        ("5.1,5.2", ["5.1", "5.2"]),
        ("5. 10", ["5.10"]),
        ("5 . 10", ["5.10"]),
        ("art.5.10", ["5.10"]),
        ("Art.5", ["5"]),
        ("5.1 à 10", ["5.1 à 5.10"]),
        ("5.1/5.4", ["5.1", "5.4"]),
        ("article  \t 5.10", ["5.10"]),
        ("article 5", ["5"]),
        ("article premier", ["1"]),
        ("artcile 5", ["5"]),
        ("Aticle 5.10", ["5.10"]),
        ("larticle 5.10", ["5.10"]),
        ("la cluase cinq point dix", ["5.10"]),
        ("5", ["5"]),
    ],
)
def test_a_number_is_read_however_it_is_written(library: Library, text: str, meant: list[str]) -> None:
    reference = references.parse_reference(text, library.default.versions[0])
    assert reference is not None
    assert [str(span) for span in reference.spans] == meant
    assert reference.exact


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("une photo d'un collègue, est-ce l'article 5.5?", ["5.5"]),
        ("que disent 5.9 et un ami de 20 ans", ["5.9"]),
    ],
)
def test_in_a_sentence_only_what_can_only_be_a_clause_is_kept(
    library: Library, text: str, meant: list[str]
) -> None:
    reference = references.parse_reference(text, library.default.versions[0])
    assert reference is not None
    assert [str(span) for span in reference.spans] == meant


BARE = """# Règlement du quai

## I. Amarres

### Art. 1 Usage

**1** On s'amarre à deux.

**2** On vérifie le nœud.

### Art. 2 Prêt

Le prêt dure un jour.

## II. Départ

### Art. 3 Signal

On siffle deux fois.
"""


def spans_in(source: str, text: str) -> list[str]:
    """Return what a text cites of a policy, written as in the policy."""
    version = articles.parse(source, policy="quai", adopted=date(2024, 5, 1))
    reference = references.parse_reference(text, version)
    return [str(span) for span in reference.spans] if reference else []


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("titre II", "II"),
        ("chapitre 2", "II"),
        ("la partie I", "I"),
        ("deuxième paragraphe de l'article 1", "1, 2"),
        ("le premier alinéa de 1", "1, 1"),
        ("2e alinéa de l'art. 1", "1, 2"),
        ("Que dit le deuxième alinéa de l'article 1?", "1, 2"),
        ("alinéa 2 de l'article 1", "1, 2"),
        ("article 1, par. 2", "1, 2"),
        ("1 par. 2", "1, 2"),
        ("article 2", "2"),
    ],
)
def test_a_part_is_found_by_what_people_call_it(text: str, meant: str) -> None:
    assert spans_in(BARE, text) == [meant]


NESTED = """# Règlement du quai

## Art. 13 Tarifs

**1** L'accès est gratuit.

**3** Une place comprend :

    a. un anneau;

    b. un casier.

## Art. 20 Version

**1** Ce texte remplace l'ancien.

**2** Il prend effet en mai.
"""


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("alinéa 3 du 13, lettre b", "13, 3 b."),
        ("lettre b de l'alinéa 3 du 13", "13, 3 b."),
        ("lettre b) du troisième alinéa de l'article 13", "13, 3 b."),
        ("l'alinéa 3 b du 13", "13, 3 b."),
        ("alinéa 3, lettre b, de l'article 13", "13, 3 b."),
        ("art. 13, 3e alinéa, lettre b", "13, 3 b."),
        ("Que dit la lettre b du troisième alinéa de l'article 13?", "13, 3 b."),
        ("13.3 b", "13, 3 b."),
        ("20.2", "20, 2"),
        ("l'article 20.2", "20, 2"),
    ],
)
def test_an_item_of_a_paragraph_is_found_in_whatever_order_people_say_it(text: str, meant: str) -> None:
    assert spans_in(NESTED, text) == [meant]


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("13 al. 1 et 3", ["13, 1", "13, 3"]),
        ("article 20 alinéas 1 et 2", ["20, 1", "20, 2"]),
        ("art. 20, al. 1 à 2", ["20, 1 à 20, 2"]),
        ("art. 20 al. 1 et art. 13", ["20, 1", "13"]),
        ("13, al. 3, let. a et b", ["13, 3 a.", "13, 3 b."]),
        ("20 al. 1 et 13", ["20, 1", "13"]),
        ("20, 1, 13, 3", ["20, 1", "13, 3"]),
    ],
)
def test_several_items_of_a_clause_are_said_after_its_number_once(text: str, meant: list[str]) -> None:
    assert spans_in(NESTED, text) == meant


def test_the_items_of_an_article_are_not_the_articles_of_the_same_numbers() -> None:
    assert spans_in(BARE, "art. 1, al. 1 et 2") == ["1, 1", "1, 2"]
    assert spans_in(BARE, "art. 1, al. 2 et 3") == ["1, 2", "3"], "there is no third"


@pytest.mark.parametrize(
    ("text", "meant"),
    [("13 b", "13, 3 b."), ("article 13 let. a", "13, 3 a."), ("la lettre b de l'article 13", "13, 3 b.")],
)
def test_an_item_is_found_without_its_paragraph_where_one_alone_has_it(text: str, meant: str) -> None:
    assert spans_in(NESTED, text) == [meant]


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("II, 3", "3"),
        ("titre I, article 2", "2"),
        ("titre III", "titre III"),
        ("chapitre IV", "chapitre IV"),
        ("article 2 bis", "2 bis"),
        ("3ter", "3 ter"),
    ],
)
def test_a_part_is_found_in_its_title_and_one_that_is_not_there_stays_as_it_is_said(
    text: str, meant: str
) -> None:
    assert spans_in(BARE, text) == [meant]


def test_the_number_of_a_house_is_no_article(library: Library) -> None:
    version = library.default.origin
    assert references.parse_reference("j'étais au 12 bis rue des Forges, puis-je publier?", version) == (
        references.Reference((references.NumberSpan(Number("12 bis"), Number("12 bis")),), False, False)  # noqa: FBT003 — neither exact nor marked
    )
    for named in ("que dit l'article 5 bis là-dessus?", "que dit 5.10 bis là-dessus?"):
        reference = references.parse_reference(named, version)
        assert reference is not None
        assert reference.marked, named


@pytest.mark.parametrize(
    ("absent", "near", "named"),
    [
        ("2 bis", "2", "L'article\u00a02 bis"),
        ("titre IV", "II", "Le titre IV"),
        ("partie V", "II", "La partie V"),
    ],
)
def test_a_part_that_is_not_there_is_named_as_it_is_said_beside_its_nearest(
    absent: str, near: str, named: str
) -> None:
    version = articles.parse(BARE, policy="quai", adopted=date(2024, 5, 1))
    assert references.nearest(Number(absent), version) == (Number(near),)
    assert version.named(Number(absent)).The == named


@pytest.mark.parametrize(
    ("text", "inside", "item"),
    [
        ("alinéa 3 du 13, lettre z", "13, 3", "z"),
        ("13, 1, a", "13, 1", "a"),
        ("13 al. 7", "13", "7"),
        ("art 13 al 1 let a", "13, 1", "a"),
        ("art. 13, al. 3, let. z", "13, 3", "z"),
        ("13, 9", "13", "9"),
        ("article 20 9", "20", "9"),
    ],
)
def test_what_is_missing_is_missing_from_the_innermost_part_that_is_there(
    text: str, inside: str, item: str
) -> None:
    version = articles.parse(NESTED, policy="quai", adopted=date(2024, 5, 1))
    assert references.absent_item(text, version) == (Number(inside), item)
    assert spans_in(NESTED, text)[:1] == [inside], "and it is shown"


SECTIONS = """# Règlement du quai

## TITRE 1 – LE QUAI

### Section 1 – Amarres

#### Sous-section 1 – Usage

**1.1** On s'amarre à deux.

**1.2** On vérifie le nœud.

#### Sous-section 2 – Prêt

**1.2** Le prêt dure un jour.

### Section 2 – Départ

**1.3** On siffle.
"""


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("sous-section 9", "la sous-section 9"),
        ("section 9", "la section 9"),
        ("titre 7", "le titre 7"),
        ("titre 1", "le titre 1"),
        ("section 2", "la section 2"),
        ("sous-section 2", "la sous-section 2"),
    ],
)
def test_a_part_is_named_by_its_own_word_whether_the_text_has_it_or_not(text: str, name: str) -> None:
    version = articles.parse(SECTIONS, policy="quai", adopted=date(2024, 5, 1))
    reference = references.parse_reference(text, version)
    assert reference is not None
    [span] = reference.spans
    assert version.named(span.first).the.replace("\u00a0", " ") == name
    for number in version.numbers():
        word = version.named(number)
        assert word.the.startswith("le titre" if word.startswith("titre") else ("la ", "l'")), word


def test_a_page_can_be_asked(library: Library) -> None:
    reference = references.parse_reference("article 5 page 2", library.default.versions[0])
    assert reference is not None
    assert (str(reference.spans[0]), reference.page) == ("5", 2)


@pytest.mark.parametrize(
    "text",
    [
        "la cause 5",
        "en classe 3",
        "j'ai payé 5 piasses",
        "il a 20 ans",
        "5.1O",
        "24/7 au bureau",
        "10 heures par semaine",
        "rapport 5",
        "à cause de 5 ou 6",
    ],
)
def test_a_mere_figure_in_a_sentence_is_not_marked_as_a_reference(library: Library, text: str) -> None:
    reference = references.parse_reference(text, library.default.versions[0])
    assert reference is None or not (reference.exact or reference.marked)


@pytest.mark.parametrize("text", ["logo", "", "?!", "harcèlement au travail"])
def test_words_without_a_number_hold_no_reference(library: Library, text: str) -> None:
    assert references.parse_reference(text, library.default.versions[0]) is None


@pytest.mark.parametrize(
    ("text", "policy", "rest"),
    [
        ("pa20:5.10", "pa20", "5.10"),
        ("PA20 7.2", "pa20", "7.2"),
        ("PA 20, article 5", "pa20", "article 5"),
        ("l'article 5 de la PA20", "pa20", "l'article 5 de la"),
        ("cr3:4.2.1", "cr3", "4.2.1"),
        ("régie de la radio 3.3", "cr3", "3.3"),
        ("pa21:5.10", "pa21", "5.10"),
        ("5.10", None, "5.10"),
        ("note : 5.10", None, "note : 5.10"),
    ],
)
def test_a_policy_can_be_named(library: Library, text: str, policy: str | None, rest: str) -> None:
    assert library.naming.split(text) == (policy, rest)


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("pa20: et le logo?", "et le logo?"),
        ("PA20, et le logo?", "et le logo?"),
        ("pa21: et le logo?", "et le logo?"),
        ("Qui doit lire la PA20?", "Qui doit lire la PA20?"),
        ("PA20 en bref", "PA20 en bref"),
        ("note : et le logo?", "note : et le logo?"),
    ],
)
def test_a_policys_name_is_left_where_it_is_part_of_the_question(
    library: Library, text: str, asked: str
) -> None:
    assert library.naming.unaddressed(text) == asked


@pytest.mark.parametrize(
    ("typed", "proposed"),
    [
        ("5.19", ["5.9", "5.18"]),
        ("51", ["5.1"]),
        ("5.100", ["5.10", "5.18"]),
        ("8.1", ["7.1"]),
        ("4.3", ["4.2"]),
    ],
)
def test_a_number_that_does_not_exist_has_near_ones(
    library: Library, typed: str, proposed: list[str]
) -> None:
    version = library.default.versions[0]
    near = [str(number) for number in references.nearest(Number(typed), version)]
    assert set(proposed) <= set(near)


@given(st.text(max_size=200))
def test_any_text_is_read_without_failing(library: Library, text: str) -> None:
    references.parse_reference(text, library.default.versions[0])


@given(st.lists(st.integers(0, 999), min_size=1, max_size=4))
def test_a_number_of_an_article_or_beside_one_has_something_near_and_others_only_a_slip(
    library: Library, parts: list[int]
) -> None:
    number, version = Number(".".join(map(str, parts))), library.default.versions[0]
    near = references.nearest(number, version)
    last = int(str(version.articles[-1].number))
    assert bool(near) or parts[0] > last + 2
    for one in near:
        typed, other = str(number), str(one)
        slip = any(
            longer[:at] + longer[at + 1 :] == shorter
            for longer, shorter in ((typed, other), (other, typed))
            for at in range(len(longer))
        )
        assert slip or abs(int(other.partition(".")[0]) - parts[0]) <= 2


@pytest.mark.parametrize(("typed", "near"), [("99", []), ("99.1", []), ("42", ["4.2"]), ("51", ["5.1"])])
def test_of_a_number_that_is_far_from_all_only_a_slip_is_near(
    library: Library, typed: str, near: list[str]
) -> None:
    found = references.nearest(Number(typed), library.default.versions[0])
    assert [str(one) for one in found] == near


def test_an_item_is_looked_for_at_once_among_thousands_of_blanks(library: Library) -> None:
    before = time.process_time()
    assert references.absent_item("5.10" + " " * 9_000 + "(", library.default.origin) is None
    assert time.process_time() - before < 0.2


@pytest.mark.parametrize("text", ["13" + ", 1" * 600, "13" + " a" * 900])
def test_hundreds_of_parts_are_read_at_once(text: str) -> None:
    version = articles.parse(NESTED, policy="quai", adopted=date(2024, 5, 1))
    references.absent_item("13, 9", version)  # the names of its parts are made once
    for read in (references.parse_reference, references.absent_item):
        before = time.process_time()
        read(text, version)
        assert time.process_time() - before < 0.1, read


POINTED = """# Règlement du quai

## 2. Amarres

### 2.3 Nœuds

Le nœud est double.

Il est vérifié.

## 4. Prêt

### 4.1 Durée

Le prêt dure :

1) un jour;

2) une nuit.
"""


@pytest.mark.parametrize(
    ("text", "inside", "item"), [("2.3, 2", "2.3", "2"), ("2.3, 4", "2.3", "4"), ("4.1, 4", "4.1", "4")]
)
def test_a_figure_after_a_pointed_number_is_one_of_its_parts(text: str, inside: str, item: str) -> None:
    version = articles.parse(POINTED, policy="quai", adopted=date(2024, 5, 1))
    assert references.absent_item(text, version) == (Number(inside), item)
    assert spans_in(POINTED, text) == [inside], "article 2 or 4 is not meant"


def test_a_figure_after_a_pointed_number_that_has_such_an_item_is_that_item() -> None:
    assert spans_in(POINTED, "4.1, 2") == ["4.1 2)"]
    assert spans_in(POINTED, "2.3, 4.1") == ["2.3", "4.1"]
    assert spans_in(POINTED, "2.3, 2, 4") == ["2.3", "2", "4"], "several are a list"
