"""Versions in force, annotations checked, quotations exact."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import times
from bot.conversation.messages import Mark, Quote
from bot.policy import articles, loading
from bot.policy.annotations import FORCES
from bot.policy.articles import Number, PolicyError
from bot.policy.library import Library
from bot.settings import SEED
from tests.conftest import TODAY


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the shipped data, to be spoiled."""
    shutil.copytree(SEED, tmp_path / "data")
    return tmp_path / "data"


def load(*folders: Path, default: str = "pa20") -> Library:
    """Return the library of these folders. Raises the problem of a file that was set aside."""
    library = loading.load_library(folders, default, lambda: TODAY)
    for file in library.aside:
        raise file.error
    return library


def said(library: Library, quote: Quote) -> str:
    return "\n\n".join("".join(span.text for span in line) for line in library.quote(quote).paragraphs)


def test_what_was_in_force_at_a_date_can_be_asked(folder: Path) -> None:
    old = (folder / "politique/pa20/2015-12-13.md").read_text()
    (folder / "politique/pa20/2020-05-01.md").write_text(
        old.replace("5.18 Nous vous encourageons", "5.18 Nous souhaitons")
    )
    policy = load(folder).default
    assert policy.in_force(date(2015, 12, 12)) is None
    assert policy.in_force(date(2015, 12, 13)) == policy.versions[0]
    assert policy.in_force(date(2020, 4, 30)) == policy.versions[0]
    assert policy.in_force(date(2020, 5, 1)) == policy.versions[1]


def test_what_the_association_adds_is_layered_over_what_is_shipped(folder: Path, tmp_path: Path) -> None:
    added = tmp_path / "ajouts/politique/pa20"
    added.mkdir(parents=True)
    shutil.copy(folder / "politique/pa20/2015-12-13.md", added / "2026-01-10.md")
    policy = load(folder, tmp_path / "ajouts").default
    assert [version.adopted.isoformat() for version in policy.versions] == ["2015-12-13", "2026-01-10"]


def test_several_policies_are_loaded_at_once(library: Library) -> None:
    assert set(library.policies) == {"pa20", "cr3"}
    assert library.default.id == "pa20"


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ('"5.18" = "encouragement"', '"5.19" = "encouragement"', "la clause 5.19 n'existe pas"),
        ('"5.18" = "encouragement"', '"5.18" = "interdit"', "«\u00a0interdit\u00a0» n'est pas une force"),
        ('"5.18" = "encouragement"', '"5.18" = ["portée", "portée"]', "2 forces pour 1 paragraphe"),
        ('clauses = ["5.17", "6.2"]', 'clauses = ["5.17", "6.9"]', "la clause 6.9 n'existe pas"),
        ('"spotted" = ["5.10"]', '"spotted" = "5.10"', "il faut une liste"),
        ('"spotted" = ["5.10"]', '"spotted" = ["x"]', "la clause x n'existe pas"),
        ("[contact]", "[contacts]", "la table «\u00a0contacts\u00a0» n'existe pas"),
        ("[contact]", "[contact", "TOML"),
        ('7 = "Non-respect', '8 = "Non-respect', "l'article 8 n'existe pas"),
    ],
)
def test_an_annotation_that_names_nothing_is_an_error_that_says_so(
    folder: Path, old: str, new: str, problem: str
) -> None:
    path = folder / "politique/pa20/annotations.toml"
    path.write_text(path.read_text().replace(old, new))
    with pytest.raises(PolicyError, match=problem) as caught:
        load(folder)
    assert "annotations.toml" in str(caught.value)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("force = 3", "[force] écrivez [force] seul sur sa ligne, puis ce qu'il contient dessous."),
        ("policy = []", "[policy] écrivez [policy] seul sur sa ligne, puis ce qu'il contient dessous."),
        ("[policy]\nname = 3", "[policy] name\u00a0: il faut un texte entre guillemets."),
        ('[policy]\nname = " "', "[policy] name\u00a0: il faut un texte entre guillemets."),
        (
            '[policy]\nnom = "PA20"',
            (
                "[policy] la clé «\u00a0nom\u00a0» n'existe pas; il y a\u00a0: aliases, gender, name, "
                "number, title, version."
            ),
        ),
        (
            '[policy]\nname = "PA20"\ngender = "neutre"',
            "[policy] gender\u00a0: féminin ou masculin, entre guillemets.",
        ),
        ("[policy]\naliases = [3]", "[policy] aliases\u00a0: il faut un texte entre guillemets."),
        (
            '[policy]\naliases = "abc"',
            '[policy] aliases\u00a0: il faut une liste de textes, comme ["PA 20", "PA-20"].',
        ),
        (
            '[force]\n5.10 = "invitation"',
            '[force] 5.10\u00a0: mettez le numéro entre guillemets, comme "5.10".',
        ),
        ('[nuance]\n5.13 = "x"', '[nuance] 5.13\u00a0: mettez le numéro entre guillemets, comme "5.13".'),
        ('[topic]\na.b = ["5.10"]', '[topic] a.b\u00a0: mettez le nom entre guillemets, comme "a.b".'),
        ('[nuance]\n"5.13" = 3', "[nuance] 5.13\u00a0: il faut un texte entre guillemets."),
        ("[title]\n1 = 3", "[title] 1\u00a0: il faut un texte entre guillemets."),
        ('[title]\n"1.1" = "x"', "[title] l'article 1.1 n'existe pas."),
        (
            "[topic]\nx = []",
            '[topic «\u00a0x\u00a0»] il faut une liste de numéros entre guillemets, comme ["5.10", "5.11"].',
        ),
        (
            'together = ["5.1"]',
            "[[together]] écrivez [[together]] seul sur sa ligne, puis clauses et reason.",
        ),
        (
            '[together]\nclauses = ["5.1"]',
            "[[together]] écrivez [[together]] seul sur sa ligne, puis clauses et reason.",
        ),
        ('[[together]]\nclauses = ["5.1"]', "[[together]] reason\u00a0: il faut un texte entre guillemets."),
        ('[contact]\nwho = "x"', "[contact] clause\u00a0: il faut un texte entre guillemets."),
        ('[contact]\nclause = "1"', "[contact] who\u00a0: il faut un texte entre guillemets."),
    ],
)
def test_an_annotation_of_the_wrong_type_is_one_line_that_names_its_place(
    folder: Path, content: str, problem: str
) -> None:
    (folder / "politique/pa20/annotations.toml").write_text(content)
    with pytest.raises(PolicyError) as caught:
        load(folder)
    assert str(caught.value) == f"pa20/annotations.toml\u00a0: {problem}"


