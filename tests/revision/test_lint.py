"""What to look at in the text of a revision is found, and what is as it was is left alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from bot.policy import articles
from bot.policy.articles import Version
from bot.policy.library import Library
from bot.revision.reading import formats, lint
from bot.revision.reading.findings import LintFinding, NamedRole
from bot.revision.reading.formats import ReadDocument
from bot.revision.reading.lint import references
from bot.settings import SEED
from tests.policy.test_comparison import TEXTS, numbered, version

TEXT = (SEED / "politique/pa20/2015-12-13.md").read_text("utf-8")
HELD = (
    NamedRole("Vice-présidence aux communications", held=True),
    NamedRole("Conseillère ou conseiller à l'exécutif", held=True),
    NamedRole("Trésorerie", held=False),
)


def read(
    *clauses: str, old: Version | None = None, offices: tuple[NamedRole, ...] | None = None
) -> ReadDocument:
    lines = [
        f"- {line}" if "." in line.split()[0] else "## ARTICLE {}\u00a0: {}".format(*line.split(" ", 1))
        for line in clauses
    ]
    before = old or version(*numbered(1, TEXTS))
    return formats.review_file("\n\n".join(lines).encode(), "r.md", before, date(2026, 12, 13), offices)


def codes(reading: ReadDocument) -> list[tuple[str, str]]:
    return [(finding.code, finding.clause) for finding in reading.findings]


@pytest.mark.parametrize("policy", ["pa20", "cr3"])
def test_a_text_that_is_in_force_has_nothing_to_look_at(library: Library, policy: str) -> None:
    old = library.policies[policy].versions[-1]
    content = (
        (SEED if policy == "pa20" else SEED.parent / "tests/data")
        / "politique"
        / policy
        / f"{old.adopted}.md"
    )
    assert formats.review_file(content.read_bytes(), "r.md", old, date(2026, 1, 1)).findings == ()


def test_numbers_that_are_used_twice_or_skipped_or_in_the_wrong_article() -> None:
    reading = read(
        "1 Règles",
        "1.1 Un.",
        "1.3 Trois.",
        "1.3 Encore trois.",
        "2.1 Perdu.",
        "3 Autres",
        "3.2 Deux.",
        "3.1 Un.",
    )
    assert set(codes(reading)) == {
        ("missing_number", "1.2"),
        ("duplicate_number", "1.3"),
        ("not_a_number", ""),  # the second 1.3
        ("uncertain_number", ""),
        ("misplaced_number", "2.1"),
        ("missing_number", "2"),
        ("unordered_number", "3.1"),
    }
    assert not reading.adoptable


def test_a_paragraph_under_a_heading_needs_no_number_but_an_article_needs_a_text() -> None:
    text = "## ARTICLE 1\u00a0: A\n\n- 1.1 Un.\n\n### Titre\n\nSans numéro.\n\n## ARTICLE 2\u00a0: B\n"
    reading = formats.review_file(text.encode(), "r.md", version(*numbered(1, TEXTS)), date(2026, 12, 13))
    assert codes(reading) == [("empty_article", "2")]


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("Selon l'article 5.10 et la clause 7.2.", ["5.10", "7.2"]),
        ("Voir les articles 3, 4 et 5.", ["3", "4", "5"]),
        ("Les clauses 5.1 à 5.4 s'appliquent (voir 6.1).", ["5.1", "5.4", "6.1"]),
        ("Selon l'article\u00a05.10 de la présente politique.", ["5.10"]),
        ("Selon l'article 12 de la Loi sur les normes du travail.", []),
        ("L'article 4 du Code d'éthique prévaut.", []),
        ("Selon les articles 60 et suivants du Code civil.", []),
        ("Selon les art. 60 et ss. du Code civil.", []),
        ("Le local 3.14 et 5.5 % des voix, article 5,5 %.", []),
        ("Un délai de 10 jours.", []),
    ],
)
def test_references_are_told_from_other_numbers(text: str, numbers: list[str]) -> None:
    clause = replace(version(*numbered(1, TEXTS)).clauses()[0], paragraphs=(text,))
    assert list(map(str, references(clause, version(*numbered(1, TEXTS))))) == numbers


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("Selon l'alinéa 2.", ["7, 2"]),
        ("Sous réserve des alinéas 1 et 2.", ["7, 1", "7, 2"]),
        ("Selon l'alinéa 5.", []),  # a paragraph without a number
        ("Selon l'art. 8, al. 2, et l'article 8.", ["8, 2", "8"]),
        ("Au sens de l'art. 8 let. c des statuts.", []),
        ("Au sens de l'art. 8 al. 1 de l'ordonnance sur les écoles.", []),
        ("Au sens de l'art. 8 du présent règlement.", ["8"]),
    ],
)
def test_a_paragraph_is_that_of_its_own_article_and_other_texts_are_left_alone(
    text: str, numbers: list[str]
) -> None:
    rules = articles.parse(
        "# Règlement\n\n"
        + "".join(f"## Art. {at}\n\n**1** Le club paie.\n\n**2** Le club reçoit.\n\n" for at in (7, 8)),
        policy="r",
        adopted=date(2020, 1, 1),
    )
    clause = replace(rules.clauses()[0], paragraphs=(text,))
    assert list(map(str, references(clause, rules))) == numbers
    near = "alinéa" in text  # whatever becomes of its article's number, it means the same
    assert list(map(str, references(clause, rules, relative=False))) == ([] if near else numbers)


def test_references_to_nothing_and_references_that_did_not_follow() -> None:
    old = version(*numbered(1, [*TEXTS[:3], "Voir la clause 1.2."]))
    reading = read(
        "1 Règles",
        "1.1 Une affiche rappelle le couvre-feu.",
        *(
            f"1.{at} {text}"
            for at, text in enumerate([*TEXTS[:3], "Voir la clause 1.2.", "Voir l'article 8."], 2)
        ),
        old=old,
    )
    assert codes(reading) == [("stale_reference", "1.5"), ("unknown_reference", "1.6")]
    assert "1.2, qui est devenue 1.3" in reading.findings[0].message


SECTIONS = """## Section 1 – Débuts

