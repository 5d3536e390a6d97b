"""Loading of the library from files and approved texts.

`data/politique/<id>/<AAAA-MM-JJ>.md` is an adopted version, and `annotations.toml` beside it interprets the
text. The association's own folder is layered over the shipped one.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import TypeAlias

from bot.configuration.profile import FILE, PolicyWords, load_profile
from bot.policy import articles
from bot.policy.annotations import parse_toml, read_annotations
from bot.policy.articles import PolicyError, Version
from bot.policy.changes import identities
from bot.policy.library import Library, Policy, SetAside
from bot.policy.names import Gender, GenderedName
from bot.settings import SEED


@dataclass(frozen=True, slots=True)
class Adopted:
    """The approved text of an adopted version. `effective` is as in `Version`.

    `name`, `gender`, `plural`: the policy's name, "" unless it came with the first text. A file may give
    another name. `identities`: as in `Version.stored`. `coming`: whether it is announced but not in force
    yet.
    """

    adopted: date
    effective: date | None
    text: str
    name: str = ""
    gender: Gender = "féminin"
    plural: bool = False
    coming: bool = False
    identities: Mapping[str, str] = field(default_factory=dict)


# The approved texts of each policy. If there are any, they replace the files.
Approved: TypeAlias = Mapping[str, Sequence[Adopted]]


def load_library(
    folders: Sequence[Path], default: str, today: Callable[[], date], approved: Approved | None = None
) -> Library:
    """Return the library of the association's policies (see `read_policies`). Later folders take precedence.

    A file that cannot be read is set aside (see `Library.aside`). Raises `PolicyError` when the policy
    `default` does not exist, or when no text of it can be read.
    """
    aside: list[SetAside] = []
    policies = read_policies(folders, default, approved or {}, aside)
    if default not in policies:
        # The default may be a misspelt shipped policy, which was not read since the setting does not name it.
        ids = sorted({*policies, *_ids(folders[0] / "politique")})
        hint = (
            f"Corrigez son nom, ou apportez son texte\u00a0: vigie commencer FICHIER --politique {default}."
        )
        if default.lower() in ids:
            hint = f"Vouliez-vous écrire {default.lower()}?"
        problem = (
            f"la politique «\u00a0{default}\u00a0» n'existe pas (connues\u00a0: {', '.join(ids)}). {hint}"
        )
        raise PolicyError(f"VIGIE_POLITIQUE, ou {FILE}", 0, problem)
    return Library(policies, default, today, aside)


def read_policies(
    folders: Sequence[Path], default: str, approved: Approved, aside: list[SetAside] | None = None
) -> dict[str, Policy]:
    """Return the association's policies, by id: those in `folders` and in the approved texts.

    Policies that only Vigie's own folder has are left out, except `default`: they are another association's.
    Raises `PolicyError` when a file cannot be read, or when two policies share a name. With a list `aside`,
    such a file is added to it instead and the rest is used, unless `default` has no other text.
    """
    roots = [folder / "politique" for folder in folders]
    words = load_profile(folders).policies
    ids = set(approved).union(*map(_ids, roots)) - only_shipped(folders, default).difference(approved)
    policies: dict[str, Policy] = {}
    owners = {policy.lower(): policy for policy in ids}
    for policy in sorted(ids, key=lambda policy: (policy != default, policy)):
        problems: list[SetAside] = []
        try:
            policy_folders = _own_folders(folders, policy)
            texts = approved.get(policy, ())
            read = _read_policy(policy, policy_folders, texts, words.get(policy, PolicyWords()), problems)
            if problems and aside is None:
                raise problems[0].error
            _check_names(read, owners)
        except PolicyError as error:
            if aside is None or policy == default:
                raise
            problems = [SetAside(policy, error, None)]
        else:
            policies[policy] = read
        if aside is not None:
            aside += problems
    return dict(sorted(policies.items()))


def read_policy(folders: Sequence[Path], policy: str, approved: Sequence[Adopted]) -> Policy:
    """Return one policy, by its id. Raises `PolicyError` when any of its files cannot be read."""
    problems: list[SetAside] = []
    words = load_profile(folders).policies.get(policy, PolicyWords())
    read = _read_policy(policy, _own_folders(folders, policy), approved, words, problems)
    if problems:
        raise problems[0].error
    return read


def policy_files(folders: Sequence[Path], policy: str) -> dict[str, bytes]:
    """Return the content of the files that a policy is read from, by path. Raises `PolicyError`."""
    policy_folders = _own_folders(folders, policy)
    paths = [*_files(policy_folders), *(folder / "annotations.toml" for folder in policy_folders)]
    return {str(path): read_utf8(path).encode() for path in paths if path.is_file()}


def _own_folders(folders: Iterable[Path], policy: str) -> list[Path]:
    return [folder / "politique" / policy for folder in folders]


def _check_names(policy: Policy, owners: dict[str, str]) -> None:
    """Add a policy's names to `owners`, by name in lower case.

    Raises `PolicyError` for a name that another policy has.
    """
    for name in policy.names():
        owner = owners.setdefault(name.lower(), policy.id)
        if owner != policy.id:
            problem = f"le nom «\u00a0{name}\u00a0» est déjà celui de la politique {owner}."
            raise PolicyError(f"{policy.id}/annotations.toml", 0, problem)


def only_shipped(folders: Iterable[Path], default: str) -> set[str]:
    """Return the ids of the policies that only Vigie's own folder has, except `default`."""
    others = [_ids(folder / "politique") for folder in folders if folder != SEED]
    return _ids(SEED / "politique").difference([default], *others)