def test_annotations_that_are_no_toml_name_their_line(folder: Path) -> None:
    (folder / "politique/pa20/annotations.toml").write_text('[policy]\nname = "PA20\n')
    with pytest.raises(
        PolicyError, match=r"pa20/annotations.toml, ligne 2\u00a0: ce n'est pas du TOML valide"
    ):
        load(folder)


def test_two_policies_cannot_have_the_same_name(folder: Path) -> None:
    shutil.copytree(folder / "politique/pa20", folder / "politique/pa21")
    (folder / "politique/pa21/annotations.toml").write_text('[policy]\nname = "Pa 20"\n')
    with pytest.raises(PolicyError) as caught:
        load(folder)
    assert str(caught.value) == (
        "pa21/annotations.toml\u00a0: le nom «\u00a0Pa 20\u00a0» est déjà celui de la politique pa20."
    )


def test_an_alias_that_is_another_policy_is_blamed_where_it_is_written(folder: Path) -> None:
    shutil.copytree(folder / "politique/pa20", folder / "politique/pa21")
    (folder / "politique/pa21/annotations.toml").unlink()
    (folder / "politique/pa20/annotations.toml").write_text('[policy]\naliases = ["PA21"]\n')
    with pytest.raises(PolicyError, match=r"^pa20/annotations\.toml\u00a0: le nom «\u00a0PA21\u00a0»"):
        load(folder)


def test_a_cover_whose_date_does_not_exist_is_read_all_the_same(folder: Path) -> None:
    path = folder / "politique/pa20/2015-12-13.md"
    path.write_text(path.read_text().replace("13-12-2015", "31-02-2015"))
    (version,) = load(folder).default.versions
    assert version.adopted == date(2015, 12, 13)


@pytest.mark.parametrize(
    ("name", "content", "problem", "served"),
    [
        ("mtg/2020-01-01.md", b"Rien du tout.", "mtg/2020-01-01.md", None),
        ("mtg/2020-01-01.md", "é\nè".encode("latin-1"), "ligne 1", None),
        ("mtg/reglement.md", b"# ARTICLE 1\nTexte.", "AAAA-MM-JJ", None),
        ("pa20/2026-01-01.md", b"Rien du tout.", "pa20/2026-01-01.md", "2015-12-13"),
        ("pa20/annotations.toml", b"[policy", "pa20/annotations.toml", "2015-12-13"),
    ],
)
def test_a_file_that_cannot_be_read_is_set_aside_and_the_rest_serves(
    tmp_path: Path, name: str, content: bytes, problem: str, served: str | None
) -> None:
    path = tmp_path / "politique" / name
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    library = loading.load_library([SEED, tmp_path], "pa20", lambda: TODAY)
    [file] = library.aside
    assert problem in str(file.error)
    assert str(file.served or "") == (served or "")
    assert ("mise de côté" in file.problem) == (served is None)
    assert set(library.policies) == {"pa20"}
    assert library.default.annotations.label(Number("5.13")) == "interdiction, sauf autorisation"
    assert [version.key for version in library.default.versions] == ["2015-12-13"]


