"""A post is examined: what it touches, by which words, and what cannot be examined."""

from __future__ import annotations

import json
import time
import unicodedata
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import numpy as np
import pytest

from bot.answers import bank
from bot.answers.engine.encoder import embed_pieces
from bot.answers.engine.features import Floats, Places
from bot.policy.articles import Number
from bot.posting import checks, network, training
from bot.posting.examining import WEIGHTS, load_examiner
from bot.posting.model import PostModel
from bot.posting.posts import LONGEST, Concern, Post, PostError
from bot.posting.segments import cut
from bot.posting.settled import load_settlings, settled
from bot.settings import SEED
from tests.posting import figures

EXAMINER = load_examiner(SEED, [SEED])
SPOKEN = "Au nom de l'AGE UQTR, je dénonce la hausse des frais."
SPEAKING, LOGO = {"speaking_for": (Number("5.9"),)}, {"logo": (Number("5.13"),)}
# Limits, a little beyond what was measured on the posts of each writer held apart (docs/mesures.md): of
# precision, of recall, of the words, and of what is found in those that only look dangerous.
LIMITS = (
    (figures.UNSEEN, 0.91, 0.87, 0.9, 0.06),
    (figures.CAMPUS, 0.91, 0.86, 0.9, 0.04),
    (figures.IMPLIED, 0.88, 0.79, 0.9, 0.05),
    (figures.FOREIGN, 0.87, 0.78, 0.84, 0.17),
    (figures.VOICES, 0.85, 0.71, 0.9, 0.09),
)
ORDINARY, RECOGNIZED = 0.04, 0.8


def words(post: Post, concern: Concern) -> list[str]:
    return [post.text[start:end] for start, end in concern.extents]


def test_the_words_that_raise_a_concern_are_shown() -> None:
    post = Post("🎉 Salut tout le monde! Au nom de l’AGE UQTR, je dénonce la hausse des frais. À demain.")
    [[concern]] = EXAMINER.examine(post, [SPEAKING])
    assert concern.clauses == SPEAKING["speaking_for"]
    assert words(post, concern) == ["Au nom de l’AGE UQTR, je dénonce la hausse des frais."]


def test_a_picture_is_read_by_its_description_apart_from_the_text() -> None:
    post = Post("Bonne rentrée!", image="Le logo de l'AGE UQTR imprimé sur ma tasse")
    [[concern]] = EXAMINER.examine(post, [LOGO])
    assert (concern.extents, concern.image_extents) == ((), ((0, len(post.image)),))


@pytest.mark.parametrize(
    ("image", "check"),
    [
        ("Une capture d'écran du courriel confidentiel du conseil", "property"),
        ("Une liste des membres avec leurs numéros de téléphone", "personal_information"),
    ],
)
def test_a_harmless_text_does_not_hide_what_its_picture_shows(image: str, check: str) -> None:
    asked = {check: (Number("5.5"),)}
    for text in (
        "Samedi soir, souper et musique. Venez avec vos amis!",
        f"{'Bonne rentrée, la gang! ' * 20}",
    ):
        [[concern]] = EXAMINER.examine(Post(text, image), [asked])
        assert (concern.check.name, concern.extents) == (check, ())


def test_the_thresholds_are_chosen_on_what_an_examiner_reads() -> None:
    post = Post("Samedi soir, souper et musique. Venez avec vos amis!", image="Le logo de l'AGE UQTR imprimé")
    [[concern]] = EXAMINER.examine(post, [LOGO])
    label = training.PostLabel("logo", 0, len(post.image), in_image=True, clauses=("5.13",))
    model = PostModel.load(SEED / WEIGHTS, checks.load_notions(SEED))
    clauses = ["5.13" if name == "logo" else "" for name in EXAMINER.checks]
    thresholds = training.thresholds_of(clauses, model, [training.Lesson(post, (label,), "", "a")])
    certain = thresholds[list(EXAMINER.checks).index("logo"), 1]
    assert certain == np.float32(concern.score), "a right one alone, so sure from its score on"


MUG, ASLEEP = "Le logo de l'AGE UQTR sur ma tasse", "Une étudiante ivre qui dort, le visage bien visible"


