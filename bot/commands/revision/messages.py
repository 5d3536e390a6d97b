"""Messages to the administration about revisions."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from bot.commands import changes
from bot.commands.passages import page_of
from bot.commands.revision.outline_messages import CORRECT, OUTLINE_VERB
from bot.conversation.forms import ChoiceField, DateField, Form, TextField, options
from bot.conversation.messages import (
    BUTTONS_PER_ROW,
    LABEL_LENGTH,
    Button,
    Buttons,
    ButtonStyle,
    Divider,
    Element,
    File,
    Heading,
    Message,
    Note,
    Span,
    Text,
    bold,
    button_rows,
    excerpt,
    turn_buttons,
)
from bot.conversation.requests import CONFIRMED
from bot.language.dates import in_full
from bot.onboarding.notices import enumeration
from bot.policy.addresses import listed
from bot.policy.articles import Version
from bot.policy.changes import renumbering, summary
from bot.policy.changes.comparison import ChangeKind, Comparison, Nature
from bot.policy.changes.renumbering import condense
from bot.policy.counts import count_parts
from bot.policy.library import Policy
from bot.policy.names import Gender, GenderedName
from bot.revision import notices as revision_notices
from bot.revision.ledger import Asked
from bot.revision.model_document import write_model
from bot.revision.reading.findings import LintFinding
from bot.revision.revisions import Dates, Revision, ahead_problem
from bot.times import in_words

_LISTED = 10  # maximum revisions on the overview
_NOTES = 8  # maximum remarks listed about a text
_PLACES = 5  # maximum clauses listed with a remark about several clauses
ADOPTED, EFFECTIVE = "adoptee", "effet"  # the fields of the form of dates
_WRITTEN = "Lue dans le texte déposé\u00a0: vérifiez-la"
_PAGE = 4  # changes on the page that shows whether each is substantive or editorial

_STATES: Mapping[str, str] = {
    "proposed": "proposée",
    "scheduled": "approuvée",
    "announced": "mise en vigueur",
    "withdrawn": "retirée",
}
_NATURES: Mapping[Nature, str] = {
    Nature.EDITORIAL: "de forme\u00a0: rien de plus n'est demandé",
    Nature.SUBSTANTIVE: "de fond\u00a0: elle change ce qui est demandé",
    Nature.RESTRUCTURED: "une refonte\u00a0: la plus grande partie du texte change",
}
_GROUPS: Mapping[Asked, str] = {
    "nothing": "rien à faire",
    "changes": "lire ce qui change, répondre aux questions s'il y en a, attester",
    "whole": "lire tout le texte, faire le quiz, attester",
}
_WITHOUT_QUIZ: Mapping[Asked, str] = {**_GROUPS, "whole": "lire tout le texte, attester"}
PREVIEW = "L'avis, tel que chaque plateforme le montrera"
_ALL = Button("Toutes les révisions", "revision")
MODEL = "modele"  # the verb that sends the text in force as a file
_MODEL = Button("Partir d'un modèle", f"revision {MODEL}")


DROPPED, NEW = "deposer", "nouvelle"  # the verb to place a dropped text, and its word for a new policy
NAME, GENDER, NAME_LENGTH = "nom", "genre", 40  # the fields of the form of a new policy
_MOST_POLICIES: Final = 19  # maximum policies offered: with the button for a new policy, four rows of buttons


def which_model(policies: Sequence[Policy]) -> Message:
    """Ask which policy's text is wanted as a file."""
    buttons = [
        Button(excerpt(policy.name.The, LABEL_LENGTH), f"revision {MODEL} {policy.id}")
        for policy in policies[:_MOST_POLICIES]
    ]
    return Message(
        Heading("Quelle politique?"),
        Text("Je vous donne le texte en vigueur, en Word, à modifier."),
        *button_rows([*buttons, _ALL]),
    )


