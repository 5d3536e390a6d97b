"""The check of each answer of an installation, by the rules of the settings and of the diagnostic."""

import asyncio
import os
import re
import shutil
import tempfile
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Final

from bot.cli.installer.answers import PLATFORM_SETTINGS, Answers
from bot.cli.installer.interview import Accepted, Refused
from bot.cli.installer.service import UNIT
from bot.configuration import places
from bot.configuration.values import is_cut, listed
from bot.conversation.findings import Finding
from bot.conversation.messages import capitalized
from bot.conversation.requests import PLATFORMS
from bot.operations.diagnostic import ENOUGH_DISK
from bot.outbox.notices import TRIAL
from bot.platforms.contract import Destination, PlatformError
from bot.platforms.discord import check as discord_check
from bot.platforms.discord.commands import client_id
from bot.platforms.slack import check as slack_check
from bot.settings import ASSOCIATION_LENGTH, Settings
from bot.storage import files
from bot.storage.database import StorageError
from bot.times import system_clock

USUAL: Final = "usuel"  # the answer when the person presses Enter, for the folder of the copies

# What was pasted, by its form, so that a wrong token can be named. The first form that matches wins.
_FORMS: Final[Mapping[str, str]] = {
    r"xoxb-.*": "le jeton du robot de Slack",
    r"xapp-.*": "le jeton de l'application de Slack",
    r"xox[a-z][-.].*": "le jeton d'une personne, sur Slack",
    r"[\w-]{10,}\.[\w-]{4,}\.[\w-]{4,}": "le jeton d'un robot de Discord",
    r"[0-9a-f]{32}": "un secret de Slack («\u00a0Client Secret\u00a0» ou «\u00a0Signing Secret\u00a0»)",
    r"[0-9a-f]{64}": "la clé publique de Discord («\u00a0Public Key\u00a0»)",
    r"[\w-]{32}": "le secret de Discord («\u00a0Client Secret\u00a0»)",
    r"[1-9]\d{15,20}": "un numéro de Discord, et non un jeton",
    r"[TUCAB][A-Z0-9]{8,12}": "un identifiant de Slack, et non un jeton",
    r"https?://.*": "une adresse",
    r"\{.*": "le manifeste",
}
_CUT: Final = "Le jeton {which} est incomplet, ou contient un signe de trop. Copiez-le de nouveau."
# The words for settings, which replace their names in the lines of the diagnostic.
_PLAIN: Final[Mapping[str, str]] = {
    "SLACK_BOT_TOKEN": "le jeton du robot",
    "SLACK_APP_TOKEN": "le jeton de l'application",
    "DISCORD_TOKEN": "le jeton du robot",
    "de VIGIE_SLACK_EQUIPE": "de l'espace de votre association",
    "dans VIGIE_DISCORD_SERVEUR": "dans le serveur de votre association",
}
_SLACK_MEMBER: Final = re.compile(
    r"(?:slack:[A-Z0-9]+/|.*/team/|<@)?(?P<id>[UW][A-Z0-9]{2,20}|[uw](?=[a-z]*\d)[a-z0-9]{2,20})>?"
)
_DISCORD_MEMBER: Final = re.compile(r"(?:discord:|.*/users/|<@!?)?(?P<id>[1-9][0-9]{0,19})>?")


def check_platforms(answer: str, answers: Answers) -> Accepted:
    """Accept the chosen platforms, and remove the settings of platforms that are no longer chosen."""
    removed: dict[str, str | None] = {}
    notes = []
    for platform, names in PLATFORM_SETTINGS.items():
        name = PLATFORMS[platform]
        if platform in listed(answer) or names[0] not in answers:
            continue
        if answers.is_fixed(names[0]):
            notes.append(
                f"Vigie répondra sur {name}\u00a0: {names[0]} est dans l'environnement. Ôtez-le de là."
            )
        else:
            removed |= dict.fromkeys(names)
            notes.append(f"Le jeton de {name} est retiré\u00a0: Vigie n'y répondra plus.")
    return Accepted({"plateformes": answer, **removed}, notes=notes)


def check_association(answer: str, _: Answers) -> Accepted | Refused:
    """Accept any name that has a letter and fits on a receipt."""
    name = answer.strip()
    if len(name) > ASSOCIATION_LENGTH:
        return Refused(
            f"Ce nom est long\u00a0: {ASSOCIATION_LENGTH} caractères au plus, pour qu'il tienne sur un reçu."
        )
    if not re.search(r"[^\W\d_]", name):  # for example the number of a choice, typed by mistake
        return Refused("Il faut un nom, avec des lettres\u00a0: il se lira sur les reçus.")
    return Accepted({"VIGIE_ASSOCIATION": name})


