"""What is guessed of a text, and what a person keeps of it: nothing serves that nobody has read."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from bot.drafting import drafts, guesses
from bot.drafting.drafts import ANNOTATIONS, FOLDER, Draft
from bot.onboarding.quiz import bank as quiz_bank
from bot.onboarding.quiz.files import find_questions
from bot.policy import articles
from bot.policy.articles import PolicyError
from bot.policy.definitions import defined_terms
from bot.policy.library import Library
from bot.policy.loading import load_library
from bot.policy.names import GenderedName
from bot.settings import SEED
from tests.conftest import TODAY
from tests.drafting.club import TEXT, club

NAME = GenderedName("règlement du club", "masculin")
RIGHT_FORCES = 0.9  # of PA20's clauses


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder of the club's policy, as it is begun."""
    made = tmp_path / "politique" / "marche"
    drafts.begin(made, club(), NAME, "Règlement du club de marche")
    return made


def of_kind(folder: Path, kind: str) -> list[Draft]:
    return [draft for draft in drafts.read_drafts(folder, club()) if draft.kind == kind]


def test_forces_are_guessed_from_the_verbs() -> None:
    forces = {str(clause.number): guesses.guess_force(clause.text) for clause in club().clauses()}
    assert forces == {
        "1.1": "portée",
        "1.2": "portée",
        "2.1": "directive",
        "2.2": "interdiction",
        "2.3": "permission",
        "2.4": "interdiction",
        "2.5": "interdiction",
        "2.6": "interdiction",
        "3.1": "sanction",
    }


@pytest.mark.parametrize(
    ("text", "force"),
    [
        ("Une personne ne peut siéger à deux comités.", "interdiction"),
        ("Le dossier ne peut être lu sans l'accord de la personne.", "interdiction"),
        ("La période de jeux ne doit donner lieu à aucun pari.", "interdiction"),
        ("Le club ne pourra être tenu responsable d'une chute.", None),
        ("La demande d'exclusion doit être écrite.", "directive"),
        ("La présidence déclare la réunion ouverte, suspendue ou levée.", None),
        ("Le droit de vote est suspendu jusqu'au paiement.", "sanction"),
        ("La personne de garde doit s'abstenir de fumer.", "interdiction"),
        ("Les membres s'abstiendront de tout commentaire.", "interdiction"),
        ("Nous vous invitons à vous abstenir de commenter.", "invitation"),
        ("Le club a l'obligation de tenir un registre.", "directive"),
        ("Le club se réserve le droit de fermer la remise.", "permission"),
        ("Le club ne rembourse rien, pour le cas où il devrait fermer.", None),
    ],
)
def test_a_negation_without_pas_forbids_and_a_word_in_passing_says_nothing(
    text: str, force: str | None
) -> None:
    assert guesses.guess_force(text) == force


CHAPTERS = """# Règlement de la bibliothèque

## 1. Dispositions générales

### 1.1 Définitions

« Lectrice » : toute personne qui emprunte.

### 1.2 Responsable de l'application

La trésorerie applique le règlement.

## 2. Les prêts

### 2.1 Durée

**1.** Le prêt dure un mois.

**2.** De plus, la lectrice doit rapporter le livre propre.

**3.** À cet effet, le comité doit prêter une housse. Ceci vaut selon l'art. 2.1 pour tous.

### 2.2 Sections

(Ajoutée par la résolution 4)

#### 2.2.1 Amendes

Les livres suivants peuvent être amendés, et :

**a)** les atlas;

**b)** les partitions.
"""


def test_subjects_are_the_nearest_title_and_never_a_word_that_only_ties_sentences() -> None:
    version = articles.parse(CHAPTERS, policy="b", adopted=date(2026, 1, 1))
    subjects = {str(number): text for number, text in guesses.guess_subjects(version, {}).items()}
    assert subjects == {
        "1.1": "Définitions",
        "1.2": "Responsable de l'application",
        "2.1, 1": "Durée",
        "2.1, 2": "La lectrice doit rapporter le livre",
        "2.1, 3": "Le comité doit prêter une housse",
        "2.2.1": "Amendes",
    }


