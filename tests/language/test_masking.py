"""What is kept of a question tells of nobody: names, addresses, numbers, mentions and links are taken out."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.language import masking
from bot.language.masking import LENGTH, MASKS, Masker
from bot.policy.library import Library
from bot.settings import SEED


@pytest.fixture(scope="module")
def masker(library: Library) -> Masker:
    return masking.load_masker([SEED], library, ["AGE UQTR"])


@pytest.mark.parametrize(
    ("asked", "kept"),
    [
        ("Marie-Ève Tremblay peut-elle publier?", "[nom] peut-elle publier?"),
        ("hier marie tremblay ma insulté sur insta", "hier [nom] ma insulté sur insta"),
        ("Ma collègue Fatou a le droit?", "Ma collègue [nom] a le droit?"),
        ("madame kowalczyk de la trésorerie", "madame [nom] de la trésorerie"),
        ("le gars s'appelle zbigniew brzezinski pis y'est fâché", "le gars s'appelle [nom] pis y'est fâché"),
        ("MARIE TREMBLAY A-T-ELLE LE DROIT?", "[nom] a-t-elle le droit?"),
        ("J'ai vu M. Xu sur Facebook", "J'ai vu M. [nom] sur Facebook"),
        ("Rose Côté l'a dit", "[nom] l'a dit"),
        ("d'après Alexis, c'est permis", "d'après [nom], c'est permis"),
        ("écrivez-moi à alex.t+x@uqtr.ca svp", "écrivez-moi à [adresse] svp"),
        ("au 123, rue des Forges", "au [adresse]"),
        ("mon code postal est G8Z 4M3", "mon code postal est [nombre]"),
        ("appelle au (819) 555-1212", "appelle au [nombre]"),
        ("c'est le huit un neuf cinq cinq cinq", "c'est le [nombre]"),
        ("mon matricule TREM01019500", "mon matricule [nombre]"),
        ("voir https://exemple.ca/u/alex?x=y et www.autre.org", "voir [lien] et [lien]"),
        ("sur mapage.com/alex", "sur [lien]"),
        (
            "<@U012AB3CD> et <@!1234> dans <#C1|général> et @alex.t",
            "[mention] et [mention] dans [mention] et [mention]",
        ),
        ("alex_t sur snap", "[mention] sur snap"),
        ("Je publie « Vive Marie, la reine de notre belle association! » ok?", "Je publie [texte] ok?"),
        ("Que dit la PA20 de l'AGE UQTR sur Facebook?", "Que dit la PA20 de l'AGE UQTR sur Facebook?"),
        ("Puis-je faire de la trottinette?", "Puis-je faire de la trottinette?"),
        ("Est-ce que le conseil exécutif répond?", "Est-ce que le conseil exécutif répond?"),
    ],
)
def test_what_tells_of_someone_is_masked_and_the_question_stays(
    masker: Masker, asked: str, kept: str
) -> None:
    assert masker.mask(asked) == kept


BEFORE = st.sampled_from(
    ["Est-ce que", "hier", "ma collègue", "", "j'ai vu que", "Selon", "à cause de", "pis"]
)
AFTER = st.sampled_from(["a le droit?", "publie sur insta", "est fâché.", "", "peut utiliser le logo"])


@given(data=st.data(), before=BEFORE, after=AFTER, shape=st.sampled_from([str, str.title, str.upper]))
def test_a_known_name_is_never_kept_however_it_is_written(
    masker: Masker, data: st.DataObject, before: str, after: str, shape: type[str]
) -> None:
    name = data.draw(st.sampled_from(sorted(masker.names)))
    masked = masker.mask(f"{before} {shape(name)} {after}")
    assert name not in re.findall(r"[^\W\d_]+", masked.lower())


@given(
    before=BEFORE.filter(bool),
    name=st.from_regex(r"[B-DF-HJ-NP-TV-Z][a-z]{3,9}(-[A-Z][a-z]{3,9})?", fullmatch=True),
    after=AFTER,
)
def test_any_capital_inside_a_sentence_is_masked_unless_it_names_nobody(
    masker: Masker, before: str, name: str, after: str
) -> None:
    masked = masker.mask(f"{before} {name} {after}")
    assert name not in masked or name.lower() in masking._PROPER


def test_the_names_of_an_association_and_of_its_roles_are_those_of_its_profile(library: Library) -> None:
    own = masking.load_masker([SEED], library, ["Club Zorglou", "Trésorerie", "Club Tremblay"])
    assert own.mask("demander à la Trésorerie du Club Zorglou") == "demander à la Trésorerie du Club Zorglou"
    assert own.mask("demander à Alex Tremblay de l'AGE UQTR") == "demander à [nom] de l'[nom]"


NOISE = st.one_of(
    st.text(max_size=120),
    st.emails(),
    st.from_regex(r"(\+?1[ .-]?)?\(?\d{3}\)?[ .-]?\d{3}[ .-]?\d{4}", fullmatch=True),
    st.from_regex(r"<@!?[A-Z0-9]{4,12}>|@[a-z._-]{2,15}", fullmatch=True),
    st.from_regex(r"https?://[a-z]{2,9}\.(ca|com)/[a-z0-9?=]{0,9}", fullmatch=True),
    st.sampled_from(list(MASKS)),
)


@given(pieces=st.lists(NOISE, max_size=6), glue=st.sampled_from([" ", ", ", "\n", " et "]))
@example(pieces=["[nom", "[nombre]]"], glue=" ")
@example(pieces=["a" * 400 + " Marie"], glue=" ")
@example(pieces=["٣٤٥ ५६ ５５５"], glue=" ")
def test_whatever_is_written_no_figure_address_link_or_mention_is_left(
    masker: Masker, pieces: list[str], glue: str
) -> None:
    masked = masker.mask(glue.join(pieces))
    bare: str = masked
    for name in masker.proper:
        bare = re.sub(re.escape(name), "", bare, flags=re.IGNORECASE)
    assert not re.search(r"\d", bare)
    assert not re.search(r"\w@\w", bare)
    assert "://" not in bare
    assert not re.search(r"<[@#]\w", bare)
    assert len(masked) <= LENGTH
    assert "\n" not in masked


@given(text=st.one_of(st.text(max_size=200), st.lists(NOISE, max_size=5).map(" ".join)))
def test_masking_again_takes_nothing_more_from_an_ordinary_text(masker: Masker, text: str) -> None:
    once = masker.mask(text)
    assert set(re.findall(r"\[\w+\]", once)) <= set(re.findall(r"\[\w+\]", masker.mask(once))) | set(MASKS)


def test_a_long_text_is_read_in_part_and_quickly(masker: Masker) -> None:
    for text in ("a" * 10_000, "a." * 5_000, "rue " * 2_500, "1" * 10_000, "<@" * 5_000, "un deux " * 1_250):
        assert len(masker.mask(text)) <= LENGTH


def test_no_question_of_the_bank_keeps_a_figure(masker: Masker, library: Library) -> None:
    del library
    lines = (SEED / "politique/pa20/questions.jsonl").read_text("utf-8").splitlines()
    questions = [json.loads(line)["question"] for line in lines]
    for question in questions:
        assert not re.search(r"\d", masker.mask(question).lower().replace("pa20", "").replace("pa 20", ""))
