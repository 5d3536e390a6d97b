"""An example of each reply of the single-file commands, for the gallery."""

from dataclasses import replace
from datetime import date, datetime

from bot.answers.bank import BankLine
from bot.answers.engine.scores import ScoredClause
from bot.answers.guidance import Guidance
from bot.answers.intents import Intents
from bot.answers.questions import PolicyAnswer
from bot.answers.unanswered import KeptQuestion, SimilarQuestions
from bot.commands import (
    answers,
    banque,
    chercher,
    lettres,
    lier,
    membres,
    mesdonnees,
    partager,
    pause,
    politique,
    retour,
    roles,
)
from bot.commands.relire import messages as relire
from bot.commands.relire.messages import PendingDrafts
from bot.commands.vigie import awaiting, menu
from bot.commands.vigie.awaiting import Awaiting
from bot.configuration.profile import Profile, ReportsProfile
from bot.conversation.forms import Reply
from bot.conversation.messages import Button, Message, Text
from bot.conversation.requests import Actor, Request
from bot.drafting import drafts
from bot.drafting.drafts import Draft
from bot.onboarding.enrolment import REMINDER, WELCOME
from bot.people import roles as registry
from bot.people.duties import Duties
from bot.people.membership import Source
from bot.people.office import Office
from bot.people.persons import Account
from bot.people.roles import Role
from bot.permissions.kinds import WORDS
from bot.policy.addresses import counted
from bot.policy.articles import Number
from bot.policy.library import Library, Reading
from bot.privacy.personal_data import CATEGORIES
from bot.storage.state import Flag
from bot.times import Calendar

_ID = "0f3c9a5b0f3c9a5b"  # the identifier of the request or quiz in an example


def politique_examples(library: Library) -> dict[str, Reply]:
    """Return an example of each reply of `politique`, `chercher` and `partager`, by name."""
    reading, _ = politique.open_reading(library, "")
    number = reading.policy.example(reading.version)
    article = reading.version.article(number)
    above, last = counted(str(article.clauses[-1].number if article else number))
    before, after = reading.version.neighbours(number)
    together = next(iter(reading.policy.annotations.together), None)
    new = after.number if after else number
    day = date(2026, 12, 13)
    moved = replace(reading, moved={new: (number,), Number("9"): (number,)})
    former = replace(reading, on=reading.version.since)
    texts = {
        "Une clause": f"{number}",
        "Une clause, dans un canal": f"{number}",
        "Plusieurs clauses": f"{before.number if before else number} et {number}",
        "Des clauses à lire ensemble": " et ".join(map(str, together.clauses)) if together else "",
        "Un article entier": f"article {article.number}" if article else "",
        "Un article entier, page suivante": f"article {article.number} page 2" if article else "",
        "Un numéro qui n'existe pas": f"{above}{(last or 0) + 1}",
        "Un numéro loin de tous": "article 999",
        "Un alinéa que la clause n'a pas": f"{number} zz)",
        "Des passages trouvés": "renseignements personnels",
        "Rien de trouvé": "stationnement",
        "Rien de trouvé, une faute": "harselement",
        "La table des matières": "",
    }
    examples: dict[str, Reply] = {
        name: politique.show(
            library, Request("politique", text, place="channel" if "canal" in name else "direct")
        )
        for name, text in texts.items()
    }
    return examples | {
        "Une clause dont le numéro a changé, par un ancien bouton": Message(
            politique.moved_notes(moved), reading.quote(number)
        ),
        "Une clause qui a pris le numéro d'une autre": Message(
            reading.quote(number),
            *politique.successor_notes(reading, number, (new,), day, reading.version.since),
        ),
        "Une clause qui a pris le numéro d'une clause retirée": Message(
            reading.quote(number), *politique.successor_notes(reading, number, (), day, reading.version.since)
        ),
        "Une clause, dont la question nomme un autre jour": politique.with_other_words(
            Message(reading.quote(number)), reading, former, f"{number}", place="direct"
        ),
        "La clause d'après, quand il n'y en a plus": politique.at_end(
            reading, reading.version.clauses()[-1].number
        ),
        "Des passages, et dans une autre politique": politique.results(
            reading,
            "personne",
            shareable=False,
            beside=[(former, former.policy.index(former.version).search("personne"))],
        ),
        "Une clause partagée dans un canal": partager.share(library, Request("partager", f"{number}")),
        "Le formulaire d'une question": chercher.form(library),
    }