def test_an_own_title_is_the_subject_even_when_another_clause_has_it_too() -> None:
    text = """# Règles du conseil

## 1 Droit de parole

La présidence donne la parole à qui la demande.

## 2 Droit de parole

Un membre qui désire parler lève la main.

## 3 Interruption
"""
    version = articles.parse(text, policy="regles", adopted=TODAY)
    subjects = guesses.guess_subjects(version, {})
    assert [subjects[clause.number] for clause in version.clauses()[:2]] == ["Droit de parole"] * 2
    about = [draft.clause for draft in drafts.guess(version) if draft.kind in {"question", "quiz"}]
    assert set(about) == {"1", "2"}, "an article that is only named lays nothing down"


def test_an_item_of_a_list_is_no_question_by_itself() -> None:
    text = """# Règles du conseil

## 1 Présidence

La présidence a ces fonctions :

1) elle déclare la séance ouverte;

2) elle peut faire sortir quiconque trouble l'ordre.
"""
    version = articles.parse(text, policy="regles", adopted=TODAY)
    quiz = [draft.value["text"] for draft in drafts.guess(version) if draft.kind == "quiz"]
    assert not [question for question in quiz if "elle peut" in question]


def test_a_question_is_a_whole_sentence_that_begins_as_people_ask_it() -> None:
    version = articles.parse(CHAPTERS, policy="b", adopted=date(2026, 1, 1))
    guessed = drafts.guess(version)
    asked = [draft.value["question"] for draft in guessed if draft.kind == "question"]
    assert "Est-ce que la trésorerie applique le règlement?" in asked
    assert "Est-ce que le comité doit prêter une housse?" in asked
    assert not [question for question in asked if "amendés" in question], "only the beginning of a list"
    quiz = [draft.value for draft in guessed if draft.kind == "quiz"]
    stated = [question["text"] for question in quiz if question["type"] != "situation"]
    assert "Où lit-on ceci? « Lectrice » : toute personne qui emprunte." in stated
    assert not [text for text in stated if "atlas" in text or "partitions" in text], "items by themselves"


def test_the_forces_of_pa20_are_mostly_what_people_wrote(library: Library) -> None:
    policy = library.policies["pa20"]
    right = [
        guesses.guess_force(clause.text) in policy.annotations.forces[clause.number]
        for clause in policy.origin.clauses()
    ]
    assert sum(right) >= RIGHT_FORCES * len(right)


def test_defined_terms_capitals_and_citations_are_read_from_the_text() -> None:
    assert [(term, str(number)) for term, number in defined_terms(club())] == [("guide", "1.2")]
    assert [title for _, title in guesses.readable_titles(club())] == [
        "Objet et définitions",
        "Sorties",
        "Sanctions",
    ]
    cited = {str(a): [str(b) for b in others] for a, others in guesses.citations(club()).items()}
    assert cited == {"2.3": ["2.1"]}, "« l'article 2 », which 3.1 cites, is none of its six clauses"


def test_each_clause_has_three_questions_and_two_of_the_quiz(folder: Path) -> None:
    for kind, count in (("question", 3), ("quiz", 2)):
        counts = Counter(draft.clause for draft in of_kind(folder, kind))
        assert counts == {str(clause.number): count for clause in club().clauses()}


def test_quiz_drafts_say_nothing_that_the_text_does_not() -> None:
    """What stands between « » is in the text; what is changed stands outside of them, and is wrong."""
    texts = " ".join(clause.text for clause in club().clauses())
    for draft in drafts.guess(club()):
        if draft.kind == "quiz":
            for sentence in (draft.value["text"], *(choice["feedback"] for choice in draft.value["choice"])):
                for quoted in sentence.split("«\u00a0")[1:]:
                    assert quoted.split("\u00a0»")[0] in texts
    stated = {draft.value["text"]: draft.value for draft in drafts.guess(club()) if draft.kind == "quiz"}
    changed = stated["Vrai ou faux? Il est permis de quitter le groupe sans prévenir le guide."]
    assert [choice["right"] for choice in changed["choice"]] == [False, True]


def test_drafts_do_not_hold_a_name_that_the_association_may_change() -> None:
    asked = [str(draft.value) for draft in drafts.guess(club()) if draft.kind in {"question", "quiz"}]
    assert any("Que dit la politique à propos de" in question for question in asked)
    assert not any(NAME in question for question in asked)