def test_the_only_text_of_the_default_policy_must_be_read(folder: Path) -> None:
    (folder / "politique/pa20/2015-12-13.md").write_text("Rien.")
    with pytest.raises(PolicyError, match="2015-12-13"):
        loading.load_library([folder], "pa20", lambda: TODAY)


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("2020-13-45.md", b"x", "AAAA-MM-JJ"),
        ("2020-01-01.md", "é\nè".encode("latin-1"), "pas en UTF-8"),
        ("2020-01-01.md", b"Rien du tout.", "aucun titre ni numéro"),
    ],
)
def test_a_file_that_is_no_version_is_named(folder: Path, name: str, content: bytes, problem: str) -> None:
    (folder / "politique/pa20" / name).write_bytes(content)
    with pytest.raises(PolicyError, match=problem) as caught:
        load(folder)
    assert name in str(caught.value)


def test_an_unknown_default_policy_is_refused(folder: Path) -> None:
    with pytest.raises(PolicyError, match=r"connues\u00a0: pa20\). Corrigez son nom"):
        load(folder, default="pa99")
    with pytest.raises(PolicyError, match=r"Vouliez-vous écrire pa20\?"):
        load(folder, default="PA20")


def test_a_policy_without_annotations_can_be_read(folder: Path) -> None:
    (folder / "politique/pa20/annotations.toml").unlink()
    policy = load(folder).default
    assert (policy.name, policy.annotations.label(Number("5.10"))) == ("PA20", "")


def test_every_clause_of_pa20_has_a_force(library: Library) -> None:
    policy = library.default
    assert {
        policy.annotations.label(clause.number, nuanced=False) for clause in policy.versions[0].clauses()
    } == {
        *FORCES,
        "directive et interdiction",
    }
    assert policy.annotations.label(Number("5.13")) == "interdiction, sauf autorisation"
    assert policy.annotations.label(Number("5.7"), nuanced=False) == "encouragement"


def test_a_quotation_is_the_clause_word_for_word_between_guillemets(library: Library) -> None:
    for policy in library.policies.values():
        for version in policy.versions:
            for clause in version.clauses():
                quote = Quote(policy.id, version.adopted.isoformat(), str(clause.number))
                assert said(library, quote) == f"«\u00a0{clause.text}\u00a0»"


def test_part_of_a_clause_says_that_it_is_a_part(library: Library) -> None:
    whole = library.default.versions[0].clause(Number("5.5"))
    assert whole is not None
    first = len(whole.paragraphs[0])
    assert (
        said(library, Quote("pa20", "2015-12-13", "5.5", 0, first))
        == f"«\u00a0{whole.paragraphs[0]} […]\u00a0»"
    )
    assert (
        said(library, Quote("pa20", "2015-12-13", "5.5", first + 2))
        == f"«\u00a0[…] {whole.paragraphs[1]}\u00a0»"
    )


def test_a_quotation_says_when_its_text_is_not_the_one_in_force(folder: Path) -> None:
    old = (folder / "politique/pa20/2015-12-13.md").read_text()
    (folder / "politique/pa20/2020-05-01.md").write_text(old)
    today = date(2020, 4, 30)
    library = loading.load_library([folder], "pa20", lambda: today)
    library.propose(articles.parse(old, policy="pa20", adopted=date(2026, 5, 1), source="", key="abc"))

    def caption(key: str) -> str:
        return library.quote(Quote("pa20", key, "5.1")).caption

    assert "version du" not in caption("2015-12-13")
    assert caption("abc").endswith(", texte proposé")
    today = date(2020, 5, 1)
    assert caption("2015-12-13").endswith(", version du 13\u00a0décembre\u00a02015")
    assert "version du" not in caption("2020-05-01")


@given(st.data())
def test_marks_change_the_look_and_never_the_words(library: Library, data: st.DataObject) -> None:
    clause = data.draw(st.sampled_from(library.default.versions[0].clauses()))
    position = st.integers(0, len(clause.text))
    pairs = data.draw(st.lists(st.tuples(position, position), max_size=5))
    marks = tuple(Mark(min(pair), max(pair)) for pair in pairs)
    plain = said(library, Quote("pa20", "2015-12-13", str(clause.number)))
    assert said(library, Quote("pa20", "2015-12-13", str(clause.number), marks=marks)) == plain


@pytest.mark.parametrize(
    "quote", [Quote("pa20", "2015-12-13", "5.19"), Quote("pa20", "2014-01-01", "5.1"), Quote("x", "y", "1")]
)
def test_nothing_can_be_quoted_that_is_not_stored(library: Library, quote: Quote) -> None:
    with pytest.raises(KeyError):
        library.quote(quote)


@pytest.mark.parametrize(
    ("day", "said_"),
    [(date(2015, 12, 13), "13\u00a0décembre\u00a02015"), (date(2026, 5, 1), "1er\u00a0mai\u00a02026")],
)
def test_a_date_reads_in_french(day: date, said_: str) -> None:
    assert times.in_words(day) == said_