2.1.1 On accueille les membres.

2.1.2 On lit le procès-verbal.

2.1.3 (Abrogé)

## Section 2 – Questions

**2.1.3** On pose ses questions.

2.1.4 On y répond.
"""


def test_a_number_that_two_sections_have_leaves_none_missing() -> None:
    old = articles.parse(SECTIONS, policy="pa20", adopted=date(2020, 1, 1))
    longer = SECTIONS + "\n2.1.5 On lève la séance.\n"
    reading = formats.review_file(longer.encode(), "x.md", old, date(2021, 1, 1))
    assert [finding.message for finding in reading.findings] == []
    reading = formats.review_file(longer.replace("2.1.5", "2.1.6").encode(), "x.md", old, date(2021, 1, 1))
    assert "Le numéro 2.1.5 manque\u00a0: le texte passe à 2.1.6." in [o.message for o in reading.findings]


def test_a_hole_that_was_adopted_is_told_no_more() -> None:
    old = version("1 Règles", "1.1 Le comité siège.", "1.3 Le comité vote.")
    changed = read("1 Règles", "1.1 Le comité siège.", "1.3 Le comité vote à main levée.", old=old)
    assert "missing_number" not in {code for code, _ in codes(changed)}


def test_a_reference_that_was_adopted_to_nothing_is_told_no_more() -> None:
    old = version(*numbered(1, [*TEXTS[:2], "Voir l'article 8."]))
    assert codes(read(*numbered(1, [*TEXTS[:2], "Voir l'article 8."]), old=old)) == []
    changed = read(*numbered(1, [*TEXTS[:2], "Voir l'article 8, ou attendre."]), old=old)
    assert codes(changed) == [("unknown_reference", "1.3")]


def test_a_reference_that_did_not_follow_an_article_of_several_clauses_is_told() -> None:
    old = version(*numbered(1, TEXTS[:2]), *numbered(2, [*TEXTS[2:4], "Voir l'article 1."]))
    reading = read(
        *numbered(1, ["Une affiche rappelle le couvre-feu."]),
        *numbered(2, TEXTS[:2]),
        *numbered(3, [*TEXTS[2:4], "Voir l'article 1."]),
        old=old,
    )
    assert codes(reading) == [("stale_reference", "3.3")]
    assert "à l'article\u00a01, qui est devenu 2." in reading.findings[0].message


def test_roles_that_nobody_holds_or_that_do_not_exist() -> None:
    reading = read(
        "1 Règles",
        "1.1 La vice-présidence aux communications et le conseiller à l'exécutif signent.",
        "1.2 La trésorière du comité signe.",
        "1.3 La vice-présidence aux affaires externes signe.",
        offices=HELD,
    )
    assert codes(reading) == [("unheld_role", "1.2"), ("unheld_role", "1.3")]
    assert "vice-présidence aux affaires externes" in reading.findings[1].message


def test_roles_named_without_a_complement_are_looked_up_too() -> None:
    reading = read(
        "1 Règles",
        "1.1 Le trésorier signe avec la vice-présidence.",
        "1.2 La secrétaire générale signe.",
        "1.3 La présidence préside.",
        offices=HELD,
    )
    assert [(finding.clause, finding.message) for finding in reading.findings] == [
        ("1.1", "Personne ne tient le rôle «\u00a0Trésorerie\u00a0»."),
        ("1.2", "Aucun rôle du registre ne se nomme «\u00a0secrétaire générale\u00a0»."),
        ("1.3", "Aucun rôle du registre ne se nomme «\u00a0présidence\u00a0»."),
    ]


@pytest.mark.parametrize(
    "clause",
    [
        "La personne élue à la présidence d'assemblée donne la parole.",
        "Le président de la réunion compte les voix, la secrétaire de séance les note.",
        "Il revient au conseiller à l'exécutif de procéder à l'appel.",
        "La directrice du Service des loisirs est prévenue.",
        "Le comité assure la coordination de l'enseignement et la direction du chantier.",
        "La vice-présidence aux communications dispose, avec le conseiller à l'exécutif, de la signature.",
    ],
)
def test_what_is_no_role_is_not_looked_up(clause: str) -> None:
    assert codes(read("1 Règles", f"1.1 {clause}", offices=HELD)) == []


def test_a_role_is_told_once_by_its_own_name_whatever_follows_it() -> None:
    reading = read(
        "1 Règles",
        "1.1 Il revient au secrétaire de convoquer le comité.",
        "1.2 La secrétaire du conseil tient le registre.",
        "1.3 Le directeur des finances signe, la vice-présidente à la vie étudiante aussi.",
        "1.4 La direction des finances paie.",
        offices=HELD,
    )
    assert [(finding.clause, finding.message) for finding in reading.findings] == [
        ("1.1", "Aucun rôle du registre ne se nomme «\u00a0secrétaire\u00a0»."),
        ("1.3", "Aucun rôle du registre ne se nomme «\u00a0directeur des finances\u00a0»."),
        ("1.3", "Aucun rôle du registre ne se nomme «\u00a0vice-présidente à la vie\u00a0»."),
    ]


@pytest.mark.parametrize(
    ("clause", "code"),
    [
        ('Le mot "libre" est cité.', "quotation_marks"),
        ("Le mot «\u00a0libre est cité.", "quotation_marks"),
        ("Le mot «libre» est cité.", "spacing"),
        ("Le comité : dix membres.", "spacing"),
        ("Le comité siège.Il vote.", "spacing"),
        ("Le comité , élu , siège.", "spacing"),
        ("Les \ufb01chiers sont gardés.", "ligature"),
        ("Le comit\ufffd siège.", "lost_character"),
        ("Le comitÃ© siège.", "lost_character"),
        ("\uf0b7 Le comité siège.", "lost_character"),
    ],
)
def test_what_a_conversion_broke(clause: str, code: str) -> None:
    assert codes(read("1 Règles", f"1.1 {clause}")) == [(code, "1.1")]


def test_wording_that_was_adopted_so_is_not_remarked_upon() -> None:
    old = version("1 Règles", '1.1 Le mot "libre" est cité.', "1.2 Le comité siège.")
    assert codes(read("1 Règles", '1.1 Le mot "libre" est cité.', "1.2 Le comité vote.", old=old)) == []


def test_words_that_the_text_does_not_hold_are_counted() -> None:
    found = lint.lost(version(*numbered(1, TEXTS)), [*TEXTS, "Un mot perdu, 42 fois."])
    assert found == (
        LintFinding(
            "lost_text",
            "",
            "4 mots du fichier ne sont pas dans le texte lu\u00a0: "
            "«\u00a0un\u00a0», «\u00a0mot\u00a0», «\u00a0perdu\u00a0», «\u00a0fois\u00a0».",
        ),
    )


# --- Numbers that several parts have ------------------------------------------------------------

ARTICLES = "\n\n".join(f"### Article {at}\n\n{text}" for at, text in enumerate(TEXTS[:4], 1))
AGAIN = f"## TITRE I\n\n{ARTICLES}\n\n## TITRE II\n\n{ARTICLES.replace('membres', 'personnes')}"
SERIAL = ARTICLES.replace("### Article 3", "## TITRE II\n\n### Article 3")


def reviewed(markdown: str, before: str) -> ReadDocument:
    old = articles.parse(f"# Statuts\n\n## TITRE I\n\n{before}", policy="x", adopted=date(2020, 1, 1))
    text = f"# Statuts\n\n## TITRE I\n\n{markdown}"
    return formats.review_file(text.encode(), "r.md", old, date(2026, 12, 13))


def test_numbers_that_begin_again_in_each_title_are_sure() -> None:
    again = AGAIN.removeprefix("## TITRE I\n\n")
    assert reviewed(again, again).findings == ()
    assert reviewed(again, "Rien.").adoptable
    longer = f"{again}\n\n### Article 5\n\n{TEXTS[5]}"
    assert reviewed(longer, again).findings == ()


def test_a_number_that_one_forgot_to_change_in_the_next_title_is_told_and_refuses_nothing() -> None:
    forgot = SERIAL.replace("## TITRE II", f"### Article 3\n\n{TEXTS[5]}\n\n## TITRE II")
    reading = reviewed(forgot, SERIAL)
    [message] = [finding.message for finding in reading.findings if finding.code == "repeated_number"]
    assert "e numéro 3 est aussi dans une autre partie" in message
    assert reading.adoptable


def test_what_was_adopted_with_its_numbers_is_not_to_blame_for_them_under_others_either() -> None:
    five = f"### Article 5\n\n**5.1** {TEXTS[4]}\n\n**5.1** {TEXTS[5]}"
    twice = f"{ARTICLES}\n\n{five}\n\n### Article 6 – Réservé\n"
    assert {"duplicate_number", "empty_article"} <= {code for code, _ in codes(reviewed(twice, ARTICLES))}
    assert reviewed(twice.replace("heures", "jours"), twice).adoptable
    assert reviewed(twice.replace("Article 6", "Article 7"), twice).adoptable
    assert not reviewed(f"{twice}\n\n### Article 7 – Vide", twice).adoptable


def test_a_clause_numbered_otherwise_than_its_article_is_in_its_place() -> None:
    roman = f"### Article V\n\n5.1 {TEXTS[0]}\n\n5.2 {TEXTS[1]}\n\n### Article VI\n\nA.1 {TEXTS[2]}"
    assert reviewed(roman, ARTICLES).adoptable
