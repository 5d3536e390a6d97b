"""The replies to questions: quoted clauses and the next step, or a refusal and its reason.

A reply is never a bare yes or no, never repeats the asker's words, and stays calm whatever they wrote. In
public channels, the dispatcher shows only quotations and buttons, so every message must stay true without
the rest.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from bot.answers import refusals
from bot.answers.guidance import NEAR, Guidance
from bot.answers.intents import Intent
from bot.answers.questions import PolicyAnswer
from bot.commands.passages import PAGE_WEIGHT, split_text
from bot.commands.signalement.messages import OFFER
from bot.configuration.profile import Profile
from bot.conversation.messages import (
    COMMAND_LENGTH,
    Button,
    Buttons,
    Element,
    Heading,
    Message,
    Note,
    Span,
    Text,
    bold,
    code,
    distinct,
    excerpt,
    weight,
    within_sentence,
)
from bot.conversation.requests import Place
from bot.language.voice import FRENCH, Voice
from bot.people import roles
from bot.people.office import Office
from bot.policy.addresses import listed
from bot.policy.articles import Number
from bot.policy.library import Policy, Reading
from bot.policy.provisions import Kind
from bot.times import in_english

MOST: Final = 5  # maximum clauses in one answer, including those to read together
MOST_EACH: Final = 3  # maximum clauses for each of two questions asked together
CHOICES: Final = 3
_OF_A_POLICY: Final = frozenset(
    ("politique", "accueil", "quiz", "versions", "nouveautes")
)  # commands about one
_LEARNING = (
    "J'apprends encore à comprendre les questions, ce qui prend une minute ou deux. "
    "Reposez-moi la vôtre un peu plus tard\u00a0: la réponse sera meilleure."
)
_COUNTS = {2: ("deux", "Ni l'une ni l'autre"), 3: ("trois", "Aucune des trois")}


def alternatives(titles: Sequence[str], voice: Voice = FRENCH) -> str:
    """Return titles joined by « ou », for use within a sentence."""
    return voice(", ou ").join([*titles[:1], *map(within_sentence, titles[1:])])


@dataclass(frozen=True, slots=True)
class Wording:
    """The context for wording an answer: the text, its guidance, the roles, and where the answer is read.

    `guidance`: what data files add to the policy, such as next steps, the subjects of clauses, and the
    subjects that the policy leaves open. `voice`: the language of the bot's own words.
    """

    reading: Reading
    guidance: Guidance
    office: Office
    place: Place
    voice: Voice = FRENCH

    def speaking(self, *, english: bool) -> "Wording":
        """Return the same context, for an answer in English or in French."""
        return replace(self, voice=self.guidance.english if english else FRENCH)

    def existing(self, numbers: Iterable[Number]) -> tuple[Number, ...]:
        """Return the clauses of `numbers` that exist in the version, without duplicates."""
        version = self.reading.version
        return tuple(dict.fromkeys(number for number in numbers if version.clause(number)))

    def about(self, number: Number) -> str:
        """Return the subject of a clause in a few words: « L'usage du logo »."""
        clause = self.reading.version.clause(number)
        subject = self.guidance.subjects.get(number)
        return self.voice(subject) if subject else (clause.heading if clause else "")

    def named(self, number: Number) -> str:
        """Return a clause's name in a sentence: « 5.13 », « l'article 1 », « l'annexe A »."""
        if self.reading.version.kind(number) is Kind.ARTICLE and ", " not in str(number):
            return self.voice("l'article\u00a0{number}", number=number)
        return self.reading.named(number)

    def subject(self, number: Number) -> str:
        """Return a clause's number and subject as a button label: « 5.13 · L'usage du logo ».

        A clause without a known subject or a title is named by its first words.
        """
        clause = self.reading.version.clause(number)
        about = self.about(number)
        if clause and number not in self.guidance.subjects:
            about = self.reading.version.part(number).title or clause.text
        return excerpt(f"{number} · {about}" if about else f"Clause {number}", 75)

    def opening(self) -> tuple[Note, ...]:
        """Return the note above quotations if the question is in English: the policy is in French only."""
        if self.voice.english is None:
            return ()
        return (Note(f"{self.reading.policy.name} exists in French only: its own words are quoted below."),)

    def revised(self) -> str:
        """Return the caption that says which version is quoted."""
        if self.voice.english is None or self.reading.on:
            return self.reading.revised()
        return f"Revised on {in_english(self.reading.version.adopted)}"

    def contents(self) -> Button:
        """Return the button that opens the table of contents."""
        return Button(self.voice("Table des matières"), self.reading.command(""))

    def contact(self, role_ids: Iterable[str]) -> str:
        """Return the current titles of roles, joined for use within a sentence, and no holder's name."""
        with self.office.storage.transaction() as db:
            titles = roles.current_titles(db, role_ids)
        return alternatives([*map(self.voice, titles)], self.voice)

    def offer(self, *, incident: bool) -> tuple[Buttons, ...]:
        """Return a button to report what the person described, if it is an incident and reports are on."""
        offered = incident and self.office.reports
        return (Buttons(replace(OFFER, label=self.voice(OFFER.label))),) if offered else ()