@pytest.mark.parametrize(
    ("check", "allowed", "unsettled", "image"),
    [
        (
            "logo",
            "La présidence nous a donné la permission de mettre le logo.",
            "On a la permission de personne de mettre le logo.",
            MUG,
        ),
        (
            "image_of_others",
            "Léa est d'accord pour la photo.",
            "Léa n'est pas d'accord pour la photo.",
            ASLEEP,
        ),
        (
            "speaking_for",
            f"Le conseil m'a mandatée. {SPOKEN}",
            f"Le conseil ne m'a pas mandatée. {SPOKEN}",
            "",
        ),
        (
            "speaking_for",
            f"Le conseil m'a mandatée. {SPOKEN}",
            f"Elle m'a mandatée. Bonne journée! {SPOKEN}",
            "",
        ),
    ],
)
def test_what_a_post_says_is_settled_is_not_shown(
    check: str, allowed: str, unsettled: str, image: str
) -> None:
    asked = {check: (Number("5.5"),)}
    [[concern]] = EXAMINER.examine(Post(unsettled, image), [asked])
    assert concern.check.name == check
    assert EXAMINER.examine(Post(allowed, image), [asked]) == [()]


@pytest.mark.parametrize(
    ("text", "checks_settled"),
    [
        ("Avec l'autorisation de la vice-présidence, voici Léa qui vomit au party.", set()),
        ("Le conseil m'a donné son accord. Voici une photo de Léa.", set()),
        ("J'ai la permission du boss. Voici une photo de Léa.", set()),
        ("Léa a accepté d'être la nouvelle trésorière. Voici sa photo.", set()),
        ("Avec l'accord de Marc, voici sa photo et celle de Léa.", set()),
        ("Voici une photo de Léa et de Marc. Elle m'a dit oui pour la photo.", set()),
        ("Voici Léa avec mon coloc, photo publiée avec son accord.", set()),
        ("Sa mère m'a donné son accord, voici Léa.", set()),
        ("Elle n'a pas dit oui pour la photo de Léa.", set()),
        ("J'attends Léa, elle a dit oui pour la photo?", set()),
        ("Elle m'a donné son accord pour le budget, voici Léa.", set()),
        ("Marc m'a donné la permission de mettre le logo de l'AGE.", set()),
        ("Une membre du conseil m'a mandatée pour parler en son nom.", set()),
        ("Le conseil m'a mandatée pour acheter du café.", set()),
        ("Mandatée par le conseil exécutif pour acheter du café, j'y vais.", set()),
        ("Elle m'a donné son accord écrit pour le budget, voici Léa.", set()),
        ("Elle a accepté que je publie son texte, voici sa photo.", set()),
        ("Le conseil municipal m'a mandatée pour parler en son nom.", set()),
        ("Le logo de l'AGE est approuvé par ma mère.", set()),
        ("Léa m'a dit oui pour la photo.", {"image_of_others"}),
        ("Ma collègue Léa a accepté que je publie cette photo d'elle.", {"image_of_others"}),
        ("Voici Léa, avec son accord.", {"image_of_others"}),
        ("Voici Léa et Marc, avec leur accord.", {"image_of_others"}),
        ("Tout le monde est là, et ils ont tous dit oui pour la photo.", {"image_of_others"}),
        ("Le conseil exécutif m'a mandatée pour parler en son nom.", {"speaking_for"}),
        ("L'AGE m'a mandatée pour vous le dire.", {"speaking_for"}),
        ("Avec l'autorisation de la VP aux communications, je mets le logo de l'AGE.", {"logo"}),
        ("La page est ouverte avec le feu vert de l'exécutif.", {"page"}),
    ],
)
def test_only_who_can_settle_something_settles_it(text: str, checks_settled: set[str]) -> None:
    for own in settled(cut(Post(text)), load_settlings(SEED)):
        assert own == checks_settled


def test_consent_is_said_in_the_sentence_or_in_the_one_beside_it_and_a_picture_speaks_for_no_text() -> None:
    settlings, shown = load_settlings(SEED), {"image_of_others"}
    post = Post("Bonjour! Voici Léa. Elle m'a dit oui pour la photo. Bonne journée! À lundi.")
    assert settled(cut(post), settlings) == [set(), shown, shown, shown, set()]
    post = Post("Voici Léa. Bonjour! À lundi.", image="Une étudiante qui dort, publiée avec son accord")
    assert settled(cut(post), settlings) == [set(), set(), set(), shown]
    post = Post("Léa m'a dit oui pour la photo. Bonjour! À lundi.", image="Une étudiante qui dort")
    assert settled(cut(post), settlings)[-1] == shown
    named = Post("Elle m'a dit oui pour la photo de Léa.", image="Marc qui dort")
    assert settled(cut(named), settlings) == [set(), set()]