def unchanged(policy: GenderedName) -> Message:
    """Explain that a dropped text is already the latest one of its policy."""
    return Message(
        Text(f"Ce texte est déjà celui de la dernière version {policy.of}\u00a0: rien n'y change."),
        Note("Rien n'est proposé."),
        Buttons(_MODEL, _ALL),
    )


def which_policy(
    token: str, policies: Sequence[Policy], coming: Mapping[str, GenderedName] | None = None
) -> Message:
    """Ask which policy a dropped text is about. `token`: the dropped text's id.

    `coming`: the name of each policy whose first text is not in force yet, by id.
    """
    labels = {
        **{policy_id: f"{name.The}, pas encore en vigueur" for policy_id, name in (coming or {}).items()},
        **{policy.id: f"Une révision {policy.name.of}" for policy in policies},
    }
    buttons = [
        Button(excerpt(label, LABEL_LENGTH), f"revision {DROPPED} {token} {policy_id}")
        for policy_id, label in [*labels.items()][:_MOST_POLICIES]
    ]
    unlisted = "Une autre? Sur la machine\u00a0: vigie reviser FICHIER --politique NOM."
    buttons.append(Button("Une nouvelle politique", f"revision {DROPPED} {token} {NEW}"))
    return Message(
        Heading("Quelle politique?"),
        Text(
            "J'ai lu ce fichier. De quelle politique est-ce le texte? Je vous en montre ensuite le plan, à "
            "corriger. Rien ne change avant d'être approuvé."
        ),
        *button_rows(buttons),
        *([Note(unlisted)] if len(labels) > _MOST_POLICIES else []),
    )


def new_policy_form(token: str, gender: Gender = "masculin", *, plural: bool = False) -> Form:
    """Return the form that asks for a new policy's name. `token`: as for `which_policy`."""
    articles = {
        "masculin": "le (le Règlement, le RG)",
        "féminin": "la (la Politique, la PA1)",
        "masculin pluriel": "les, au masculin (les Statuts)",
        "féminin pluriel": "les, au féminin (les Règles)",
    }
    likely = f"{gender} pluriel" if plural else gender
    return Form(
        f"revision {DROPPED} {token} {NEW}",
        "Une nouvelle politique",
        (
            TextField(
                NAME,
                "Son nom court",
                hint="Comme on l'appelle tous les jours\u00a0: RG, Statuts.",
                max_length=NAME_LENGTH,
            ),
            ChoiceField(GENDER, "L'article qui le précède", options=options(articles), value=likely),
        ),
        "Voir le plan",
    )


def overview(listed: Sequence[tuple[Policy, Revision]], waiting: Sequence[tuple[str, str]] = ()) -> Message:
    """List the revisions, and explain how to propose one.

    `waiting`: the id and the name of each dropped file that is not proposed yet.
    """
    texts = [
        (f"{policy.name}, {_named(revision)} {state(revision)}", revision.id)
        for policy, revision in listed[:_LISTED]
    ]
    labels = _told_apart([label for label, _ in texts])
    buttons = [
        Button(label, f"revision voir {revision_id}")
        for label, (_, revision_id) in zip(labels, texts, strict=True)
    ]
    rows: list[Element] = [Buttons(*buttons[at : at + 5]) for at in range(0, len(buttons), 5)]
    files = waiting[:BUTTONS_PER_ROW]
    labels = _told_apart([f"Reprendre {name}" for _, name in files])
    resumed = [
        Button(label, f"revision {OUTLINE_VERB} {token}")
        for label, (token, _) in zip(labels, files, strict=True)
    ]
    more: list[Element] = [Text("Lus, mais pas encore proposés\u00a0:"), Buttons(*resumed)] if resumed else []
    return Message(
        Heading("Les révisions"),
        *(rows or [Text("Aucune révision n'a encore été proposée.")]),
        *more,
        Note(
            "Pour en proposer une, déposez ici, en message privé, le fichier du nouveau texte (Word, PDF, "
            "page Web ou Markdown). Rien ne change avant d'être approuvé."
        ),
        Buttons(_MODEL, Button("Les versions", "versions")),
    )