def answers_examples(library: Library, guidance: Guidance, office: Office) -> dict[str, Message]:
    """Return an example of each answer to a question, by name. Call it on the storage thread."""
    reading, _ = politique.open_reading(library, "")
    here = answers.Wording(reading, guidance, office, "direct")
    channel = answers.Wording(reading, guidance, office, "channel")
    together = [group.clauses for group in reading.policy.annotations.together[:2]]
    example = (reading.policy.example(reading.version),)
    others = [clause.number for clause in reading.version.clauses() if clause.number not in example]
    pair = tuple(ScoredClause(number, 0.4) for number in (*example, *others[-1:]))
    judged = "0f3c9a5b"
    learning = PolicyAnswer("not_found", ranked=pair, learning=True)
    unsaid = " ".join(guidance.silences[0].when[:1]) if guidance.silences else ""
    other = " ".join(guidance.elsewhere[0].when[:1]) if guidance.elsewhere else ""
    by_answer: dict[str, tuple[PolicyAnswer, str, str]] = {
        "Une question à préciser": (PolicyAnswer("clarify", clauses=pair), "", judged),
        "Un incident": (PolicyAnswer("answer", "incident", pair[:1], pair[:1]), "", ""),
        "Un brouillon": (PolicyAnswer("answer", "draft", pair, pair), "", ""),
        "Pas de réponse fiable": (PolicyAnswer("not_found", ranked=pair), "", judged),
        "Pas de réponse fiable, pendant l'apprentissage": (learning, "", ""),
        "Ce que la politique ne précise pas": (PolicyAnswer("silent"), unsaid, judged),
        "Ce que la politique ne précise pas, en général": (PolicyAnswer("silent", ranked=pair), "", judged),
        "Ce que la politique ne précise pas, loin de ses clauses": (
            PolicyAnswer("silent", ranked=tuple(ScoredClause(clause.number, 0.2) for clause in pair)),
            "",
            judged,
        ),
        "Un autre sujet": (PolicyAnswer("out_of_scope"), other, judged),
        "Un tout autre sujet": (PolicyAnswer("out_of_scope"), "", judged),
        "Avec calme": (PolicyAnswer("out_of_scope", unkind=True), "", ""),
        "Une autre langue": (PolicyAnswer("out_of_scope", foreign=True), "", ""),
    }
    maybe = [PolicyAnswer("answer", clauses=(clause,), ranked=(clause,)) for clause in (pair * 2)[:2]]
    return {
        "Deux politiques qui répondent peut-être": answers.policies_message(
            [(here, answer) for answer in maybe], judged
        ),
        "Une réponse": answers.clauses_message(here, example, judged),
        "Une réponse, dans un canal": answers.clauses_message(channel, example, judged),
        **{
            f"{name}, à une question en anglais": answers.answer_message(
                here, replace(answer, english=True), asked, judged
            )
            for name, (answer, asked, _) in {
                "Une réponse": (PolicyAnswer("answer", clauses=pair[:1], sure=True), "", ""),
                "Une réponse incertaine": (PolicyAnswer("answer", clauses=pair[:1]), "", ""),
                **by_answer,
            }.items()
            if not answer.foreign
        },
        **{
            f"Une réponse, des clauses à lire ensemble {at}": answers.clauses_message(here, group, judged)
            for at, group in enumerate(together, 1)
        },
        "Deux questions à la fois": answers.two_message(
            here, [(PolicyAnswer("answer", clauses=(clause,), sure=True), "") for clause in pair], judged
        ),
        "Deux questions à la fois, en anglais": answers.two_message(
            here,
            [(PolicyAnswer("answer", clauses=pair[:1], english=True), ""), (PolicyAnswer("silent"), unsaid)],
            judged,
        ),
        "Deux questions à la fois, dont une sans réponse": answers.two_message(
            here, [(PolicyAnswer("answer", clauses=pair[:1]), ""), (PolicyAnswer("silent"), unsaid)], judged
        ),
        **{name: answers.answer_message(here, *arguments) for name, arguments in by_answer.items()},
        "Une réponse, quand la question nomme un autre jour": politique.with_other_words(
            answers.answer_message(here, PolicyAnswer("answer", clauses=pair[:1], english=True), ""),
            reading,
            replace(reading, on=reading.version.since),
            "",
            place="direct",
            voice=guidance.english,
        ),
        "Posez votre question": answers.question_invitation(office.profile, reading),
    }


