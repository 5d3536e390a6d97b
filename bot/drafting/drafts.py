"""The folder of a policy's drafts, `<data>/politique/<id>/a_relire/`, in the formats of the policy's files.

The bot does not use these files. A draft that a person accepts moves to the policy's own files, and a draft
that they discard is deleted, so the folder contains only the drafts still to review.
"""

import hashlib
import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias, get_args

import tomlkit
from tomlkit.items import AoT

from bot.answers import bank, guidance
from bot.answers.bank import ANSWERS, BANK
from bot.configuration import profile
from bot.drafting import guesses, questions
from bot.onboarding.quiz import bank as quiz_bank
from bot.onboarding.quiz.files import FILE
from bot.policy.addresses import listed
from bot.policy.annotations import parse_toml, read_annotations
from bot.policy.articles import PolicyError, Version
from bot.policy.definitions import defined_terms
from bot.policy.loading import read_utf8
from bot.policy.names import NUMBERS, GenderedName
from bot.storage import files

FOLDER: Final = "a_relire"
ANNOTATIONS: Final = "annotations.toml"

DraftKind: TypeAlias = Literal["title", "force", "subject", "topic", "together", "question", "quiz"]
KINDS: Final[tuple[DraftKind, ...]] = get_args(DraftKind)
_FILES: Final[Mapping[DraftKind, str]] = {
    "title": ANNOTATIONS,
    "force": ANNOTATIONS,
    "subject": ANSWERS,
    "topic": ANNOTATIONS,
    "together": ANNOTATIONS,
    "question": BANK,
    "quiz": FILE,
}
# the kinds of drafts that are a key and a value in a TOML table
_KEYED: Final = ("title", "force", "subject", "topic")
_UNREAD: Final = (
    "À relire\u00a0: ce qui suit est deviné d'après le texte seul, et rien ici ne sert tant que personne ne",
    "l'a relu. Dans le clavardage, «\u00a0relire\u00a0» montre chaque ligne, à garder, corriger ou jeter.",
    "À la main\u00a0: corrigez, puis déplacez les lignes dans le fichier du même nom, un dossier plus haut.",
)


@dataclass(frozen=True, slots=True)
class Draft:
    """A guess about a clause, an article or a word. `clause`: the number of the clause, or of the first one.

    `key`: the draft's key in the TOML file, "" in a list. `value`: its value there, which is a text for a
    title, a force or a subject, numbers for a topic, and a table for any other kind.
    """

    kind: DraftKind
    clause: str
    key: str
    value: Any

    @property
    def id(self) -> str:
        """A short hash of the draft's content, by which a button identifies the draft."""
        content = json.dumps([self.kind, self.key, self.value], ensure_ascii=False, sort_keys=True)
        return hashlib.sha256(content.encode()).hexdigest()[:10]

    @property
    def unfilled(self) -> bool:
        """Whether the draft has a blank that a person must fill in."""
        return questions.TO_FILL in json.dumps(self.value, ensure_ascii=False)


def guess(version: Version) -> tuple[Draft, ...]:
    """Return the drafts of everything that can be guessed from a text, in the order of its clauses."""
    titles = dict(guesses.readable_titles(version))
    forces = {
        clause.number: force
        for clause in version.clauses()
        if guesses.is_rule(version, clause) and (force := guesses.guess_force(clause.text))
    }
    subjects = guesses.guess_subjects(version, titles)
    terms = defined_terms(version)
    citations = {str(number): [*map(str, others)] for number, others in guesses.citations(version).items()}
    drafts = [
        *(Draft("title", _first(version, number), str(number), title) for number, title in titles.items()),
        *(Draft("force", str(number), str(number), force) for number, force in forces.items()),
        *(Draft("subject", str(number), str(number), subject) for number, subject in subjects.items()),
        *(Draft("topic", str(number), term, [str(number)]) for term, number in terms),
        *(
            Draft(
                "together",
                citing,
                "",
                {"clauses": [citing, *cited], "reason": f"{citing} renvoie à {listed(cited)}."},
            )
            for citing, cited in citations.items()
        ),
        *(
            Draft("question", str(number), "", json.loads(replace(line, version=version.key).as_json()))
            for number, line in questions.bank_drafts(version, subjects)
        ),
        *(
            Draft("quiz", str(number), "", question)
            for number, question in questions.quiz_drafts(version, forces, subjects)
        ),
    ]
    return _in_order(drafts, version)