def _told_apart(labels: Sequence[str]) -> list[str]:
    """Return labels of buttons, with a number after those that are identical: (1) for the last of them."""
    alike = Counter(labels)
    several = {label for label, count in alike.items() if count > 1}
    numbered = []
    for label in labels:
        place = f" ({alike[label]})" if label in several else ""
        alike[label] -= 1
        numbered.append(excerpt(label, LABEL_LENGTH - len(place)) + place)
    return numbered


def state(revision: Revision) -> str:
    """Describe the state of a revision: « approuvée pour le 1er mai 2026 »."""
    in_force = revision.announced_at and revision.effective
    day = in_force or revision.withdrawn_on or revision.effective or revision.proposed_on
    word = "pour le" if revision.state == "scheduled" else "le"
    name = "annoncée" if revision.is_coming else _STATES[revision.state]
    return f"{name} {word} {in_words(day)}" + (" (retour)" if revision.withdraws else "")


def _named(revision: Revision) -> str:
    """Return « révision » or, for the first text of a policy, « première version »."""
    return "révision" if revision.base or revision.state == "withdrawn" else "première version"


def _title(policy: Policy, revision: Revision) -> Heading:
    return Heading(f"{policy.name}, {_named(revision)} {state(revision)}")


def _see(revision: Revision, style: ButtonStyle = "plain") -> Button:
    return Button(f"La {_named(revision)}", f"revision voir {revision.id}", style)


def shown(
    policy: Policy,
    revision: Revision,
    comparison: Comparison,
    counts: Mapping[Asked, int],
    *,
    by: Span | None,
    agreed: Sequence[Span],
    today: date,
    left: Sequence[str] = (),
    quizzed: bool = True,
) -> Message:
    """Show a revision and the available actions.

    `counts`: how many people would get the notice, by what it asks of them. `by`: the person who proposed the
    revision. `agreed`: the people who approved it. `left`: a line for each kind of data to review once it is
    in force. `quizzed`: whether the policy has a quiz.
    """
    more: list[Element] = []
    total = sum(counts.values())
    if total:
        tasks = _GROUPS if quizzed else _WITHOUT_QUIZ
        lines = [
            f"• {count} personne{'s' * (count > 1)}\u00a0: {tasks[reading]}"
            for reading, count in counts.items()
            if count
        ]
        people = f"{total} personnes" if total > 1 else "une personne"
        more.append(Text(bold(f"Aujourd'hui, l'avis irait à {people}"), "\n", "\n".join(lines)))
    elif counts:
        more.append(Text("Personne n'est visé aujourd'hui\u00a0: personne ne recevrait l'avis."))
    if left:
        more.append(
            Text(
                bold("À revoir une fois ce texte en vigueur"),
                "\n",
                "\n".join(f"• {line}" for line in left),
                "\nD'ici là, je ne m'en sers pas\u00a0: ces mots-là auront changé.",
            )
        )
    if revision.base:
        nature = f". Dans son ensemble, la révision est {_NATURES[comparison.nature]}."
        condensed = condense(comparison)
        numbers = renumbering.line(comparison, condensed.runs, only=condensed.only_numbers)
        also = f"\n{numbers}" if numbers else ""
        whole = Text(bold(summary.count_changes(comparison).capitalize()), nature, also)
    else:
        whole = Text(bold(count_parts(comparison.new.outline)), ".")
    return Message(
        _title(policy, revision),
        whole,
        Text(*_facts(revision, by, agreed)),
        *_remarks(revision.notes),
        *more,
        *_actions(revision, approved=bool(agreed), today=today),
    )