def test_nothing_that_a_writer_names_is_taken_for_settled() -> None:
    settlings = load_settlings(SEED)
    lessons = [
        *training.all_lessons(SEED),
        *(each for path, *_ in LIMITS for each in training.read_lessons(path)),
    ]
    for lesson in lessons:
        segments = cut(lesson.post)
        for segment, checks_settled in zip(segments, settled(segments, settlings), strict=True):
            assert checks_settled.isdisjoint(lesson.checks_of(segment)), segment.words


def test_a_post_is_read_once_for_several_policies(monkeypatch: pytest.MonkeyPatch) -> None:
    post = Post("Au nom de l'AGE UQTR, je dénonce la hausse des frais. Le logo de l'AGE UQTR sur ma tasse.")
    read: list[int] = []

    def counted(texts: Sequence[str]) -> tuple[Floats, Places]:
        read.append(len(texts))
        return embed_pieces(texts)

    monkeypatch.setattr(network, "embed_pieces", counted)
    first, second = EXAMINER.examine(post, [SPEAKING | LOGO, {"logo": (Number("2.1"),)}])
    assert {concern.check.name for concern in first} == {"speaking_for", "logo"}
    assert [concern.clauses for concern in second] == [(Number("2.1"),)]
    assert read == [2], "the sentences, once"


@pytest.mark.parametrize(
    "post",
    [
        "Bal costumé vendredi 20 h au pub. Be there or be square! #TheFutureIsNow",
        "On remet ça samedi. « The best is yet to come », dit la chanson. Venez avec vos amis!",
        "Day in my life, édition bureau. Matcha, courriels, rédaction, repeat.",
        "Venez à l'assemblée de jeudi, chacun a son mot à dire.\n\nCome to the meeting, everyone has a say.",
        "Nouvelle tuque, nouvelle vie. Save the date!",
    ],
)
def test_a_french_post_with_some_english_is_read(post: str) -> None:
    assert EXAMINER.examine(Post(post), [LOGO]) == [()]


@pytest.mark.parametrize(
    "post",
    [
        "Le logo, encore : marque-1a-i-9-to-5e",
        "Billet A-IN-TO-2",
        "Concert samedi : https://exemple.ca/the-best-of-us/is-in-it",
        "Écrivez à the.best-of-it@exemple.ca",
        "Concert samedi : www.exemple.ca/events/the-best-of-us",
        "Concert samedi (www.the-best-of-us.is-in-it.ca)",
        "Concert samedi : exemple.ca/the-best-of-us/is-in-it",
    ],
)
def test_a_short_french_post_with_a_code_or_an_address_is_read(post: str) -> None:
    assert is_read(post)


def is_read(text: str) -> bool:
    """Return whether a text, neither empty nor too long, is read: it is not refused for its language."""
    try:
        EXAMINER.examine(Post(text), [])
    except PostError:
        return False
    return True


@pytest.mark.parametrize("slogan", ["Save the date!", "#TheFutureIsNow", "The best is yet to come."])
def test_nearly_every_french_post_is_read_beside_a_slogan(slogan: str) -> None:
    posts = [lesson.post.text for lesson in training.read_lessons(figures.UNSEEN)[::8]]
    assert sum(is_read(f"{post}\n{slogan}") for post in posts) >= 0.98 * len(posts)


def test_nearly_no_text_in_english_is_read() -> None:
    paths = (*bank.bank_files([SEED], "pa20"), *bank.bank_files([SEED], "pa20", bank.GATE))
    english = [line.question for line in bank.load_bank_lines(paths) if line.kind == "english"]
    texts = [
        " ".join(english[at : at + count]) for count in (2, 3, 5) for at in range(0, len(english), count)
    ]
    assert sum(map(is_read, texts)) <= 0.01 * len(texts)