def intents_examples(
    library: Library, profile: Profile, guidance: Guidance, intents: Intents
) -> dict[str, Message]:
    """Return an example of each answer to a remark about the bot itself, by name."""
    administration = next(role.title for role in profile.roles if role.id == registry.ADMINISTRATION)
    spoken = {"": answers.Speaker(library.reading(library.default), profile.bot, administration)}
    spoken[", en anglais"] = replace(spoken[""], voice=guidance.english)
    return {
        f"On me dit «\u00a0{phrase}\u00a0»{who}{tongue}": answers.intent_message(speaker, intent, duties)
        for intent in intents.every
        for phrase in [next(phrase for phrase in intent.phrases if phrase[0].isalpha())]
        for who, duties in {"": (), ", dans ses fonctions": intent.duties}.items()
        if duties or not who
        for tongue, speaker in spoken.items()
    }


def sending_examples(
    library: Library, office: Office, calendar: Calendar, now: datetime
) -> dict[str, Message]:
    """Return an example of each message of `vigie`, `attente`, `pause` and `lettres`, by name."""
    name, policy = library.default.name, library.default.id
    waiting = [
        Awaiting(line, Button(label, command))
        for line, label, command in (
            ("On demande votre consentement, pour une image où vous êtes", "Ouvrir", f"demande voir {_ID}"),
            (f"Une demande à décider\u00a0: {WORDS['logo'].act}", "Ouvrir", f"demande voir {_ID[::-1]}"),
            (f"Ce qui a changé dans {name.the}", "Lire", f"nouveautes {policy} 2026-11-20"),
            (
                f"La lecture {name.of}, 3 pages sur 12. Date visée\u00a0: le 13\u00a0décembre\u00a02026.",
                "Continuer la lecture",
                f"accueil {policy}: lire",
            ),
            (f"Le quiz sur {name.the}, question 3 sur 10", "Continuer le quiz", f"quiz suite {_ID}"),
            (
                f"Avant de publier\u00a0: 2 vérifications souvent écartées, à revoir ({name})",
                "Voir",
                "banque verifications",
            ),
        )
    ]
    return {
        "Le menu": menu.menu_message(library, office),
        "Le reste du menu": menu.more_message(library),
        "Le menu, sans quiz": menu.menu_message(library, office, quiz=False),
        "Le menu, peu après une révision": menu.menu_message(library, office, news=True),
        "Le menu, et ce qui attend la personne": menu.menu_message(
            library, office, first=awaiting.menu_elements(waiting[:2])
        ),
        "Le menu, quand beaucoup attend": menu.menu_message(
            library,
            office,
            *pause.stopped(Flag(now), calendar),
            *([menu.REPORTS] if office.reports else []),
            menu.ADMINISTRATION,
            news=True,
            first=awaiting.menu_elements(waiting),
        ),
        "Ce qui attend la personne": awaiting.list_message(waiting),
        "Ce qui attend la personne, rien": awaiting.list_message([]),
        "Le menu de l'administration": menu.menu_message(library, office, menu.ADMINISTRATION, menu.BOARD),
        "Le menu, les envois arrêtés": menu.menu_message(
            library, office, *pause.stopped(Flag(now), calendar), menu.ADMINISTRATION
        ),
        **(
            {"Le menu de qui reçoit les signalements": menu.menu_message(library, office, menu.REPORTS)}
            if office.reports
            else {}
        ),
        "Les envois, en marche": pause.RUNNING,
        "Les envois, arrêtés": pause.paused(Flag(now, "Erreur dans un avis"), 12, calendar),
        "Les envois, repris": pause.resumed(1),
        "Les messages non remis": lettres.shown({REMINDER.title: 2}, {WELCOME.title: 3}),
        "Les messages non remis, aucun": lettres.shown({}, {}),
        "Les messages non remis, envoyés": lettres.settled(2, send=True),
        "Un message non remis, annulé": lettres.settled(1, send=False),
    }