def check_manifest(answer: str, answers: Answers) -> Accepted | Refused:
    """Accept that the manifest is pasted in Slack. Until then, show it again on request."""
    if answer.lower() in {"voir", "v"}:
        return Refused(
            "Appuyez sur Entrée quand l'application est créée.",
            copy=answers.manifest(answers.settings()),
            manner="note",
        )
    if answer.lower() not in {"fait", "oui", "o"}:
        return Refused("Appuyez sur Entrée quand l'application est créée, ou tapez «\u00a0voir\u00a0».")
    return Accepted({"manifeste": "fait"}, "L'application de Slack est créée.")


def check_app_token(answer: str, answers: Answers) -> Accepted | Refused:
    """Accept an application's token that opens Slack's Socket Mode."""
    token = _cleaned(answer)
    if not token.startswith("xapp-"):
        also = " Gardez-le pour la question suivante." if token.startswith("xoxb-") else ""
        return Refused(
            _other(token, "le jeton de l'application, qui commence par «\u00a0xapp-\u00a0»") + also
        )
    if is_cut(token):
        return Refused(_CUT.format(which="de l'application"))
    finding = asyncio.run(slack_check.check_app_token(token, answers.api_url("slack")))
    accepted = Accepted({"SLACK_APP_TOKEN": token}, "Slack reconnaît le jeton de l'application.")
    return _refusal([finding]) or accepted


def check_slack_token(answer: str, answers: Answers) -> Accepted | Refused:
    """Accept a bot's token that has every permission, in the association's workspace."""
    token = _cleaned(answer)
    api_url = answers.api_url("slack")
    if not token.startswith("xoxb-"):
        return Refused(_other(token, "le jeton du robot, qui commence par «\u00a0xoxb-\u00a0»"))
    if is_cut(token):
        return Refused(_CUT.format(which="du robot"))
    try:
        team, name = asyncio.run(slack_check.find_workspace(token, api_url))
    except PlatformError as error:
        return Refused(_plain(str(error)))
    saved = answers["VIGIE_SLACK_EQUIPE"]
    findings = asyncio.run(_check_slack(token, answers, saved or team))
    if refusal := _refusal(findings):
        change = (
            "" if saved in {"", team} else " Si l'association change d'espace, tapez «\u00a0retour\u00a0»."
        )
        return Refused(refusal.text + change)
    text = f"Slack reconnaît le jeton du robot, dans l'espace «\u00a0{name}\u00a0»."
    notes = [] if saved else ["Si ce n'est pas l'espace de votre association, tapez «\u00a0retour\u00a0»."]
    return Accepted({"SLACK_BOT_TOKEN": token, "VIGIE_SLACK_EQUIPE": team}, text, notes)


def check_discord_token(answer: str, answers: Answers) -> Accepted | Refused:
    """Accept a token that Discord accepts for a bot."""
    token = _cleaned(answer)
    if not re.fullmatch(r"[\w-]{10,}\.[\w-]{4,}\.[\w-]{4,}", token) or client_id(token) is None:
        return Refused(
            _other(token, "le jeton du robot\u00a0: trois suites de signes, séparées par des points")
        )
    findings = asyncio.run(_check_discord(token, answers, None))
    accepted = Accepted({"DISCORD_TOKEN": token}, "Discord reconnaît le jeton du robot.")
    return _refusal(findings) or accepted


def check_server(answer: str, answers: Answers) -> Accepted | Refused:
    """Accept the bot's only server, or the server chosen among several."""
    try:
        servers = asyncio.run(
            discord_check.list_servers(answers["DISCORD_TOKEN"], answers.api_url("discord"))
        )
    except PlatformError as error:
        return Refused(_plain(str(error)))
    if answer in servers or (len(servers) == 1 and not answer.isdecimal()):
        server = answer if answer in servers else next(iter(servers))
        text = f"Vigie est dans le serveur «\u00a0{servers[server]}\u00a0»."
        notes = [] if answer in servers else ["Si ce n'est pas le bon, tapez «\u00a0retour\u00a0»."]
        return Accepted({"VIGIE_DISCORD_SERVEUR": server}, text, notes)
    if answer.isdecimal():
        return Refused("Vigie n'est pas dans le serveur qui a ce numéro. Ouvrez l'adresse de l'invitation.")
    if servers:
        return Refused(
            "Vigie est dans plusieurs serveurs. Lequel est celui de l'association?", servers, manner="note"
        )
    return Refused(
        "Vigie n'est encore dans aucun serveur. Ouvrez l'adresse de l'invitation, choisissez le serveur, "
        "puis «\u00a0Autoriser\u00a0»\u00a0: il faut le droit de gérer le serveur."
    )