@pytest.mark.parametrize(
    ("rule", "is_turned"),
    [
        ("Le compte rendu doit être bref et ne comporter que les décisions du jour.", False),
        ("Le guide doit remettre la liste, la signer ou l'envoyer au comité.", False),
        ("Le guide peut fermer le refuge et s'y installer pour la nuit.", False),
        ("Le guide doit remettre la liste et le registre au premier membre.", True),
        ("Le guide peut fermer le refuge et la remise pour la nuit.", True),
    ],
)
def test_a_modality_that_governs_two_verbs_is_not_turned_into_its_contrary(
    rule: str, is_turned: bool
) -> None:
    text = f"# Règlement\n\n**1.1** Nul ne peut fumer dans le refuge.\n\n**1.2** {rule}\n"
    version = articles.parse(text, policy="r", adopted=date(2026, 1, 1))
    asked = [
        draft.value["text"]
        for draft in drafts.guess(version)
        if draft.kind == "quiz" and draft.clause == "1.2"
    ]
    assert any(" n'a pas à " in text or " ne peut pas " in text for text in asked) == is_turned


def test_a_sentence_that_only_announces_a_list_is_no_question_of_the_quiz() -> None:
    text = "".join(
        f"## Article {at}\n\nLes membres doivent apporter en sortie les objets suivants :\n\n"
        f"**a)** la carte {at};\n\n**b)** la boussole {at}.\n\n"
        for at in range(1, 6)
    )
    version = articles.parse(f"# Règlement\n\n{text}", policy="r", adopted=date(2026, 1, 1))
    asked = [draft.value["text"] for draft in drafts.guess(version) if draft.kind == "quiz"]
    assert len(asked) == len(version.clauses())
    assert not [question for question in asked if "suivants" in question]


def test_a_quiz_question_does_not_name_a_clause_by_the_words_that_it_quotes() -> None:
    """A subject that is how the sentence begins would give the answer away."""
    words = ("la carte", "la boussole", "le sac", "la gourde", "le sifflet", "la corde")
    titles = ("Plans", "Orientation", "Bagages", "Eau", "Signaux", "Nœuds")
    text = "".join(
        f"## {at}. {title}\n\n**1.** La personne de garde range {word} au retour. Elle note {word} au cahier."
        f"\n\n**2.** Chaque membre rapporte {word} en fin de sortie.\n\n"
        for at, (title, word) in enumerate(zip(titles, words, strict=True), 1)
    )
    version = articles.parse(f"# Règlement\n\n{text}", policy="r", adopted=date(2026, 1, 1))
    asked = [
        draft.value
        for draft in drafts.guess(version)
        if draft.kind == "quiz" and draft.value["text"].startswith("Où lit-on")
    ]
    assert asked
    for question in asked:
        quoted = question["text"].split("«\u00a0")[1]
        for choice in question["choice"]:
            assert not quoted.startswith(choice["text"].partition("\u00a0: ")[2]), question


def test_only_what_lays_something_down_is_asked_about_in_the_quiz() -> None:
    text = """# Règlement de la chorale

## Préambule

La chorale doit son nom à la rivière. Elle peut en changer.

ATTENDU QUE la chorale doit répéter;

CONSIDÉRANT QUE la salle ne peut pas être louée;

## Chapitre 1 – Les répétitions

### 1.1 Préambule

Le présent chapitre doit être lu avec le suivant.

### 1.2 Présence (Modifié par la résolution 4)

Toute choriste doit être à l'heure. (Modifié par la résolution 12)

### 1.3 Tenue

La tenue peut être noire ou bleue.

### 1.4 Retards (abrogé)

### 1.5 Absences

On doit prévenir la personne qui dirige.

### 1.6 Partitions

Chaque choriste peut garder ses partitions.
"""
    version = articles.parse(text, policy="x", adopted=date(2020, 1, 1))
    made = drafts.guess(version)
    assert {draft.clause for draft in made if draft.kind == "quiz"} == {"1.2", "1.3", "1.5", "1.6"}
    assert {draft.clause for draft in made if draft.kind == "force"} <= {"1.2", "1.3", "1.5", "1.6"}
    assert "1.4" not in {draft.clause for draft in made if draft.kind == "question"}
    assert "résolution" not in str([draft.value for draft in made]), "no note is a sentence of the rule"
    subjects = {draft.clause: draft.value for draft in made if draft.kind == "subject"}
    assert [subjects[number] for number in ("1.2", "1.3", "1.5")] == ["Présence", "Tenue", "Absences"]