def answer_message(
    wording: Wording, answer: PolicyAnswer, question: str, identifier: str = "", *, draft: str = ""
) -> Message:
    """Word an answer, in English if the question was in English.

    `identifier`: from `AnswerMemory.add`, or "" to omit the rating buttons. `draft`: the token of a text that
    the person means to publish, "" for a question or if the text cannot be examined.
    """
    wording = wording.speaking(english=answer.english)
    numbers = wording.existing(clause.number for clause in answer.clauses)
    # Rude words in a text that people report or want to publish are not an attack on the bot.
    if answer.foreign or (answer.unkind and not answer.answered and answer.topic == "question"):
        refusal = refusals.refusal(wording.reading, wording.guidance, answer, question, wording.voice)
        message = Message(Text(refusal), Buttons(wording.contents()))
    elif answer.topic != "question":
        message = _topic_message(wording, answer, draft, question)
    elif not answer.answered or not numbers:  # no clause of the answer exists in this version
        message = _refusal_message(wording, answer, question, identifier)
    elif answer.sure:
        message = clauses_message(wording, numbers, identifier, question=question)
    elif answer.outcome == "clarify" and len(numbers) > 1 and not answer.textual:
        message = _choice(wording, numbers, identifier)
    elif wording.place == "open":  # where everyone reads, the quotations would look like the answer
        message = Message(Text(_perhaps(wording)))
    else:
        message = clauses_message(wording, numbers, identifier, lead=_perhaps(wording), question=question)
    return Message(*message.elements, Note(wording.voice(_LEARNING))) if answer.learning else message


# --- An answer --------------------------------------------------------------------------------


def _perhaps(wording: Wording) -> str:
    return perhaps(wording.reading.policy, wording.voice)


def perhaps(policy: Policy, voice: Voice) -> str:
    """Return the words that introduce clauses that may be the answer."""
    return voice("Peut-être, sans certitude, dans {name.the}\u00a0:", name=policy.name)


def clauses_message(
    wording: Wording,
    numbers: Sequence[Number],
    identifier: str = "",
    *,
    lead: str = "",
    question: str = "",
) -> Message:
    """Quote clauses, best first, group those to read together, and give the next step.

    `numbers`: at least one clause, all existing. `identifier`: as for `answer_message`. `question`: the
    question, "" if unknown.
    """
    numbers = tuple(numbers)[:MOST]
    quotes, quoted = _quotes(wording, numbers)
    lead = lead or wording.voice(
        "Voici ce que {says} {name.the}.",
        name=wording.reading.policy.name,
        says=wording.reading.policy.name.agree("dit", "disent"),
    )
    return Message(
        *wording.opening(),
        Text(lead, *_gist(wording, quoted)),
        *quotes,
        *_next_steps(wording, quoted, question),
        Note(f"{wording.reading.place(quoted[0])}\n{wording.revised()}"),
        Buttons(*_around(wording, numbers, quoted)),
        *_judging(wording, identifier, quoted),
    )