def check_groups(answer: str, answers: Answers) -> Accepted | Refused:
    """Accept a way to know the members, if Vigie can follow it on the platform."""
    findings: list[Finding] = []
    if answer.startswith("slack"):
        team = answers["VIGIE_SLACK_EQUIPE"]
        findings = asyncio.run(_check_slack(answers["SLACK_BOT_TOKEN"], answers, team, follows=[answer]))
    elif answer.startswith("discord"):
        server = answers["VIGIE_DISCORD_SERVEUR"]
        findings = asyncio.run(_check_discord(answers["DISCORD_TOKEN"], answers, server, members=True))
    if refusal := _refusal(findings):
        return Refused(f"{refusal.text} Puis répondez de nouveau, ou choisissez autre chose.")
    if answer == "liste":
        text = "Vous tiendrez la liste dans la conversation, avec /vigie membres."
    else:
        text = (
            "Vigie a la permission de le suivre. Vous le nommerez dans la conversation, avec /vigie membres."
        )
    return Accepted({"groupes": answer}, text)


def check_admin(answer: str, answers: Answers) -> Accepted | Refused:
    """Accept the accounts of members to whom Vigie can write. Send one test message to each."""
    accounts = []
    for text in listed(answer) or [""]:
        slack, discord = _SLACK_MEMBER.fullmatch(text), _DISCORD_MEMBER.fullmatch(text)
        if slack:
            to = Destination("slack", answers["VIGIE_SLACK_EQUIPE"], slack["id"].upper())
        elif discord:
            to = Destination("discord", "", discord["id"])
        else:
            where = ", ou ".join(_IDENTIFIER[platform] for platform in answers.platforms())
            return Refused(f"Un nom ou une adresse ne suffit pas. Il faut l'identifiant\u00a0: {where}.")
        if to.platform not in answers.platforms():
            name = PLATFORMS[to.platform]
            return Refused(f"C'est un identifiant de {name}, et vous n'avez pas choisi {name}.")
        if refusal := _unreachable(to, answers):
            return refusal
        accounts.append(f"slack:{to.team}/{to.id}" if slack else f"discord:{to.id}")
    where = " et ".join(dict.fromkeys(PLATFORMS[account.partition(":")[0]] for account in accounts))
    text = f"Un message d'essai est arrivé en privé, sur {where}."
    return Accepted({"VIGIE_ADMINS": ", ".join(accounts)}, text)


def _unreachable(to: Destination, answers: Answers) -> Refused | None:
    """Send a test message, unless it was sent before. Return a refusal if the message cannot be delivered."""
    if to.platform == "slack":
        token, team = answers["SLACK_BOT_TOKEN"], answers["VIGIE_SLACK_EQUIPE"]
        findings = asyncio.run(_check_slack(token, answers, team, trial=to))
        advice = "c'est celui d'une personne de l'espace, et non d'un canal ou d'un robot."
    else:
        token, server = answers["DISCORD_TOKEN"], answers["VIGIE_DISCORD_SERVEUR"]
        findings = asyncio.run(_check_discord(token, answers, server, trial=to))
        advice = (
            "c'est celui d'une personne du serveur. Ses messages privés doivent être ouverts\u00a0: menu "
            "du serveur, «\u00a0Paramètres de confidentialité\u00a0»."
        )
    trial = findings[-1]
    if trial.level == "ok":
        return None
    if trial.undelivered:
        name = PLATFORMS[to.platform]
        return Refused(
            f"{name} n'a pas pu remettre le message d'essai. Vérifiez l'identifiant\u00a0: {advice}"
        )
    return _refusal(findings)


_IDENTIFIER: Final = {"slack": "U0123ABCD sur Slack", "discord": "123456789012345678 sur Discord"}


def check_received(answer: str, _: Answers) -> Accepted | Refused:
    """Accept that the person received the test message. If not, go back to the question of their account."""
    if answer == "oui":
        return Accepted({"essai": "oui"}, "Vigie peut vous écrire.")
    return Refused(
        "Alors l'identifiant est peut-être celui de quelqu'un d'autre\u00a0: reprenons cette question.",
        back_to="VIGIE_ADMINS",
    )