def _facts(revision: Revision, by: Span | None, agreed: Sequence[Span]) -> list[Span | str]:
    facts: list[Span | str] = []
    if revision.withdraws:
        facts.append("Elle ramène le texte d'une version antérieure.\n")
    facts.append(f"Proposée le {in_words(revision.proposed_on)}")
    facts += [" par ", by] if by is not None else []
    facts.append(".")
    if revision.adopted:
        effect = f"; prend effet le {in_words(revision.effective)}." if revision.effective else "."
        facts += [f"\nAdoptée le {in_words(revision.adopted)}", effect]
    if agreed:
        facts += ["\nApprouvée par ", *enumeration(agreed), "."]
    if revision.ahead_on:
        facts.append(f"\nAnnoncée d'avance le {in_words(revision.ahead_on)}.")
    if revision.state == "proposed":
        facts.append("\nRien ne change avant qu'elle soit approuvée.")
    return facts


def _remarks(notes: Sequence[LintFinding]) -> Iterator[Element]:
    """Yield the remarks on a text. Each line is shortened, because it may quote the file at length."""
    if notes:
        places: dict[str, dict[str, None]] = {}
        for note in notes:
            places.setdefault(note.message, {})[note.clause] = None
        lines = []
        for message, clauses in places.items():
            where = listed([*clauses][:_PLACES])
            if (rest := len(clauses) - _PLACES) > 0:
                where += f" et {rest} autre{'s' * (rest > 1)}"
            lines.append("• " + (f"{where}\u00a0: " if all(clauses) else "") + message)
        if len(lines) > _NOTES:
            lines[_NOTES:] = [f"et {len(lines) - _NOTES} de plus."]
        yield Text(bold("À vérifier dans ce texte"), "\n", "\n".join(excerpt(line, 160) for line in lines))


def _announce(revision: Revision) -> Button:
    return Button("L'annoncer dès maintenant…", f"revision annoncer {revision.id}")


def _actions(revision: Revision, *, approved: bool, today: date) -> Iterator[Buttons]:
    """Yield the buttons to view a revision, then to act on it. `approved`: whether someone approved it."""
    identifier, proposed = revision.id, revision.state == "proposed"
    look = [Button("Comparer" if revision.base else "Lire le texte", f"revision comparer {identifier}")]
    if proposed or revision.state == "scheduled":
        look.append(Button("Voir l'avis", f"revision avis {identifier}"))
    if proposed and revision.base:
        look.append(Button("Forme ou fond", f"revision natures {identifier}"))
    if revision.state == "announced":
        look.append(Button("Registre", f"revision registre {identifier}"))
        look.append(Button("Image", f"revision image {identifier}"))
    yield Buttons(*look, _ALL)
    decide = []
    if proposed and approved:
        decide.append(Button("Approuver ces dates", f"revision accord {identifier}", "primary"))
        decide.append(Button("D'autres dates", f"revision approuver {identifier}"))
    elif proposed:
        decide.append(Button("Approuver…", f"revision approuver {identifier}", "primary"))
    if not ahead_problem(revision, today):
        decide.append(_announce(revision))
    if revision.state != "withdrawn":
        decide.append(Button("Retirer…", f"revision retirer {identifier}", "danger"))
    if decide:
        yield Buttons(*decide)


def unfit(policy: GenderedName, findings: Sequence[LintFinding], token: str) -> Message:
    """Refuse a text in which numbers do not tell clauses apart, and say where. `token`: the file's id."""
    return Message(
        Heading("Ce texte ne peut pas être proposé tel quel"),
        Text(f"Les numéros n'en sont pas sûrs\u00a0: on ne pourrait pas citer {policy.the} sans erreur."),
        *_remarks(findings),
        Note("Corrigez ici la ligne, ou le fichier, puis déposez-le de nouveau. Rien n'est changé."),
        _corrections(token),
    )


def _corrections(token: str) -> Buttons:
    correct = Button("Corriger une ligne…", f"revision {OUTLINE_VERB} {token} {CORRECT}", "primary")
    return Buttons(correct, Button("Le plan", f"revision {OUTLINE_VERB} {token}"), _MODEL, _ALL)


