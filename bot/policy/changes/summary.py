"""A summary of a comparison: how many clauses changed and how, and the three most important changes."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from bot.policy.articles import Number, Version
from bot.policy.changes.comparison import Change, ChangeKind, Comparison, HeadingChange, Nature
from bot.policy.changes.items import ItemChange
from bot.policy.changes.renumbering import condense
from bot.policy.changes.wording import normalized
from bot.policy.names import GenderedName
from bot.policy.provisions import Kind

MOST = 3  # changes named in a notice

# The participle (in the masculine singular) and the noun of each kind of change, in the order of the summary.
DONE: dict[ChangeKind, str] = {
    ChangeKind.CHANGED: "modifié",
    ChangeKind.ADDED: "ajouté",
    ChangeKind.REMOVED: "retiré",
    ChangeKind.SPLIT: "scindé",
    ChangeKind.MERGED: "réuni",
    ChangeKind.MOVED: "déplacé",
    ChangeKind.RENUMBERED: "renuméroté",
}
NOUNS: dict[ChangeKind, str] = {
    ChangeKind.CHANGED: "modification",
    ChangeKind.ADDED: "ajout",
    ChangeKind.REMOVED: "retrait",
    ChangeKind.SPLIT: "scission",
    ChangeKind.MERGED: "réunion",
    ChangeKind.MOVED: "déplacement",
    ChangeKind.RENUMBERED: "renumérotation",
}
_CORRECTED = "corrigé"  # an editorial change, which must not look substantive
_FIGURES = ("zéro", "un", "deux", "trois", "quatre", "cinq", "six", "sept", "huit", "neuf")
_OF_FORM = (ChangeKind.SPLIT, ChangeKind.MERGED, ChangeKind.MOVED, ChangeKind.CHANGED, ChangeKind.RENUMBERED)
_ARTICLE = "article\u00a0"
_ITEMS = 4  # at most this many changes of a clause's items are described


def count_changes(comparison: Comparison) -> str:
    """Return how many clauses changed, by kind of change: « deux clauses modifiées, une ajoutée ».

    Clauses that only have a new number are counted only when nothing else changed.
    """
    condensed = condense(comparison)
    changes = comparison.changes if condensed.only_numbers else condensed.changes
    counts = Counter[str]()
    for change in changes:
        reworded = change.kind is ChangeKind.RENUMBERED and change.nature is Nature.SUBSTANTIVE
        # The change of words is more important than the new number.
        done = DONE[ChangeKind.CHANGED] if reworded else _done(change)
        counts[done] += len(change.old) if change.kind is ChangeKind.MERGED else 1
    kinds = {
        (comparison.new if change.new else comparison.old).kind(Number(number))
        for change in changes
        for number in change.new or change.old
    }
    noun = GenderedName("article", "masculin") if kinds == {Kind.ARTICLE} else GenderedName("clause")
    parts: list[str] = []
    for done in (*DONE.values(), _CORRECTED):
        if count := counts[done]:
            named = "" if parts else f" {noun}{'s' * (count > 1)}"
            agreed = GenderedName(noun, noun.gender, plural=count > 1)
            parts.append(f"{_figure(count, noun)}{named} {done}{agreed.e}")
    if count := len(condensed.headings):
        s = "s" * (count > 1)
        parts.append(f"{_figure(count, GenderedName('intitulé', 'masculin'))} intitulé{s} changé{s}")
    return ", ".join(parts) or ("des numéros changés" if condensed.runs else "aucune clause changée")


def _figure(count: int, noun: GenderedName) -> str:
    if count == 1:
        return "une" if noun.gender == "féminin" else "un"
    return _FIGURES[count] if count < len(_FIGURES) else str(count)


def _done(change: Change) -> str:
    corrected = change.kind is ChangeKind.CHANGED and change.nature is Nature.EDITORIAL
    return _CORRECTED if corrected else DONE[change.kind]


def foremost(comparison: Comparison) -> tuple[Change, ...]:
    """Return the `MOST` most important changes, substantive if possible, in the order of the text."""

    def weight(pair: tuple[int, Change]) -> tuple[bool, int]:
        formal = pair[1].nature is Nature.EDITORIAL
        return formal, (_OF_FORM if formal else tuple(ChangeKind)).index(pair[1].kind)

    chosen = sorted(sorted(enumerate(comparison.changes), key=weight)[:MOST], key=lambda pair: pair[0])
    return tuple(change for _, change in chosen)


def change_subject(title: Callable[[Number, Version], str], comparison: Comparison, change: Change) -> str:
    """Return the heading above a change's clause, or else its article's title. `title`: `Policy.title`."""
    version, numbers = (comparison.new, change.new) if change.new else (comparison.old, change.old)
    number = Number(numbers[0])
    clause = version.clause(number)
    return (clause.heading if clause else "") or title(number, version)


def describe_change(comparison: Comparison, change: Change) -> str:
    """Describe a change in words: « 5.10, devenue 5.11 et modifiée », « article 4, retiré »."""
    old, new = _listed(comparison.old, change.old), _listed(comparison.new, change.new)
    version, numbers = (comparison.old, change.old) if change.old else (comparison.new, change.new)
    names = [version.named(Number(number)) for number in numbers]
    masculine = any(
        name.gender == "masculin" or _cited(version, number).startswith(_ARTICLE)
        for name, number in zip(names, numbers, strict=True)
    )
    e = GenderedName("", "masculin" if masculine else "féminin", plural=len(names) > 1).e
    done = f"{_done(change)}{e}"
    match change.kind:
        case ChangeKind.ADDED | ChangeKind.CHANGED:
            return f"{new}, {done}{_within_clause(comparison, change)}"
        case ChangeKind.REMOVED:
            return f"{old}, {done}"
        case ChangeKind.SPLIT | ChangeKind.MERGED:
            return f"{old}, {done} en {new}"
        case ChangeKind.MOVED if change.old == change.new:
            clause = comparison.new.clause(Number(change.new[0]))
            home = comparison.new.home(clause) if clause else None
            where = f" dans {comparison.new.named(home).the}" if home else ""
            return f"{old}, {done}{where}{_reworded(comparison, change, e)}"
        case ChangeKind.MOVED | ChangeKind.RENUMBERED:
            verb = f"déplacé{e} en" if change.kind is ChangeKind.MOVED else f"devenu{e}"
            return f"{old}, {verb} {new}{_reworded(comparison, change, e)}"


def _reworded(comparison: Comparison, change: Change, e: str) -> str:
    changed = f" et modifié{e}" if change.nature is Nature.SUBSTANTIVE else ""
    return f"{changed}{_within_clause(comparison, change)}"


def _within_clause(comparison: Comparison, change: Change) -> str:
    items = describe_items(comparison, change)
    return f" ({items})" if items else ""


def describe_items(comparison: Comparison, change: Change) -> str:
    """Describe what changed in a clause's items: « alinéas : c) ajouté; c) à e) devenus d) à f) »."""
    old, new = comparison.old, comparison.new
    items = [
        item
        for item in comparison.items
        if _holder(new, item.new) in change.new or (not item.new and _holder(old, item.old) in change.old)
    ]
    pieces: list[str] = []
    for run in _runs(items):
        befores = [_within(old, item.old) for item in run]
        afters = [_within(new, item.new) for item in run]
        if not run[0].old:
            pieces.append(f"{afters[0]} ajouté")
        elif not run[0].new:
            pieces.append(f"{befores[0]} retiré")
        elif befores == afters:
            pieces.append(f"{afters[0]} modifié")
        else:
            s = "s" * (len(run) > 1)
            changed = f" et modifié{s}" if run[0].reworded else ""
            pieces.append(f"{_range(befores)} devenu{s} {_range(afters)}{changed}")
    if len(pieces) > _ITEMS:
        pieces[_ITEMS - 1 :] = [f"et {len(pieces) - _ITEMS + 1} autres changements"]
    return f"alinéas\u00a0: {'; '.join(pieces)}" if pieces else ""