def test_nothing_that_is_to_be_read_serves(folder: Path) -> None:
    loaded = load_library([SEED, folder.parent.parent], "marche", lambda: TODAY).default
    assert loaded.name == "règlement du club"
    assert loaded.name.of == "du règlement du club"
    assert not loaded.annotations.forces
    assert not loaded.annotations.titles
    assert find_questions([folder.parent.parent], "marche") is None
    assert (folder / "2024-05-01.md").read_text("utf-8") == TEXT


def keep(folder: Path, draft: Draft) -> None:
    drafts.keep(folder, draft, club())
    drafts.discard(folder, [draft], club())


def test_a_draft_that_is_kept_serves_and_leaves_the_folder(folder: Path) -> None:
    for kind in drafts.KINDS:
        draft = next(draft for draft in of_kind(folder, kind) if not draft.unfilled)
        keep(folder, draft)
        assert draft.id not in {other.id for other in drafts.read_drafts(folder, club())}
    loaded = load_library([SEED, folder.parent.parent], "marche", lambda: TODAY).default
    assert set(loaded.annotations.forces.values()) == {("portée",)}
    assert loaded.annotations.topics
    assert len(loaded.annotations.together) == 1
    assert len((folder / "questions.jsonl").read_text("utf-8").splitlines()) == 1
    assert len(quiz_bank.load_bank(folder / "quiz.toml", loaded.origin).questions) == 1


def test_a_draft_that_is_kept_again_is_written_once(folder: Path) -> None:
    """The machine stopped between the two files: the draft is still in the folder."""
    before = {path: path.read_bytes() for path in (folder / FOLDER).iterdir()}
    for kind in drafts.KINDS:
        draft = next(draft for draft in of_kind(folder, kind) if not draft.unfilled)
        keep(folder, draft)
        once = {path: path.read_text("utf-8") for path in folder.glob("*.*")}
        for path, content in before.items():
            path.write_bytes(content)
        keep(folder, draft)
        assert {path: path.read_text("utf-8") for path in folder.glob("*.*")} == once


def test_what_people_wrote_by_hand_stays_as_they_wrote_it(folder: Path) -> None:
    by_hand = (folder / ANNOTATIONS).read_text("utf-8") + '\n# la nôtre\n[nuance]\n"2.2" = "sauf urgence"\n'
    (folder / ANNOTATIONS).write_text(by_hand, "utf-8")
    draft = of_kind(folder, "force")[0]
    keep(folder, draft)
    assert (folder / ANNOTATIONS).read_text("utf-8").startswith(by_hand)


def test_a_correction_that_cannot_be_changes_nothing(folder: Path) -> None:
    before = (folder / ANNOTATIONS).read_text("utf-8")
    force, quiz = of_kind(folder, "force")[0], of_kind(folder, "quiz")[0]
    right_twice = [choice | {"right": True} for choice in quiz.value["choice"]]
    unfilled = [draft for draft in of_kind(folder, "quiz") if draft.unfilled]
    wrong = (replace(force, value="peut-être"), replace(quiz, value=quiz.value | {"choice": right_twice}))
    for decided in (*wrong, *unfilled):
        with pytest.raises(PolicyError):
            drafts.keep(folder, decided, club())
    assert (folder / ANNOTATIONS).read_text("utf-8") == before
    assert not (folder / "quiz.toml").exists()
    assert force.id in {draft.id for draft in drafts.read_drafts(folder, club())}


def test_a_policy_that_has_a_folder_is_never_begun_again(folder: Path) -> None:
    contents = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    with pytest.raises(FileExistsError):
        drafts.begin(folder, club(), NAME, "")
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == contents


def test_a_folder_whose_drafts_are_all_decided_has_no_file_left(folder: Path) -> None:
    for draft in drafts.read_drafts(folder, club()):
        drafts.discard(folder, [draft], club())
    assert not list((folder / FOLDER).iterdir())


@pytest.mark.parametrize(
    "broken", ["force = 3", "[topic]\nguide = 4", "[[together]]\nreason = 'x'", "[force"]
)
def test_a_file_of_drafts_that_someone_broke_is_named(folder: Path, broken: str) -> None:
    (folder / FOLDER / ANNOTATIONS).write_text(broken, "utf-8")
    with pytest.raises(PolicyError, match=f"{FOLDER}/{ANNOTATIONS}"):
        drafts.read_drafts(folder, club())