def unreadable(name: str, problem: str, token: str = "") -> Message:
    """Explain why no text can be proposed from a dropped file, and offer a template.

    `problem`: what the file is and what to do, in French. `token`: the file's id, if its lines can be
    corrected.
    """
    return Message(
        Text(bold(name), f"\u00a0: {problem}"),
        Note(
            "Déposez le nouveau texte en Word (.docx), en PDF, en page Web ou en Markdown. Le modèle est le "
            "texte en vigueur, à modifier. Rien n'est changé."
        ),
        _corrections(token) if token else Buttons(_MODEL, _ALL),
    )


def model(policy: Policy, version: Version) -> Message:
    """Return a message with the text in force as a Word file, to be changed and dropped in chat."""
    return Message(
        Text(
            f"{policy.name.The} en vigueur, {version.adoption}{policy.name.e} le "
            f"{in_words(version.adopted)}. Modifiez ce document, gardez-y les titres des articles et le "
            "numéro de chaque clause, puis déposez-le "
            "ici."
        ),
        File(f"modele-{policy.id}.docx", write_model(version), f"{policy.name}, modèle de révision"),
        Buttons(_ALL),
    )


def compared(policy: Policy, revision: Revision, comparison: Comparison, number: int) -> Message:
    """Show a page of a revision's changes, or a page of a policy's first text."""
    page = (changes.changes_page if revision.base else changes.text_page)(comparison, number)
    turns = turn_buttons(page.number, page.pages, lambda target: f"revision comparer {revision.id} {target}")
    return Message(
        _title(policy, revision),
        *(page.elements or [Text("Aucune clause n'est changée.")]),
        page.note,
        Buttons(*turns, _see(revision)),
    )


def preview(
    policy: Policy,
    revision: Revision,
    comparison: Comparison,
    asked: Asked,
    questions: int,
    *,
    channel: bool = False,
    quizzed: bool = True,
) -> Message:
    """Show the notice as a group of people or a channel will see it, except that buttons become text.

    `asked`: what the notice asks of the group. `questions`: the number of questions about the changes.
    `channel`: whether it is the notice to a channel. `quizzed`: whether the policy has a quiz.
    """
    notice = (
        revision_notices.in_channel(policy, revision, comparison)
        if channel
        else revision_notices.notice(policy, revision, comparison, asked, questions, quizzed=quizzed)
    )
    labels = ", ".join(f"[{button.label}]" for button in notice.buttons())
    groups = {
        "nothing": "Rien à faire",
        "changes": "Ce qui change",
        "whole": "Tout le texte",
        "canal": "Dans le canal",
    }
    if revision.base is None:
        del groups["changes"]
    return Message(
        Note("Voici l'avis, tel qu'on le lira. Ses boutons\u00a0: ", labels),
        Divider(),
        *(element for element in notice.elements if not isinstance(element, Buttons)),
        Divider(),
        Buttons(*(Button(label, f"revision avis {revision.id} {group}") for group, label in groups.items())),
        Buttons(Button("Sur chaque plateforme", f"revision apercu {revision.id}", "primary"), _see(revision)),
    )


def notices(
    policy: Policy, revision: Revision, comparison: Comparison, questions: int, *, quizzed: bool = True
) -> dict[str, Message]:
    """Return the notice to each group of people and to a channel, by the group's or channel's French name."""
    messages = {
        f"À qui il est demandé\u00a0: {task}": revision_notices.notice(
            policy, revision, comparison, reading, questions, quizzed=quizzed
        )
        for reading, task in (_GROUPS if quizzed else _WITHOUT_QUIZ).items()
        if revision.base or reading != "changes"
    }
    return messages | {"Dans le canal": revision_notices.in_channel(policy, revision, comparison)}


def previewed(revision: Revision, content: bytes) -> Message:
    """Return a message with an HTML page that shows the notice on each platform. `content`: the page."""
    return Message(
        Text("L'avis tel que Slack et Discord le montreront, pour chaque groupe. Ouvrez la page à l'écran."),
        File("apercu.html", content, PREVIEW),
        Buttons(_see(revision)),
    )