def banque_examples(library: Library) -> dict[str, Reply]:
    """Return an example of each reply of `retour` and `banque`, by name."""
    reading, _ = politique.open_reading(library, "")
    number = reading.policy.example(reading.version)
    questions = (
        KeptQuestion("0f3c9a5b", "Puis-je filmer [nom] pendant l'assemblée?", "not_found", "", "2026-W47"),
        KeptQuestion("1a2b3c4d", "Peut-on filmer une assemblée?", "unhelpful", str(number), "2026-W48"),
    )
    group = SimilarQuestions(questions)
    line = BankLine(
        "Peut-on filmer une assemblée?", "direct", banque.ANSWER_KIND, (number,), (), banque.AUTHOR
    )
    return {
        "Une réponse utile": retour.thanks(retour.THANKS),
        "Une réponse qui ne l'était pas": retour.thanks(retour.SORRY),
        "Une réponse jugée trop tard": retour.thanks(retour.LATE),
        "Comment juger une réponse": Message(Text(retour.HOW)),
        "Les questions à améliorer": banque.bank_overview(
            reading, [group], {"useful": 12, "useless": 3}, outdated=2
        ),
        "Les questions à améliorer, aucune": banque.bank_overview(reading, [], {}),
        "Des questions semblables": banque.group_message(reading, group),
        "Une ligne de la banque": banque.line_form(reading, group),
        "Une ligne ajoutée": banque.line_added(reading, line, "en message privé, sur Slack"),
        "Des lignes à revoir": banque.outdated_message(reading, {number: 41}),
        "Aucune ligne à revoir": banque.outdated_message(reading, {}),
    }


def relire_examples(library: Library) -> dict[str, Reply]:
    """Return an example of each reply of `relire`, by name."""
    policy = library.default
    guessed = drafts.guess(policy.origin)
    number = str(guessed[-1].clause)
    others = (
        Draft("topic", number, "publication", [number]),
        Draft(
            "together", number, "", {"clauses": [number, guessed[0].clause], "reason": "L'une cite l'autre."}
        ),
    )
    kinds = {draft.kind: draft for draft in (*others, *guessed)}
    several = tuple(draft for draft in guessed if draft.unfilled)[:3]
    pending = PendingDrafts(Reading(policy, policy.origin), (*kinds.values(), *several))
    places = {f"Un brouillon, {kind}": at for at, kind in enumerate(kinds)}
    return {
        **{name: relire.draft_message(pending, at) for name, at in places.items()},
        **{f"Corriger, {kind}": relire.draft_form(pending, draft) for kind, draft in kinds.items()},
        "Les brouillons d'une clause": relire.clause_message(pending, others[0]),
        "Les brouillons d'une clause, changés depuis": relire.clause_message(
            pending, others[0], changed=True
        ),
        "Un brouillon à remplir": relire.draft_message(pending, len(kinds), "Gardée."),
        "Des brouillons à remplir, à jeter": relire.discarding(pending, several[0]),
        "Tout est relu": relire.draft_message(PendingDrafts(pending.reading, ()), 0, "Gardée."),
        "Rien à relire": relire.draft_message(PendingDrafts(pending.reading, ()), 0),
        "Rien à relire, et des brouillons à préparer": relire.draft_message(
            PendingDrafts(pending.reading, (), preparable=True), 0
        ),
    }