def _gist(wording: Wording, numbers: Sequence[Number]) -> Iterator[Span]:
    """Yield a line that sums up the first clauses, from the annotations alone.

    Clauses to read together share one summary. The summary of any other clause is its force and its subject.
    """
    group = wording.reading.policy.annotations.read_with(numbers[0])
    joined = group.clauses if group and group.gist and set(group.clauses) <= set(numbers) else ()
    parts = [wording.voice(group.gist)] if group and joined else []
    for number in [number for number in numbers if number not in joined][: CHOICES - len(joined)]:
        clause = wording.reading.version.clause(number)
        about = wording.about(number)
        force = wording.reading.policy.label(clause) if clause else ""
        if force and about:
            parts.append(
                wording.voice(
                    "{force}\u00a0: {about} ({number})",
                    force=wording.voice(force),
                    about=f"{about[0].lower()}{about[1:]}",
                    number=number,
                )
            )
    if parts:
        line = "; ".join(parts)
        yield bold(f"\n{line[0].upper()}{line[1:]}.")


def two_message(wording: Wording, parts: Sequence[tuple[PolicyAnswer, str]], identifier: str) -> Message:
    """Answer two questions in one message: for each, the clauses, or the reason why there are none.

    `parts`: each answer, with the text of its question. At least one answer has clauses.
    """
    wording = wording.speaking(english=any(answer.english for answer, _ in parts))
    elements: list[Element] = []
    so_far: list[Number] = []
    answered = [answer for answer, _ in parts if answer.answered]
    if wording.place == "open":  # see `answer_message`
        parts = [(answer, text) for answer, text in parts if answer.sure or not answer.answered]
        if not any(answer.sure for answer, _ in parts):
            return Message(Text(_perhaps(wording)))
    room = (PAGE_WEIGHT - 900) // len(answered)
    for answer, text in parts:
        numbers = wording.existing(clause.number for clause in answer.clauses)[:MOST_EACH]
        if answer.answered and numbers:
            maybe = "" if answer.sure else wording.voice("Peut-être\u00a0: ")
            elements.append(Text(maybe, bold(wording.subject(numbers[0]))))
            quotes, quoted = _quotes(wording, [n for n in numbers if n not in so_far] or numbers, room)
            elements += [*quotes, *_next_steps(wording, quoted, text)]
            so_far += quoted
        else:
            no = refusals.refusal(wording.reading, wording.guidance, answer, text, wording.voice)
            within = f"{no[0].lower()}{no[1:]}"
            left = wording.voice("Pour l'autre partie de votre question, {within}", within=within, no=no)
            elements.append(Text(left))
    incident = any(answer.topic == "incident" for answer in answered)
    return Message(
        *wording.opening(),
        *([Text(wording.voice(wording.guidance.incident))] if incident and wording.guidance.incident else []),
        *elements,
        Note(wording.revised()),
        Buttons(*_around(wording, so_far, so_far)),
        *wording.offer(incident=incident),
        *_judging(wording, identifier, so_far),
    )