def _ids(root: Path) -> set[str]:
    return {path.name for path in root.glob("*") if path.is_dir()}


def read_texts(folders: Iterable[Path], policy: str) -> dict[str, str]:
    """Return the text of each version of a policy in `folders`, by file name, which is its adoption date.

    Raises `PolicyError` for a file that is not in UTF-8.
    """
    return {
        path.stem: read_utf8(path) for path in _files(folder / "politique" / policy for folder in folders)
    }


def _files(folders: Iterable[Path]) -> list[Path]:
    files = {path.stem: path for folder in folders for path in folder.glob("*.md")}
    return [files[name] for name in sorted(files)]


def _read_policy(
    policy: str,
    folders: Sequence[Path],
    approved: Sequence[Adopted],
    words: PolicyWords,
    aside: list[SetAside],
) -> Policy:
    """Return a policy. Add to `aside` the unreadable files that the policy can do without.

    Raises `PolicyError` when no text can be read.
    """
    versions, errors = _read_versions(policy, folders, approved)
    if not versions:
        if errors:
            raise errors[0]
        raise PolicyError(policy, 0, "ce dossier de politique ne contient aucune version (AAAA-MM-JJ.md).")
    coming = {text.adopted for text in approved if text.coming}
    in_force = [version for version in versions if version.adopted not in coming]
    if not in_force:
        raise errors[0]
    served = max(in_force, key=lambda version: (version.since, version.adopted)).adopted
    notes = [path for folder in folders if (path := folder / "annotations.toml").is_file()]
    for interpretation in reversed([None, *notes]):
        try:
            loaded = _interpreted(policy, versions, interpretation, words, approved)
        except PolicyError as error:
            errors.append(error)
        else:
            break
    aside += [SetAside(policy, error, served) for error in errors]
    loaded.notes(loaded.versions[-1])  # compares versions now instead of at the first look-up
    return loaded


def _read_versions(
    policy: str, folders: Sequence[Path], approved: Sequence[Adopted]
) -> tuple[list[Version], list[PolicyError]]:
    """Return the versions of a policy, and the problems of the files that cannot be read."""
    versions: list[Version] = []
    errors: list[PolicyError] = []
    for text in approved:
        source = f"{policy}/{text.adopted}.md"
        try:
            version = articles.parse(
                text.text,
                policy=policy,
                adopted=text.adopted,
                source=source,
                effective=text.effective,
            )
            versions.append(version)
        except PolicyError as error:
            errors.append(error)
    contents = {text.text for text in approved}
    for path in _files(folders):
        try:
            content = read_utf8(path)
            if content not in contents:
                version = _read_file(policy, path, content)
                versions += [] if approved else [version]  # a file that changed waits to be approved
        except PolicyError as error:
            errors.append(error)
    return versions, errors


def _read_file(policy: str, path: Path, text: str) -> Version:
    try:
        adopted = date.fromisoformat(path.stem)
    except ValueError as error:
        problem = "le nom doit être la date d'adoption\u00a0: AAAA-MM-JJ.md."
        raise PolicyError(_short(path), 0, problem) from error
    return articles.parse(text, policy=policy, adopted=adopted, source=_short(path))


def _interpreted(
    policy: str,
    versions: Sequence[Version],
    notes: Path | None,
    words: PolicyWords,
    approved: Sequence[Adopted],
) -> Policy:
    """Return a policy with the annotations of a file, if any, and the profile's words for it.

    `approved`: its approved texts, the first of which may have a name. Raises `PolicyError`.
    """
    first = next(iter(approved), None)
    stored = {text.adopted: text.identities for text in approved}
    toml, source = (read_utf8(notes), _short(notes)) if notes else ("", policy)
    data = parse_toml(toml, source)
    table = data.get("policy")
    interpreted = str(table.get("version", "")) if isinstance(table, dict) else ""
    if first and not (words.name or (isinstance(table, dict) and "name" in table)):
        words = PolicyWords(first.name, first.gender, first.plural, words.title)
    chain: list[Version] = []
    for version in sorted(versions, key=lambda version: (version.since, version.adopted)):
        former = chain[-1] if chain else None
        names = stored.get(version.adopted, {})
        chain.append(replace(version, former=former, interpreted=interpreted, stored=names))
    origin = identities.origin(chain[-1])
    annotations = read_annotations(data, origin, source)
    if annotations.version and annotations.version != origin.key:
        raise PolicyError(
            source, 0, f"[policy] version\u00a0: il n'y a pas de version du {annotations.version}."
        )
    if words.name:
        name = GenderedName(words.name, words.gender, plural=words.plural)
        title = "" if annotations.title == annotations.name else annotations.title
        annotations = replace(annotations, name=name, title=words.title or title or name)
    later = {text.adopted for text in approved if text.coming}
    served = tuple(version for version in chain if version.adopted not in later)
    coming = tuple(version for version in chain if version.adopted in later)
    return Policy(policy, served, origin, annotations, coming)


def read_utf8(path: Path) -> str:
    """Return a file's text, without the byte order mark that some editors put before it.

    Raises `PolicyError`, with the line, when it is not in UTF-8.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise PolicyError(_short(path), 0, "le fichier ne se lit pas.") from error
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise PolicyError(_short(path), line, "le fichier n'est pas en UTF-8.") from error


def _short(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"