def _first(version: Version, article: object) -> str:
    """Return the number of an article's first clause, with which the draft of its title is shown."""
    clauses = (group.clauses for group in version.articles if str(group.number) == str(article))
    return next((str(group[0].number) for group in clauses if group), str(article))


def _in_order(drafts: Sequence[Draft], version: Version) -> tuple[Draft, ...]:
    places = {str(clause.number): at for at, clause in enumerate(version.clauses())}
    last = len(places)
    return tuple(sorted(drafts, key=lambda draft: (places.get(draft.clause, last), KINDS.index(draft.kind))))


# --- The folder -------------------------------------------------------------------------------


def read_drafts(folder: Path, version: Version) -> tuple[Draft, ...]:
    """Return the drafts that remain in a policy's folder, in the order of the clauses.

    `folder`: the policy's own folder. Raises `PolicyError`, with the file and the line, for an invalid file.
    """
    drafts: list[Draft] = []
    for name in dict.fromkeys(_FILES.values()):
        path = folder / FOLDER / name
        if path.is_file():
            source = f"{FOLDER}/{name}"
            if name == BANK:
                for at, text in enumerate(read_utf8(path).splitlines(), 1):
                    if text.strip() and not text.lstrip().startswith("//"):
                        line = bank.parse_bank_line(text, (source, at))
                        about = str(next(iter(line.gold), ""))
                        drafts.append(Draft("question", about, "", json.loads(line.as_json())))
                continue
            try:
                drafts += _entries(parse_toml(read_utf8(path), source), version)
            except (AttributeError, LookupError, TypeError) as error:
                raise PolicyError(source, 0, "une ligne n'a plus la forme de ses voisines.") from error
    return _in_order(drafts, version)


def _entries(data: Mapping[str, Any], version: Version) -> Iterator[Draft]:
    for kind in _KEYED:
        for key, value in data.get(kind, {}).items():
            about = {"title": _first(version, key), "topic": value[0]}.get(kind, key)
            yield Draft(kind, about, key, value)
    for group in data.get("together", []):
        yield Draft("together", group["clauses"][0], "", group)
    for question in data.get("question", []):
        yield Draft("quiz", question["clause"], "", question)


def write_drafts(folder: Path, drafts: Sequence[Draft]) -> None:
    """Replace the drafts of a policy. A file left without drafts is removed. Raises `StorageError`."""
    for name in dict.fromkeys(_FILES.values()):
        path = folder / FOLDER / name
        remaining = [draft for draft in drafts if _FILES[draft.kind] == name]
        with files.explained(path):
            if not remaining:
                path.unlink(missing_ok=True)
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
        if name == BANK:  # JSON has no comments: the folder's name says what these lines are
            text = "".join(json.dumps(draft.value, ensure_ascii=False) + "\n" for draft in remaining)
        else:
            document = tomlkit.document()
            for line in _UNREAD:
                document.add(tomlkit.comment(line))
            for draft in remaining:
                _add(document, draft)
            text = tomlkit.dumps(document)
        files.write_whole(path, text.encode())


def _add(document: tomlkit.TOMLDocument, draft: Draft) -> None:
    if draft.kind in _KEYED:
        if draft.kind not in document:
            document.add(draft.kind, tomlkit.table())
        table: Any = document[draft.kind]
        table[draft.key] = draft.value
        return
    name = "question" if draft.kind == "quiz" else draft.kind
    if name not in document:
        document.add(name, tomlkit.aot())
    rows: Any = document[name]
    assert isinstance(rows, AoT)  # noqa: S101 — written under [[…]], as the loaders check
    if draft.value not in rows.unwrap():  # the row is there if the bot stopped before `discard`
        rows.append(tomlkit.item(draft.value))