def policies_message(parts: Sequence[tuple[Wording, PolicyAnswer]], identifier: str = "") -> Message:
    """Show the possible answers of two policies, each under the policy's name.

    `parts`: for each policy, its wording and its answer, which has clauses.
    """
    wording = parts[0][0]
    if wording.place == "open":  # see `answer_message`
        return Message(Text(_perhaps(wording)))
    elements: list[Element] = []
    buttons: list[Button] = []
    room = (PAGE_WEIGHT - 900) // len(parts)
    for part, answer in parts:
        numbers = part.existing(clause.number for clause in answer.clauses)[:MOST_EACH]
        quotes, quoted = _quotes(part, numbers, room)
        elements += [Text(bold(part.reading.policy.name)), *quotes, Note(part.revised())]
        buttons += list(_around(part, numbers, quoted))[:2]
    names = [part.reading.policy.name for part, _ in parts]
    both = wording.voice("{first.the} et {second.the}", first=names[0], second=names[1])
    return Message(
        *wording.opening(),
        Text(wording.voice("Deux politiques en parlent peut-être, sans certitude\u00a0: {both}.", both=both)),
        *elements,
        *([Buttons(*distinct(buttons))] if buttons else []),
        *_judging(wording, identifier),
    )


def _quotes(
    wording: Wording, numbers: Sequence[Number], room: int = PAGE_WEIGHT - 900
) -> tuple[list[Element], tuple[Number, ...]]:
    """Return the quotations that fit in `room`, and the clauses quoted. The first is shortened to fit.

    `room`: a weight. The default leaves room for the text around the quotations.
    """
    reading = wording.reading
    group = reading.policy.annotations.read_with(numbers[0])
    together = [number for number in numbers if group and number in group.clauses]
    others = [number for number in numbers if number not in together]
    elements: list[Element] = []
    if group and len(together) > 1:
        reason = wording.voice(group.reason)
        elements.append(Text(bold(wording.voice("À lire ensemble.")), f" {reason}"))
    quoted: list[Number] = []
    for number in (*together, *others):
        clause = reading.version.clause(number)
        text = clause.text if clause else ""
        need = weight(text) + 100
        if quoted and need > room:
            break
        if len(together) > 1 and others and number == others[0]:
            elements.append(Text(bold(wording.voice("Voyez aussi"))))
        end = next(split_text(text, room))[1] if need > room else len(text)
        elements.append(reading.quote(number, end=None if end == len(text) else end))
        quoted.append(number)
        room -= need
    return elements, tuple(quoted)


def _next_steps(wording: Wording, numbers: Sequence[Number], question: str) -> Iterator[Element]:
    """Yield the next steps that the guidance has for the first clause and for those to read with it.

    The roles to contact are named by their current titles, never by their holders' names.
    """
    companions = wording.reading.policy.annotations.companions(numbers[0])
    steps = [step for n in numbers if n in companions and (step := wording.guidance.step(n, question))]
    lines = []
    for step in dict.fromkeys(steps):
        contact, says = wording.contact(step.contact), wording.voice(step.says)
        lines.append(
            wording.voice("{says} À joindre\u00a0: {contact}.", says=says, contact=contact)
            if contact
            else says
        )
    if lines:
        yield Text(bold(wording.voice("Et ensuite?")), "\n" + "\n".join(lines))


def _around(wording: Wording, numbers: Sequence[Number], quoted: Sequence[Number]) -> Iterator[Button]:
    """Yield the buttons to read clauses in context, to read clauses that did not fit, and to share."""
    for number in numbers[:4]:
        name = wording.named(number)
        of = wording.reading.version.named(number).of
        of = of if name != str(number) else f"de {name}"
        around = "Lire autour {of}" if number in quoted else "Lire aussi {name}"
        yield Button(wording.voice(around, name=name, of=of), wording.reading.command(number))
    if wording.place == "channel":
        yield Button(wording.voice("Partager ici"), wording.reading.command(listed(quoted), "partager"))


def _judging(wording: Wording, identifier: str, quoted: Sequence[Number] = ()) -> Iterator[Buttons]:
    """Yield the buttons that rate the answer. They carry its clauses, never the question."""
    if not identifier:
        return
    clauses = wording.reading.command(" et ".join(map(str, quoted)), "").strip() if quoted else ""
    while clauses and len(f"retour oui {identifier} {clauses}") > COMMAND_LENGTH:
        clauses = clauses.rpartition(" et ")[0]
    lines = [f"retour {verdict} {identifier} {clauses}".strip() for verdict in ("oui", "non")]
    yield Buttons(Button(wording.voice("Utile"), lines[0]), Button(wording.voice("Pas utile"), lines[1]))