def natures(policy: Policy, revision: Revision, comparison: Comparison, page: int) -> Message:
    """Show a page of changes: whether each is substantive or editorial, and a button to switch it.

    Only a proposed revision has these buttons. An added or removed clause is always substantive.
    """
    condensed = condense(comparison)
    on_page, at, pages = page_of(condensed.changes, page, _PAGE)
    rows: list[Element] = []
    for change in on_page:
        substantive = change.nature is Nature.SUBSTANTIVE
        current, opposite = ("de fond", "de forme") if substantive else ("de forme", "de fond")
        rows.append(Text(bold(summary.describe_change(comparison, change)), f"\u00a0: {current}."))
        if revision.state == "proposed" and change.kind not in {ChangeKind.ADDED, ChangeKind.REMOVED}:
            nature = Nature.EDITORIAL if substantive else Nature.SUBSTANTIVE
            command = f"revision nature {revision.id} {change.key} {nature} {at}"
            rows.append(Buttons(Button(f"{change.key.lstrip('-')} est plutôt {opposite}", command)))
    turns = turn_buttons(at, pages, lambda target: f"revision natures {revision.id} {target}")
    numbers = renumbering.line(comparison, condensed.runs, only=not condensed.changes)
    return Message(
        Heading(f"{policy.name}, forme ou fond"),
        *rows,
        *([Text(f"{numbers} C'est de forme.")] if numbers else []),
        Note(
            "De fond, un changement est à lire et à attester; de forme, il est seulement annoncé. Une clause "
            "ajoutée ou retirée est toujours de fond."
        ),
        Buttons(*turns, _see(revision, "primary")),
    )


@dataclass(frozen=True, slots=True)
class KnownDates:
    """The dates to suggest in the form, None when unknown. `written`: whether they were found in the text."""

    adopted: date | None
    effective: date | None
    written: bool = False


def dates_form(revision: Revision, dates: Dates | KnownDates) -> Form:
    """Return the form that asks for the adoption and effective dates, filled in with the known ones."""
    from_text = isinstance(dates, KnownDates) and dates.written
    fields = (
        (ADOPTED, "Date d'adoption", dates.adopted, "Le jour de la séance qui a adopté ce texte"),
        (EFFECTIVE, "Date d'effet", dates.effective, "Le premier jour où ce texte s'applique"),
    )
    return Form(
        f"revision approuver {revision.id}",
        "Approuver la révision" if revision.base else "Approuver ce texte",  # a window's title is short
        tuple(
            DateField(
                name,
                label,
                hint=_WRITTEN if from_text and day else hint,
                value=day.isoformat() if day else "",
            )
            for name, label, day, hint in fields
        ),
        "Approuver",
    )


PAST: Final = (
    "La date d'effet est déjà passée\u00a0: ce texte s'appliquera dès maintenant, et l'avis partira "
    "aujourd'hui."
)


def dates_read(revision: Revision, dates: Dates, today: date) -> Message:
    """Ask to confirm or correct the dates as understood, and say if the text would be in force at once."""
    carried = f"revision approuver {revision.id} {dates.adopted} {dates.effective}"
    return Message(
        Heading("Est-ce bien cela?"),
        Text(
            "Adoptée le ",
            bold(in_full(dates.adopted)),
            ", en vigueur le ",
            bold(in_full(dates.effective)),
            ".",
        ),
        *([Text(PAST)] if dates.effective < today else []),
        Note("Rien n'est encore approuvé."),
        Buttons(
            Button("Approuver", f"{carried} {CONFIRMED}", "primary"),
            Button("Corriger", carried),
            _see(revision),
        ),
    )