def people_examples(library: Library, office: Office) -> dict[str, Reply]:
    """Return an example of each reply of `lier`, `mesdonnees` and `membres`, by name."""
    policy = library.default.id
    start = "2026-11-24"
    done = "2026-11-24T15:04:05Z"
    profile = office.profile
    text = {"politique": policy, "version": str(library.default.versions[0].adopted)}
    facts: dict[str, dict[str, object]] = {
        "comptes": {"plateforme": "slack", "espace": "T1", "identifiant": "U1", "avis_vu": "1"},
        "appartenance": {"a_titre_de": "personne visée (élue)", "depuis": "2026-09-01", "jusque": None},
        "parcours": {**text, "commence_le": start, "rappels": 1, "arrete_le": None},
        "quiz": {**text, "commence_le": start, "termine_le": start, "reponses": 12, "bonnes": 11},
        "etapes": {**text, "etape": "quiz réussi", "le": done},
        "messages": {"sujet": WELCOME.name, "etat": "envoyé", "jour": start},
    }
    data = {category: [facts[category.id]] for category in CATEGORIES if category.id in facts}
    reading: dict[str, object] = {"role": "Administration", "peut_lire": "non", "depuis": start}
    nominations = {category: [reading] for category in CATEGORIES if category.id == "nominations"}
    contact = "renseignements@exemple.ca"
    problem = "Discord ne donne pas la liste des membres."
    groups = [
        Source("a1", "officer", "slack", "T1", "slack_group", "S0123ABCD", "2026-11-24"),
        Source("a2", "employee", "discord", "1", "discord_role", "123456789012345678", None, problem),
    ]
    return {
        "Un code pour lier ses comptes": lier.issued(profile, "K7PMQ-3TXDW"),
        "La confirmation avant de lier": lier.confirmation([Account("slack", "T1", "U1")], "K7PMQ-3TXDW"),
        "La confirmation dans l'autre compte": lier.second_question(Account("discord", "", "42")),
        "Des comptes bientôt liés": lier.waiting(profile),
        "Des comptes liés": lier.LINKED,
        "L'endroit où vous écrire": lier.preferred("en message privé, sur Slack"),
        "L'avis de comptes liés": lier.linked(Account("discord", "", "42")),
        "Un code qui n'est plus bon": Message(Text(lier.UNKNOWN_CODE)),
        "Un code tapé dans le même compte": Message(Text(lier.SAME_ACCOUNT)),
        "L'avis de confidentialité": mesdonnees.notice_message(),
        "L'avis de confidentialité, l'équipe sachant": mesdonnees.notice_message(shared=True),
        "Mes données": mesdonnees.shown(
            office, data, {policy: library.default.name}, lambda _: WELCOME.title
        ),
        "Mes données, pourquoi et jusqu'à quand": mesdonnees.reasons(data, contact),
        "Mes données, aucune": mesdonnees.nothing(office, None),
        "Mes données, ce qui ne s'efface pas": mesdonnees.nothing(office, None, nominations),
        "Mes données, le fichier": mesdonnees.exported(b'{"renseignements": {}}', date(2026, 11, 24)),
        "Effacer mes données?": mesdonnees.confirmation([]),
        "Effacer mes données? Une part reste": mesdonnees.confirmation(["roles", "appartenance"]),
        "Mes données, effacées": mesdonnees.erased([]),
        "Mes données, effacées en partie": mesdonnees.erased(["appartenance"]),
        "Personnes visées": membres.overview(profile, {"officer": 12, "employee": 4}, groups),
        "Personnes visées, au début": membres.overview(profile, {}, []),
        "Suivre un groupe": membres.source_form(profile),
        "Un groupe suivi": membres.followed(profile, groups[0], ""),
        "Ajouter une personne à la liste": membres.person_form(profile, membres.ADD),
        "Enlever une personne de la liste": membres.person_form(profile, membres.REMOVE),
    }


def _applied_profile(office: Office, request: Request) -> dict[str, Reply]:
    """Return an example of each reply, by name, about a profile that names other recipients of reports."""
    described, first = office.profile, office.profile.roles[0].id
    other = replace(office, profile=replace(described, reports=ReportsProfile("1", (first,))))
    applied = f"profil {Duties.of(other.profile).fingerprint()}"
    return {
        "Les rôles, le profil dit autre chose": roles.manage(other, request),
        "Appliquer le profil?": roles.manage(other, replace(request, text=applied)),
    }


def roles_examples(office: Office, actor: Actor) -> dict[str, Reply]:
    """Return an example of each reply of `roles`, by name.

    `actor` must hold the administration role in `office`. Call it on the storage thread.
    """
    request = Request("roles", actor=actor)
    first, second = (Role(role.id, role.title) for role in office.profile.roles[:2])
    today = office.today()
    return {
        "Les rôles": roles.manage(office, request),
        "Un rôle": roles.manage(office, replace(request, text=f"voir {registry.ADMINISTRATION}")),
        "Un rôle vacant": roles.manage(office, replace(request, text=f"voir {first.id}")),
        **(_applied_profile(office, request) if office.reports else {}),
        "Nommer une personne": roles.person_form(first, today),
        "Nommer un groupe": roles.group_form(first, today),
        "Modifier un rôle": roles.role_form(first, [second]),
    }