def _choice(wording: Wording, numbers: Sequence[Number], identifier: str) -> Message:
    """Ask which of two or three meanings a question has or, where everyone reads, show the clauses.

    The buttons contain no words of the question.
    """
    numbers = numbers[:CHOICES]
    if wording.place == "open":  # nobody there can be asked
        return clauses_message(wording, numbers, identifier, lead=_perhaps(wording))
    count, neither = _COUNTS[len(numbers)]
    command = f"retour choix {identifier}" if identifier else "question"
    buttons = [Button(wording.subject(n), wording.reading.command(n, command)) for n in numbers]
    if identifier:
        buttons.append(Button(wording.voice(neither), f"retour non {identifier}"))
    asks = "Votre question peut se comprendre de {count} façons. De quoi s'agit-il?"
    return Message(
        Text(wording.voice(asks, count=wording.voice(count))),
        Buttons(*buttons),
    )


def _topic_message(wording: Wording, answer: PolicyAnswer, draft: str, question: str) -> Message:
    """Answer the description of a negative post, with a button to report it, or the draft of a post.

    `draft`: the draft's token, which gives the message a button to examine the draft, or "". The message has
    no rating buttons, and the person's text is not kept.
    """
    guidance, incident = wording.guidance, answer.topic == "incident"
    clauses = answer.clauses if incident or answer.clauses else answer.ranked
    first = guidance.incident_clauses if incident else ()
    numbers = wording.existing((*first, *(clause.number for clause in clauses)))
    if not numbers:
        declined = PolicyAnswer("not_found", ranked=answer.nearby, english=answer.english)
        return _refusal_message(wording, declined, "", "")
    lead = guidance.incident if incident else guidance.draft
    message = clauses_message(wording, numbers, lead=wording.voice(lead), question=question)
    examine = [Buttons(Button("Relire ce texte", f"verifier lire {draft}", "primary"))]
    return Message(
        *message.elements, *wording.offer(incident=incident), *(examine if draft and not incident else [])
    )


# --- Refusals ---------------------------------------------------------------------------------


def _refusal_message(wording: Wording, answer: PolicyAnswer, question: str, identifier: str) -> Message:
    """Explain why a question has no answer, and give the person to ask and the closest clauses."""
    policy = wording.reading.policy
    guidance = wording.guidance
    voice = wording.voice
    near = wording.existing(clause.number for clause in answer.nearby)[:CHOICES]
    if answer.outcome == "out_of_scope":
        near = ()
    closest = _closest(wording, answer, question)
    if closest and wording.place != "open":  # on its own, the quotation would look like an answer
        who = refusals.whom_to_ask(policy, voice)
        quotes, quoted = _quotes(wording, closest)
        unsaid = refusals.unsaid(wording.reading, guidance, answer, question, voice)
        near_by = (
            "{unsaid} Les clauses les plus proches disent autre chose\u00a0:"
            if len(quoted) > 1
            else "{unsaid} La clause la plus proche dit autre chose\u00a0:"
        )
        more = "Pour en savoir plus\u00a0: {who}"
        return Message(
            *wording.opening(),
            Text(voice(near_by, unsaid=unsaid)),
            *quotes,
            *([Text(voice(more, who=f"{who[0].lower()}{who[1:]}"))] if who else []),
            Note(wording.revised()),
            Buttons(*_around(wording, quoted, quoted)),
            *_judging(wording, identifier),
        )
    silence = guidance.silence(question, answer.ranked) if answer.outcome == "silent" else None
    of_dates = silence is not None and refusals.VERSION in silence.says
    near = () if of_dates else closest or near
    quotes, quoted = (
        _quotes(wording, near[:1])
        if (answer.textual or answer.learning) and near and wording.place != "open"
        else ([], ())
    )
    buttons = [Button(wording.subject(number), wording.reading.command(number)) for number in near]
    if of_dates:
        buttons = [Button(voice("Toutes les versions"), f"versions {policy.id}:")]
    return Message(
        Text(refusals.refusal(wording.reading, guidance, answer, question, voice)),
        *([Note(voice("Ces clauses s'en approchent peut-être."))] if near else []),
        *quotes,
        *([Note(wording.revised())] if quoted else []),
        Buttons(*buttons, wording.contents()),
        *_judging(wording, identifier),
    )