@pytest.mark.parametrize("mark", [".", " ", "\u00a0", ".) "])
def test_a_thousand_times_the_same_mark_is_cut_at_once(mark: str) -> None:
    before = time.process_time()
    cut(Post("Salut" + mark * (LONGEST // len(mark)) + "toi"))
    assert time.process_time() - before < 0.1


def test_a_post_touches_only_what_the_policy_asks_to_check() -> None:
    post = Post("Au nom de l'AGE UQTR, je dénonce la hausse des frais.")
    assert EXAMINER.examine(post, [LOGO]) == [()]


@pytest.mark.parametrize("form", ["NFC", "NFD", "NFKD"])
def test_accents_written_apart_are_read_as_one_letter_with_its_accent(
    form: Literal["NFC", "NFD", "NFKD"],
) -> None:
    given = unicodedata.normalize(
        form, "À l'été, la fête! Au nom de l'AGE UQTR, je dénonce la hausse des frais. Là."
    )
    post = Post(given, image=unicodedata.normalize(form, "Été. Là, le logo de l'AGE UQTR"))
    [[concern]] = EXAMINER.examine(post, [SPEAKING])
    [sentence] = words(post, concern)
    assert unicodedata.normalize("NFC", sentence) == "Au nom de l'AGE UQTR, je dénonce la hausse des frais."
    composed = Post(unicodedata.normalize("NFC", post.text), unicodedata.normalize("NFC", post.image))
    assert concern.score == EXAMINER.examine(composed, [SPEAKING])[0][0].score
    [[pictured]] = EXAMINER.examine(post, [LOGO])
    [(start, end)] = pictured.image_extents
    assert unicodedata.normalize("NFC", post.image[start:end]) == "Là, le logo de l'AGE UQTR"


@pytest.mark.parametrize("text", ["\ud83d Le logo de l'AGE UQTR \udc00", "Le logo\udfff de l'AGE UQTR"])
def test_half_of_a_pair_is_read_like_any_other_sign(text: str) -> None:
    [[concern]] = EXAMINER.examine(Post(text, image="\ud83d"), [LOGO])
    assert concern.extents == ((0, len(text)),)


@pytest.mark.parametrize(
    "post",
    [
        Post(""),
        Post(" \n"),
        Post("mot " * (LONGEST // 4 + 1)),
        Post("Bonjour", image="mot " * (LONGEST // 4 + 1)),
        Post("The student union hates this fee hike."),
        Post("Hello friends, I make the coffee at the student café. It is dirty, but I learn. Bonjour!"),
        Post("Trabajo en la asociación y no estoy contento con ella. Merci!"),
        Post("", image="The student union hates this fee hike."),
    ],
)
def test_what_cannot_be_examined_says_what_to_do(post: Post) -> None:
    with pytest.raises(PostError):
        EXAMINER.examine(post, [])


def test_no_question_of_the_bank_is_taken_for_a_post() -> None:
    paths = [*SEED.glob(f"politique/*/{bank.BANK}"), *SEED.glob(f"politique/*/{bank.FOLLOW_UPS}")]
    asked = [json.loads(line)["question"] for path in paths for line in path.read_text("utf-8").splitlines()]
    assert [question for question in asked if EXAMINER.looks_like_post(question)] == []


def test_most_of_an_unseen_writers_posts_are_recognized_as_such() -> None:
    posts = [lesson.post.text for lesson in training.read_lessons(figures.UNSEEN)]
    assert sum(map(EXAMINER.looks_like_post, posts)) >= RECOGNIZED * len(posts)


def test_the_weights_are_those_of_the_posts_and_notions_beside_them() -> None:
    with np.load(SEED / WEIGHTS) as file:
        assert file["learnt"] == training.fingerprint(SEED), "python -m bot.posting.training"


@pytest.mark.parametrize(("path", "precision", "recall", "overlap", "alarms"), LIMITS)
def test_an_unseen_writers_posts_are_read_as_well_as_they_were(
    path: Path, precision: float, recall: float, overlap: float, alarms: float
) -> None:
    reading = figures.read_all(figures.vigie(), training.read_lessons(path))
    assert reading.precision >= precision
    assert reading.recall >= recall
    assert reading.overlap >= overlap
    assert reading.harmless <= alarms
    assert reading.ordinary <= ORDINARY


@pytest.mark.parametrize("path", sorted((SEED / training.LINES).glob("*.jsonl")), ids=lambda path: path.stem)
def test_every_label_names_a_check_and_words_that_its_post_has(path: Path) -> None:
    for lesson in training.read_lessons(path):
        assert all(label.check in EXAMINER.checks for label in lesson.labels)
        assert bool(lesson.labels) != bool(lesson.harmless)
