"""What the administration is told of a revision."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from bot.commands import changes
from bot.conversation.forms import Form, TextField
from bot.conversation.messages import (
    Button,
    Buttons,
    Divider,
    Element,
    File,
    Heading,
    Message,
    Note,
    Span,
    Text,
    bold,
    code,
    excerpt,
    turn_buttons,
)
from bot.policy.changes import summary
from bot.policy.changes.comparison import Change, ChangeKind, Comparison, Nature
from bot.policy.library import Policy
from bot.revision import notices as revision_notices
from bot.revision.ledger import Asked
from bot.revision.reading.lint import LintFinding
from bot.revision.revisions import Revision
from bot.times import in_words

_LISTED = 10  # revisions on the overview
_NOTES = 8  # remarks on a text that are written out
_TYPED = 20  # characters of a date, as one may type it
_SPACE, _NEXT = "_", "|"  # in what a button carries: within a date, and between two
_PAGE = 4  # changes on one page of natures, each with its button

_STATES: Mapping[str, str] = {
    "proposed": "proposée",
    "scheduled": "approuvée",
    "announced": "mise en vigueur",
    "withdrawn": "retirée",
}
_NATURES: Mapping[Nature, str] = {
    Nature.EDITORIAL: "éditoriale\u00a0: elle ne touche que la forme",
    Nature.SUBSTANTIVE: "substantielle\u00a0: elle change ce qui est demandé",
    Nature.RESTRUCTURED: "une refonte\u00a0: la plus grande partie du texte change",
}
_GROUPS: Mapping[Asked, str] = {
    "nothing": "rien à faire",
    "changes": "lire ce qui change, répondre aux questions, attester",
    "whole": "lire tout le texte, faire le quiz, attester",
}
PREVIEW = "L'avis, tel que chaque plateforme le montrera"
_ALL = Button("Toutes les révisions", "revision")


def overview(found: Sequence[tuple[Policy, Revision]]) -> Message:
    """List the revisions, and say how to propose one."""
    buttons = [
        Button(excerpt(f"{policy.name}, {state(one)}", 60), f"revision voir {one.id}")
        for policy, one in found[:_LISTED]
    ]
    rows: list[Element] = [Buttons(*buttons[at : at + 5]) for at in range(0, len(buttons), 5)]
    return Message(
        Heading("Les révisions"),
        *(rows or [Text("Aucune révision n'a encore été proposée.")]),
        Note(
            "Pour en proposer une, déposez ici, en message privé, le fichier du nouveau texte (Markdown, "
            "Word ou PDF), ou tapez dans un terminal ",
            code("vigie reviser FICHIER --politique pa20 --adoptee DATE --proposer"),
            ". Rien ne change avant d'être approuvé.",
        ),
        Buttons(Button("Les versions", "versions")),
    )


def state(revision: Revision) -> str:
    """Return in a few words what a revision is."""
    when = revision.announced_at and revision.effective
    day = when or revision.withdrawn_on or revision.effective or revision.proposed_on
    word = "pour le" if revision.state == "scheduled" else "le"
    return f"{_STATES[revision.state]} {word} {in_words(day)}" + (" (retour)" if revision.withdraws else "")


def _title(policy: Policy, revision: Revision) -> Heading:
    return Heading(f"{policy.name}, révision {state(revision)}")


def shown(
    policy: Policy,
    revision: Revision,
    comparison: Comparison,
    counts: Mapping[Asked, int],
    *,
    by: Span | None,
    agreed: Sequence[Span],
    left: Sequence[str] = (),
) -> Message:
    """Show a revision and what can be done with it; `left`: what will have to be looked at again."""
    return Message(
        _title(policy, revision),
        Text(
            bold(summary.count_changes(comparison).capitalize()),
            f". Dans son ensemble, elle est {_NATURES[comparison.nature]}.",
        ),
        Text(*_facts(revision, by, agreed)),
        *_remarks(revision.notes),
        *_expected(counts),
        *_after(left),
        *_actions(revision, agreed),
    )


def _facts(revision: Revision, by: Span | None, agreed: Sequence[Span]) -> Iterator[Span | str]:
    if revision.withdraws:
        yield "Elle ramène le texte d'une version antérieure.\n"
    yield f"Proposée le {in_words(revision.proposed_on)}"
    if by is not None:
        yield " par "
        yield by
    yield "."
    if revision.adopted:
        yield f"\nAdoptée le {in_words(revision.adopted)}"
        yield f"; prend effet le {in_words(revision.effective)}." if revision.effective else "."
    if agreed:
        yield "\nApprouvée par "
        for number, one in enumerate(agreed):
            yield ", " if number else ""
            yield one
        yield "."
    if revision.state == "proposed":
        yield "\nRien ne change avant qu'elle soit approuvée."


def _remarks(notes: Sequence[LintFinding]) -> Iterator[Element]:
    if not notes:
        return
    lines = ["• " + (f"{one.clause}\u00a0: " if one.clause else "") + one.message for one in notes[:_NOTES]]
    if len(notes) > _NOTES:
        lines.append(f"et {len(notes) - _NOTES} de plus.")
    yield Text(bold("À vérifier dans ce texte"), "\n", excerpt_lines(lines))


def unfit(policy: Policy, findings: Sequence[LintFinding]) -> Message:
    """Refuse a text whose clauses cannot be told from one another, and say where."""
    return Message(
        Heading("Ce texte ne peut pas être proposé tel quel"),
        Text(f"Les numéros n'en sont pas sûrs : la {policy.name} ne pourrait pas être citée sans erreur."),
        *_remarks(findings),
        Note("Corrigez le fichier, puis déposez-le de nouveau. Rien n'est changé."),
        Buttons(_ALL),
    )


def excerpt_lines(lines: Sequence[str]) -> str:
    """Return lines, each shortened, so that what came out of a file cannot fill a message."""
    return "\n".join(excerpt(line, 160) for line in lines)


def _expected(counts: Mapping[Asked, int]) -> Iterator[Element]:
    if not counts:
        return
    total = sum(counts.values())
    if not total:
        yield Text("Personne n'est visé aujourd'hui\u00a0: personne ne recevrait l'avis.")
        return
    lines = [f"• {count}\u00a0: {_GROUPS[asked]}" for asked, count in counts.items() if count]
    people = f"{total} personnes" if total > 1 else "une personne"
    yield Text(bold(f"Aujourd'hui, l'avis irait à {people}"), "\n", "\n".join(lines))


def _after(left: Sequence[str]) -> Iterator[Element]:
    if left:
        yield Text(
            bold("À revoir une fois ce texte en vigueur"),
            "\n",
            "\n".join(f"• {one}" for one in left),
            "\nTant que ce n'est pas fait, je n'en tiens pas compte\u00a0: les mots visés changent.",
        )


def _actions(revision: Revision, agreed: Sequence[Span]) -> Iterator[Element]:
    own = revision.id
    look = [Button("Comparer", f"revision comparer {own}")]
    if revision.state in {"proposed", "scheduled"}:
        look.append(Button("Voir l'avis", f"revision avis {own}"))
    if revision.state == "proposed":
        look.append(Button("Forme ou fond", f"revision natures {own}"))
    if revision.state == "announced":
        look.append(Button("Registre", f"revision registre {own}"))
        look.append(Button("Image", f"revision image {own}"))
    yield Buttons(*look, _ALL)
    decide = []
    if revision.state == "proposed":
        if agreed:
            decide.append(Button("Approuver ces dates", f"revision accord {own}", "primary"))
        label = "D'autres dates" if agreed else "Approuver…"
        decide.append(Button(label, f"revision approuver {own}", "plain" if agreed else "primary"))
    if revision.state != "withdrawn":
        decide.append(Button("Retirer…", f"revision retirer {own}", "danger"))
    if decide:
        yield Buttons(*decide)


def compared(policy: Policy, revision: Revision, comparison: Comparison, page: int) -> Message:
    """Show a page of what changes."""
    pages = changes.pages(comparison)
    at = min(max(page, 1), max(len(pages), 1))
    turns = turn_buttons(at, len(pages), lambda target: f"revision comparer {revision.id} {target}")
    place = f" · page {at} sur {len(pages)}" if len(pages) > 1 else "."
    return Message(
        _title(policy, revision),
        *(pages[at - 1] if pages else (Text("Aucune clause n'est changée."),)),
        Note(
            f"Depuis la version du {in_words(comparison.old.adopted)}. Les mots retirés sont barrés, les "
            f"nouveaux en gras{place}"
        ),
        Buttons(*turns, Button("La révision", f"revision voir {revision.id}")),
    )


def preview(
    policy: Policy, revision: Revision, comparison: Comparison, asked: Asked, *, channel: bool = False
) -> Message:
    """Show the notice as it will be read here, by those of one group; its buttons lead back."""
    notice = (
        revision_notices.in_channel(policy, revision, comparison)
        if channel
        else revision_notices.notice(policy, revision, comparison, asked)
    )
    words = [one for one in notice.elements if not isinstance(one, Buttons)]
    labels = ", ".join(f"[{button.label}]" for button in notice.buttons())
    others = [
        Button(label, f"revision avis {revision.id} {group}")
        for group, label in (
            ("nothing", "Rien à faire"),
            ("changes", "Ce qui change"),
            ("whole", "Tout le texte"),
            ("canal", "Dans le canal"),
        )
    ]
    return Message(
        Note("Voici l'avis, tel qu'on le lira. Ses boutons\u00a0: ", labels),
        Divider(),
        *words,
        Divider(),
        Buttons(*others),
        Buttons(
            Button("Sur chaque plateforme", f"revision apercu {revision.id}", "primary"),
            Button("La révision", f"revision voir {revision.id}"),
        ),
    )


def notices(policy: Policy, revision: Revision, comparison: Comparison) -> dict[str, Message]:
    """Return what each group would read, and the channel, by name."""
    return {
        **{
            f"À qui il est demandé\u00a0: {what}": revision_notices.notice(
                policy, revision, comparison, asked
            )
            for asked, what in _GROUPS.items()
        },
        "Dans le canal": revision_notices.in_channel(policy, revision, comparison),
    }


def previewed(revision: Revision, content: bytes) -> Message:
    """Give the page that shows the notice as each platform will."""
    return Message(
        Text("L'avis tel que Slack et Discord le montreront, pour chaque groupe. Ouvrez la page à l'écran."),
        File("apercu.html", content, PREVIEW),
        Buttons(Button("La révision", f"revision voir {revision.id}")),
    )


def natures(policy: Policy, revision: Revision, comparison: Comparison, page: int) -> Message:
    """Show some of the changes, each with the button that decides the other nature."""
    found = comparison.changes
    pages = max(1, -(-len(found) // _PAGE))
    at = min(max(page, 1), pages)
    rows: list[Element] = []
    for change in found[(at - 1) * _PAGE : at * _PAGE]:
        rows.append(Text(bold(summary.describe_change(change)), f"\u00a0: {_word(change)}."))
        if (button := _other(revision, change, at)) is not None:
            rows.append(Buttons(button))
    turns = turn_buttons(at, pages, lambda target: f"revision natures {revision.id} {target}")
    return Message(
        Heading(f"{policy.name}, forme ou fond"),
        *rows,
        Note(
            "De fond, un changement est à lire et à attester; de forme, il est seulement annoncé. Une clause "
            "ajoutée ou retirée est toujours de fond."
        ),
        Buttons(*turns, Button("La révision", f"revision voir {revision.id}", "primary")),
    )


def _word(change: Change) -> str:
    return "de fond" if change.nature is Nature.SUBSTANTIVE else "de forme"


def _other(revision: Revision, change: Change, page: int) -> Button | None:
    if revision.state != "proposed" or change.kind in {ChangeKind.ADDED, ChangeKind.REMOVED}:
        return None
    formal = change.nature is Nature.EDITORIAL
    nature = Nature.SUBSTANTIVE if formal else Nature.EDITORIAL
    label = f"{change.key.lstrip('-')} est {'de fond' if formal else 'de forme'}"
    return Button(label, f"revision nature {revision.id} {change.key} {nature} {page}")


def dates_form(revision: Revision, before: str = "") -> Form:
    """Ask when a text was adopted and from when on it is in force: neither is ever guessed.

    `before`: what was typed the last time, as the button of `wrong_dates` carries it.
    """
    hint = "Année, mois, jour, comme 2027-01-20"
    adopted = revision.adopted.isoformat() if revision.adopted else ""
    effective = revision.effective.isoformat() if revision.effective else ""
    if before:
        adopted, _, effective = before.replace(_SPACE, " ").partition(_NEXT)
    return Form(
        f"revision approuver {revision.id}",
        "Approuver la révision",
        (
            TextField("adoptee", "Date d'adoption", hint=hint, value=adopted[:_TYPED], max_length=_TYPED),
            TextField("effet", "Date d'effet", hint=hint, value=effective[:_TYPED], max_length=_TYPED),
        ),
        "Approuver",
    )


def wrong_dates(revision: Revision, why: str, adopted: str, effective: str) -> Message:
    """Say why dates cannot be, and open the form again with what was typed."""
    adopted, effective = (
        _SPACE.join(one[:_TYPED].replace(_NEXT, " ").split()) for one in (adopted, effective)
    )
    again = f"revision approuver {revision.id} {adopted}{_NEXT}{effective}"
    return Message(
        Text(f"{why} Rien n'est approuvé."),
        Buttons(Button("Corriger", again, "primary"), Button("La révision", f"revision voir {revision.id}")),
    )


def approved(policy: Policy, revision: Revision, today: date) -> Message:
    """Say what an approval did."""
    if revision.state != "scheduled":
        return Message(
            Heading("C'est noté"),
            Text(
                "Une deuxième personne de l'administration doit approuver la même chose. D'ici là, rien ne "
                "change."
            ),
            Buttons(Button("La révision", f"revision voir {revision.id}"), _ALL),
        )
    day = revision.effective or today
    when = (
        f"Elle prendra effet le {in_words(day)}, et sera annoncée ce jour-là"
        if day > today
        else "Elle prend effet dans un instant, et sera annoncée"
    )
    return Message(
        Heading("Révision approuvée"),
        Text(f"{when}, pendant les heures de travail, à chaque personne que la {policy.name} vise."),
        Buttons(Button("La révision", f"revision voir {revision.id}"), _ALL),
    )


def withdrawing(policy: Policy, revision: Revision) -> Message:
    """Ask whether a revision is to be withdrawn."""
    what = (
        f"Cette révision est en vigueur. La retirer, c'est proposer de nouveau le texte qui la précédait, "
        f"comme une version de plus de la {policy.name}, à approuver et à annoncer. Rien n'est effacé."
        if revision.state == "announced"
        else "Cette révision ne sera pas annoncée. Son texte reste dans l'historique."
    )
    return Message(
        Heading("Retirer cette révision?"),
        Text(what),
        Buttons(
            Button("Retirer", f"revision retirer {revision.id} oui", "danger"),
            Button("Ne pas retirer", f"revision voir {revision.id}"),
        ),
    )


def withdrawn(policy: Policy, revision: Revision) -> Message:
    """Say that a revision is withdrawn."""
    return Message(
        Text(f"La révision de la {policy.name} est retirée. Personne n'en a rien reçu."),
        Buttons(Button("La révision", f"revision voir {revision.id}"), _ALL),
    )