def _closest(wording: Wording, answer: PolicyAnswer, question: str) -> tuple[Number, ...]:
    """Return the related clauses to quote when the policy does not answer a question, or ().

    If the guidance knows this silence of the policy, they are the clauses that it records. Otherwise, there
    is one clause, the closest, if it is close enough.
    """
    if answer.outcome != "silent":
        return ()
    silence = wording.guidance.silence(question, answer.ranked)
    if silence and silence.of_text:
        return ()
    near = [clause.number for clause in answer.nearby[:1] if clause.score >= NEAR]
    return wording.existing(silence.clauses if silence and silence.clauses else near)


# --- Remarks about the bot itself -----------------------------------------------------


@dataclass(frozen=True, slots=True)
class Speaker:
    """The data needed for the bot's words about itself: policy, name, administrators, language.

    `bot`: the name that it gives itself. `admin`: the title of the role that administers it.
    """

    reading: Reading
    bot: str
    admin: str
    voice: Voice = FRENCH

    def command(self, command: str) -> str:
        """Return the command of an intent's button, about this policy when it is not the default one."""
        about_policy = command.partition(" ")[0] in _OF_A_POLICY and not self.reading.default
        return f"{command} {self.reading.policy.id}" if about_policy else command

    def answer(self, intent: Intent, *, serving: bool = False) -> str:
        """Return the sentences that answer a remark about the bot.

        `intent`: what the remark means. `serving`: whether the person has duties that it is about.
        """
        says = self.voice(
            intent.serves if serving and intent.serves else intent.says,
            bot=self.bot,
            admin=self.voice(self.admin),
            whom=refusals.whom_to_ask(self.reading.policy, self.voice),
            version=refusals.in_force(self.reading.version, self.voice),
        )
        return says.replace("  ", " ").strip()  # an empty name leaves two spaces


def intent_message(
    speaker: Speaker, intent: Intent, duties: Sequence[tuple[str, str]], *, begun: bool = False
) -> Message:
    """Answer a remark about the bot itself, with buttons for the matching actions.

    `begun`: whether the person has a quiz under way, to which the answer leads back. `duties`: the buttons of
    `intent.duties` that the person may use. Someone who receives reports may also mean the reports that they
    made, so both kinds of button are shown.
    """
    say = speaker.voice
    elements: list[Element] = [
        Text(speaker.answer(intent, serving=bool(duties))),
        Buttons(
            *(
                Button(say(label), speaker.command(command))
                for label, command in (*(intent.begun if begun else ()), *intent.buttons)
            )
        ),
    ]
    if duties:
        elements += [
            Note(say("Dans vos fonctions\u00a0:")),
            Buttons(*(Button(say(label), command) for label, command in duties)),
        ]
    return Message(*elements)


def question_invitation(profile: Profile, reading: Reading) -> Message:
    """Explain how to ask a question, to someone who typed only the command."""
    return Message(
        Heading("Posez votre question"),
        Text(
            f"Écrivez-la après la commande\u00a0: je réponds en citant {reading.policy.name.the}. "
            "Exemple\u00a0: ",
            code(profile.typed("question Qui doit lire cette politique?")),
        ),
        Buttons(Button("Table des matières", reading.command(""))),
    )