def check_copies(answer: str, answers: Answers) -> Accepted | Refused:
    """Accept a folder where Vigie can write, and make it if needed."""
    database = answers.settings().database().absolute()
    folder = answers.settings().copies().absolute()
    if answer.lower() not in {USUAL, "oui", "o"}:
        if not {"/", "\\", "~", "."} & {*answer}:  # a word rather than a path
            return Refused(
                "Donnez le chemin entier d'un dossier, ou appuyez sur Entrée pour celui qui est proposé."
            )
        folder = Path(os.path.expanduser(answer.strip("'\""))).absolute()  # noqa: PTH111 — it never fails
    state = places.state_folder().absolute()
    # the systemd unit does not allow the service to write elsewhere
    if answers.launch.service and not folder.is_relative_to(state):
        return Refused(
            f"Le service n'écrit que dans {state}. Choisissez un dossier qui y est\u00a0: "
            "docs/exploitation.md dit comment copier ce dossier ailleurs."
        )
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as trial:
            trial.write(b"Vigie")
        room = shutil.disk_usage(folder).free
    except (OSError, ValueError):  # an invalid name
        return Refused(f"Vigie ne peut pas écrire dans {folder}. Choisissez un autre dossier.")
    if room < ENOUGH_DISK:
        return Refused(f"Il ne reste presque plus de place dans {folder}. Choisissez un autre dossier.")
    beside = next(parent for parent in database.parents if parent.exists())
    notes = [
        (
            "C'est le disque où Vigie garde déjà tout\u00a0: s'il se brise, les copies sont perdues "
            "aussi. Copiez ce dossier ailleurs de temps en temps; ce qu'il contient est chiffré."
        )
    ]
    return Accepted(
        {"VIGIE_SAUVEGARDES": str(folder)},
        f"Les copies iront dans {folder}.",
        notes if folder.stat().st_dev == beside.stat().st_dev else [],
    )


def check_service(answer: str, answers: Answers) -> Accepted | Refused:
    """Write a systemd unit for this person, if they want one."""
    if answer != "oui" or answers.launch.units is None:
        return Accepted({"service": "non"}, "Vous démarrerez Vigie vous-même.")
    file = answers.launch.units / UNIT
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        files.write_whole(file, answers.launch.unit(Path.cwd()).encode())
    except (OSError, StorageError):
        return Refused(f"{file} ne peut pas être écrit. Vérifiez vos droits, ou répondez non.")
    unseen = sorted(name for name in answers.environment if name.lower() in Settings.model_fields)
    problem = f"Le service ne verra pas ce qui est dans votre environnement\u00a0: {', '.join(unseen)}."
    notes = [f"{problem} Écrivez-le dans {answers.file}."] if unseen else []
    return Accepted({"service": "oui"}, f"Le service est écrit\u00a0: {file}", notes)


async def _check_slack(
    token: str,
    answers: Answers,
    team: str,
    *,
    follows: Collection[str] = (),
    trial: Destination | None = None,
) -> list[Finding]:
    return await slack_check.check_slack(
        bot_token=token,
        app_token=None,
        api_url=answers.api_url("slack"),
        team=team,
        now=system_clock(),
        follows=follows,
        trial=([trial], TRIAL) if trial else None,
        bot=answers.settings().profile.bot,
    )


async def _check_discord(
    token: str,
    answers: Answers,
    server: str | None,
    *,
    members: bool = False,
    trial: Destination | None = None,
) -> list[Finding]:
    return await discord_check.check_discord(
        token=token,
        api_url=answers.api_url("discord"),
        server=server,
        members=members,
        now=system_clock(),
        trial=(trial, TRIAL) if trial else None,
    )


def _refusal(findings: Sequence[Finding]) -> Refused | None:
    """Return a refusal with the findings that are errors, None if there are none."""
    # The clock depends on no answer: the diagnostic reports it at the end.
    wrong = [finding for finding in findings if finding.level == "erreur" and finding.subject != "horloge"]
    problems = [_plain(finding.text) for finding in wrong]
    return Refused(" ".join(problems)) if problems else None


def _plain(text: str) -> str:
    """Return a line of the diagnostic as a sentence without the names of settings."""
    for name, plain in _PLAIN.items():
        text = text.replace(name, plain)
    return capitalized(text)


def _cleaned(pasted: str) -> str:
    """Return a pasted token without what is often copied with it: spaces, quotes, the name of its setting."""
    text = re.sub(r"\s|[\u200b-\u200f\u2060\ufeff]", "", pasted)
    text = re.sub(r"^(?:[A-Z_]+=|Bot(?=[\w-]{10,}\.)|Bearer)", "", text)
    return text.strip("'\"«»`’“”")


def _other(pasted: str, wanted: str) -> str:
    """Return in French what was pasted instead of the token `wanted`."""
    form = next((name for form, name in _FORMS.items() if re.fullmatch(form, pasted)), "")
    if not form:
        count = f"{len(pasted)} caractère{'s' * (len(pasted) > 1)}"
        return f"Vous avez collé {count}. Il faut ici {wanted}. Copiez-le de nouveau."
    return f"Vous avez collé {form}. Il faut ici {wanted}."