def approved(policy: Policy, revision: Revision, today: date) -> Message:
    """Report the result of an approval."""
    day = revision.effective or today
    if revision.state != "scheduled":
        title = "C'est noté"
        text = (
            "Une deuxième personne de l'administration doit approuver la même chose. D'ici là, rien ne "
            "change."
        )
    else:
        title = f"{_named(revision).capitalize()} approuvée"
        when = (
            f"Elle prendra effet le {in_words(day)}, et sera annoncée ce jour-là"
            if day > today
            else "Elle prend effet dans un instant, et sera annoncée"
        )
        name = policy.name
        concerned = f"à chaque personne que {name.the} {name.agree('vise', 'visent')}"
        text = f"{when}, pendant les heures de travail, {concerned}."
    ahead = [] if ahead_problem(revision, today) else [_announce(revision)]
    return Message(Heading(title), Text(text), Buttons(*ahead, _see(revision), _ALL))


def announcing_ahead(revision: Revision, notice: Message, *, channels: int) -> Message:
    """Ask for confirmation before announcing a revision ahead of the day when it takes effect.

    `notice`: the notice that each channel would receive. `channels`: how many channels there are.
    """
    where = {
        0: "Aucun canal d'annonce n'est réglé",
        1: "Le canal d'annonce reçoit ce message",
    }.get(channels, f"Les {channels} canaux d'annonce reçoivent ce message")
    day = in_words(revision.effective) if revision.effective else ""
    preview_elements = [element for element in notice.elements if not isinstance(element, Buttons)]
    return Message(
        Heading("L'annoncer dès maintenant?"),
        Text(
            f"{where}. La révision paraît, «\u00a0à venir\u00a0», dans les nouveautés, les versions et le "
            f"site, s'il y en a un. Les avis à chaque personne et «\u00a0J'ai lu\u00a0» restent pour le "
            f"{day}."
        ),
        *([Divider(), *preview_elements, Divider()] if channels else []),
        Buttons(
            Button("L'annoncer", f"revision annoncer {revision.id} {CONFIRMED}", "primary"),
            Button(f"Attendre le {day}", f"revision voir {revision.id}"),
        ),
    )


def announced_ahead(policy: Policy, revision: Revision, *, channels: int) -> Message:
    """Confirm that a revision is announced ahead of the day when it takes effect."""
    day = in_words(revision.effective) if revision.effective else ""
    where = "Les canaux d'annonce l'apprennent" if channels > 1 else "Le canal d'annonce l'apprend"
    sent = f"{where} pendant les heures de travail. " if channels else ""
    return Message(
        Heading("La révision est annoncée"),
        Text(
            f"{sent}Elle est «\u00a0à venir\u00a0» partout où {policy.name.the} se "
            f"{policy.name.agree('lit', 'lisent')}. Le {day}, elle prendra effet, et chaque personne visée "
            "recevra son avis."
        ),
        Buttons(_see(revision), _ALL),
    )


def withdrawing(policy: Policy, revision: Revision) -> Message:
    """Ask for confirmation before withdrawing a revision."""
    what = _named(revision)
    text = (
        f"Cette {what} est en vigueur. La retirer, c'est proposer de nouveau le texte qui la précédait, "
        f"comme une version de plus {policy.name.of}, à approuver et à annoncer. Rien n'est effacé."
        if revision.state == "announced"
        else f"Cette {what} est déjà annoncée. La retirer se dira là où elle l'a été\u00a0: dans les canaux "
        "d'annonce et sur le site. Son texte reste dans l'historique."
        if revision.is_coming
        else f"Cette {what} ne sera pas annoncée. Son texte reste dans l'historique."
    )
    return Message(
        Heading(f"Retirer cette {what}?"),
        Text(text),
        Buttons(
            Button("Retirer", f"revision retirer {revision.id} {CONFIRMED}", "danger"),
            Button("Ne pas retirer", f"revision voir {revision.id}"),
        ),
    )


def withdrawn(policy: Policy, revision: Revision) -> Message:
    """Confirm that a revision is withdrawn."""
    return Message(
        Text(
            f"La {_named(revision)} {policy.name.of} est retirée. "
            + ("C'est dit là où elle était annoncée." if revision.ahead_on else "Personne n'en a rien reçu.")
        ),
        Buttons(_see(revision), _ALL),
    )