def _runs(items: Sequence[ItemChange]) -> list[list[ItemChange]]:
    """Group consecutive items that only have a new number. Any other item is a group of its own."""
    runs: list[list[ItemChange]] = []
    for item in items:
        renumbered = bool(item.old and item.new) and not item.reworded
        last = runs[-1][-1] if runs else None
        if renumbered and last and last.old and last.new and not last.reworded:
            runs[-1].append(item)
        else:
            runs.append([item])
    return runs


def _holder(version: Version, number: str) -> str:
    """Return the number of the clause that an item is in, "" when there is none."""
    item = version.item(Number(number))
    return str(item[0].number) if item else ""


def _within(version: Version, number: str) -> str:
    """Return an item's number without the number of its clause."""
    return number.removeprefix(_holder(version, number)).strip().removesuffix(".")


def _range(marks: Sequence[str]) -> str:
    return marks[0] if len(marks) == 1 else f"{marks[0]} {'et' if len(marks) == 2 else 'à'} {marks[-1]}"  # noqa: PLR2004 — a pair


def describe_heading(comparison: Comparison, heading: HeadingChange) -> str:
    """Describe in words the change of a title, or of the number of a part that contains clauses.

    « titre II, devenu titre III », « article 5, intitulé « Cotisations » plutôt que « Cotisation » ».
    """
    version, number = (comparison.old, heading.old) if heading.old else (comparison.new, heading.new)
    e = version.named(Number(number)).e
    name = _cited(version, number)
    labelled = bool(version.part(Number(number)).label)  # a part without a number is called by its title
    if not heading.old or not heading.new:
        title = heading.before or heading.after
        words = f"{name} «\u00a0{title}\u00a0»" if title and labelled else name
        return f"{words}, {'retiré' if heading.old else 'ajouté'}{e}"
    words = name
    if heading.old != heading.new:
        words += f", devenu{e} {_cited(comparison.new, heading.new)}"
    if normalized(heading.before) == normalized(heading.after) or not labelled:
        return words
    if not heading.after:
        return f"{words}, désormais sans titre"
    former = f" plutôt que «\u00a0{heading.before}\u00a0»" if heading.before else ""
    return f"{words}, intitulé{e} «\u00a0{heading.after}\u00a0»{former}"