# --- What a person decides --------------------------------------------------------------------


def keep(folder: Path, decided: Draft, version: Version) -> None:
    """Write an accepted draft in the policy's own file. `discard` then removes it from the folder.

    `decided`: the draft with the person's corrections. The resulting file is checked before it is written.
    Raises `PolicyError` if it is invalid, and `StorageError`.
    """
    name = _FILES[decided.kind]
    path = folder / name
    if decided.unfilled:
        raise PolicyError(name, 0, f"remplacez ce qui commence par «\u00a0{questions.TO_FILL}\u00a0».")
    if name == BANK:
        line = bank.parse_bank_line(json.dumps(decided.value, ensure_ascii=False), (name, 0))
        if not all(version.within(number) for number in line.gold):
            raise PolicyError(name, 0, "une des clauses n'existe pas dans ce texte.")
        bank.add_line(folder.parent.parent, version.policy, line)
    else:
        document = tomlkit.parse(read_utf8(path)) if path.is_file() else tomlkit.document()
        _add(document, decided)
        text = tomlkit.dumps(document)
        if name == ANNOTATIONS:
            read_annotations(parse_toml(text, name), version, name)
        elif name == ANSWERS:
            guidance.parse_guidance(text, version, name)
        else:
            problems = quiz_bank.parse_bank(text, version).problems
            faults = [problem for problem in problems if problem.question == decided.value["id"]]
            if faults:
                raise PolicyError(name, 0, faults[0].text)
        files.write_whole(path, text.encode())


def discard(folder: Path, drafts: Collection[Draft], version: Version) -> None:
    """Remove drafts from the folder of drafts. `folder`: the policy's own folder. Raises `StorageError`."""
    gone = {draft.id for draft in drafts}
    write_drafts(folder, [draft for draft in read_drafts(folder, version) if draft.id not in gone])


def begin(
    folder: Path, version: Version, name: GenderedName, title: str, drafts: Sequence[Draft] | None = None
) -> tuple[Draft, ...]:
    """Write the folder of a new policy: its text, its name and title, and its drafts. Return the drafts.

    `drafts`: None to guess them from the text alone. Raises `StorageError`, and `FileExistsError` when the
    policy already has files, which are never replaced.
    """
    if has_files(folder):
        raise FileExistsError(str(folder))
    drafts_ = guess(version) if drafts is None else tuple(drafts)
    with files.explained(folder):
        folder.mkdir(parents=True, exist_ok=True)
    files.write_whole(folder / f"{version.adopted}.md", version.markdown.encode())
    lines = chain(
        ["# Ce qui nomme et interprète ce texte, qui est dans le fichier daté. Rien ici ne le remplace.", ""],
        ["[policy]", f"name = {_quoted(name)}", f"gender = {_quoted(name.gender)}"],
        [f"number = {_quoted(NUMBERS[1])}"] if name.plural else [],
        [f"title = {_quoted(title)}"] if title else [],
        [
            f"version = {_quoted(version.key)}",
            'aliases = []  # les autres noms qu\'on lui donne, ["RG", "le RG"]',
        ],
    )
    files.write_whole(folder / ANNOTATIONS, ("\n".join(lines) + "\n").encode())
    write_drafts(folder, drafts_)
    return drafts_


def leave_profile(data: Path, policy: str, name: GenderedName) -> bool:
    """Write the commented example of a profile in the association's folder, unless it has one or a profile.

    Return whether it was written. Raises `StorageError`.
    """
    example = data / profile.EXAMPLE
    if example.exists() or (data / profile.FILE).exists():
        return False
    text = profile.example(policy, name, name.gender, NUMBERS[name.plural])
    files.write_whole(example, text.encode())
    return True


def has_files(folder: Path) -> bool:
    """Return whether a policy's folder contains any file."""
    return folder.is_dir() and any(folder.iterdir())


def _quoted(text: str) -> str:
    return json.dumps(str(text), ensure_ascii=False)