def _cited(version: Version, number: str) -> str:
    """Return a number as the first words of a sentence about it: « 5.10 », « article 5 », « partie II »."""
    name = version.named(Number(number))
    return name if name.startswith("partie ") else version.cited(Number(number))


def _listed(version: Version, numbers: Sequence[str]) -> str:
    names = [_cited(version, number) for number in numbers]
    if len(names) > 1 and all(name.startswith(_ARTICLE) for name in names):
        first, *others = (name.removeprefix(_ARTICLE) for name in names)
        names = [f"articles\u00a0{first}", *others]
    return " et ".join(filter(None, (", ".join(names[:-1]), *names[-1:])))


def rows(comparison: Comparison) -> Iterator[tuple[str, str, ChangeKind, Nature]]:
    """Yield the old and new numbers, the kind and the nature of each change; then the renumberings."""
    condensed = condense(comparison)
    for change in condensed.changes:
        yield ", ".join(change.old) or "–", ", ".join(change.new) or "–", change.kind, change.nature
    for run in condensed.runs:
        old, new = (
            (f"{numbers[0]} à {numbers[-1]}" if len(numbers) > 1 else numbers[0])
            for numbers in (run.old, run.new)
        )
        yield old, new, ChangeKind.RENUMBERED, Nature.EDITORIAL


def clauses_to_read(comparison: Comparison) -> tuple[Number, ...]:
    """Return the clauses of the new text whose meaning is new."""
    substantive = (change for change in comparison.changes if change.nature is Nature.SUBSTANTIVE)
    return tuple(dict.fromkeys(Number(number) for change in substantive for number in change.new))
