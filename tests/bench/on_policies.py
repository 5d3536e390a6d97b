"""`python -m tests.bench.on_policies`: a question's time and the memory, with one policy and with thirty.

The policies are made up; PA20, with its bank, is the default one among them or not. Each case is in a process
of its own, which has answered every question, so that every policy has been asked.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random
from statistics import mean
from tempfile import TemporaryDirectory
from time import perf_counter, thread_time

import click
import psutil

from bot.answers.engine.shelf import ModelShelf
from bot.app.build import Parts
from bot.app.rehearsal import Conversation, rehearsing
from bot.policy import loading
from bot.settings import Settings
from tests.bench import engines
from tests.kits import measures
from tests.kits.measures import Figure, at_most
from tests.kits.questions import MODELS, learn

MARK = "politiques"
POLICIES, CLAUSES = 30, 100  # clauses of each
TURNS = 3  # of each question; the best counts, in the processor's time
LONGEST = 900.0  # seconds for one case
SLOWER, HEAVIER = 2.0, 80.0  # times, MB
MEGA = 1_000_000
ASKED = 40  # questions on the policies made up


def _list(written: str) -> list[str]:
    """Return what is written between semicolons."""
    return [each for each in written.replace("\n", "").split(";") if each]


_WHO = _list("""
comité;conseil;bureau;secrétariat;trésorier;présidence;membre;équipe;atelier;club;jury;
gardien;animatrice;bénévole;visiteur;locataire;voisine;juge;capitaine;bibliothécaire;
""")
_DOES = _list("""
garde;remet;inscrit;range;prête;nettoie;vérifie;annonce;répare;compte;distribue;ferme;ouvre;
partage;conserve;transporte;surveille;peint;choisit;affiche;signe;rembourse;achète;vend;
""")
_WHAT = _list("""
clés;registres;chaises;bicyclettes;livres;outils;costumes;partitions;tentes;lanternes;
semences;cordes;ballons;archives;cartes;photos;casques;bottes;tables;instruments;uniformes;
paniers;rames;médailles;invitations;factures;échelles;rideaux;plantes;couvertures;
""")
_WHERE = _list("""
au gymnase;à la cuisine;dans le vestiaire;sous l'escalier;au grenier;dans la remise;
au jardin;à l'entrée;sur le quai;dans le couloir;au sous-sol;à la fontaine;
dans la salle bleue;au pavillon;près du poêle;derrière la scène;
""")
_WHEN = _list("""
chaque lundi;avant midi;après la fête;en hiver;le premier jour du mois;durant les vacances;
au printemps;à la fin de la saison;le soir;une fois par an;sans délai;dans les dix jours;
avant l'assemblée;pendant la récolte;à la rentrée;toutes les deux semaines;
""")
_WHY = _list("""
afin que chacun puisse s'en servir;sauf avis contraire;à moins d'une urgence;
avec l'accord d'un témoin;sans frais;contre un reçu;sur demande écrite;à tour de rôle;
en présence de deux personnes;aux conditions de l'année précédente;
""")


def name_of(number: int) -> str:
    """Return the id of the policy of that number, « r07 »."""
    return f"r{number:02}"


def written(number: int, clauses: int) -> str:
    """Return the Markdown of a policy of so many clauses, ten an article. The same number, the same text."""
    chance = Random(number)  # noqa: S311 — a choice of words, not a secret
    lines = []
    for at in range(clauses):
        article, place = divmod(at, 10)
        if place == 0:
            lines.append(f"## ARTICLE {article + 1} : {chance.choice(_WHAT).upper()}\n")
        sentences = (
            f"Le {chance.choice(_WHO)} {chance.choice(_DOES)} les {chance.choice(_WHAT)} "
            f"{chance.choice(_WHERE)} {chance.choice(_WHEN)}, {chance.choice(_WHY)}."
            for _ in range(chance.randint(1, 3))
        )
        lines.append(f"- {article + 1}.{place + 1} {' '.join(sentences)}\n")
    return "\n".join(lines)


def write_policies(data: Path, count: int, clauses: int) -> None:
    """Write so many policies of so many clauses each, under `data`, as an association's folder has them."""
    for number in range(1, count + 1):
        folder = data / "politique" / name_of(number)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "2020-01-01.md").write_text(written(number, clauses), encoding="utf-8")


def made_up_questions(count: int) -> list[str]:
    """Return so many questions with the words of the clauses: some are answered, and some are not."""
    chance = Random(0)  # noqa: S311 — as above
    shapes = (
        "qui {does} les {what} {where}?",
        "est-ce que le {who} {does} les {what} {when}?",
        "où sont les {what}?",
        "quand le {who} peut-il emprunter des {what} {where}",
    )
    return [
        chance.choice(shapes).format(
            who=chance.choice(_WHO), does=chance.choice(_DOES), what=chance.choice(_WHAT),
            where=chance.choice(_WHERE), when=chance.choice(_WHEN),
        )
        for _ in range(count)
    ]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Case:
    """What a bot with so many policies takes: milliseconds for a question, and resident MB at the end."""

    mean: float
    p95: float
    memory: float


def measure(count: int, default: str) -> Case:
    """Measure a bot with so many policies here: best called in a process of its own, for its memory."""
    lines = [line.question for line in engines.set_aside()][:ASKED] if default == "pa20" else []
    questions = [*lines, *made_up_questions(ASKED)]
    with TemporaryDirectory() as folder:
        data = Path(folder)
        write_policies(data, count - (default == "pa20"), CLAUSES)
        parts = Parts(Settings.model_validate({"vigie_data": folder, "vigie_politique": default}))
        parts.library = loading.load_library(parts.folders, default, parts.today)
        parts.shelf = ModelShelf(parts.folders, MODELS)
        assert len(parts.library.policies) == count
        for policy in parts.library.policies.values():
            version = policy.versions[-1]
            if not parts.shelf.prepare(version):
                parts.shelf.read(version)
        with rehearsing(parts, None) as begin:
            for question in questions:
                begin()(question)
            best = [min(_milliseconds(begin, question) for _ in range(TURNS)) for question in questions]
        memory = psutil.Process().memory_info().rss / MEGA
    return Case(mean(best), sorted(best)[int(len(best) * 0.95)], memory)


def _milliseconds(begin: Callable[[], Conversation], question: str) -> float:
    decide = begin()
    began = thread_time()
    decide(question)
    return (thread_time() - began) * 1_000


def apart(count: int, default: str) -> Case:
    """Measure one case in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.on_policies", "--un", str(count), default],
        capture_output=True,
        check=True,
        encoding="utf-8",
        timeout=LONGEST,
        env=os.environ | {"OPENBLAS_NUM_THREADS": "1", "PYTHONUTF8": "1"},
    )
    return Case(**json.loads(done.stdout))


def figures_of(name: str, alone: Case, together: Case) -> list[Figure]:
    """Return the figures of one policy beside those of thirty, and what must not be exceeded."""
    return [
        Figure(f"{name}, seule\u00a0: une question", alone.mean, unit="ms"),
        Figure(f"{name}, parmi {POLICIES}\u00a0: une question", together.mean, unit="ms"),
        Figure(f"{name}, parmi {POLICIES}\u00a0: fois ce temps", together.mean / alone.mean, at_most(SLOWER)),
        Figure(f"{name}, parmi {POLICIES}\u00a0: p95", together.p95, unit="ms"),
        Figure(
            f"{name}, parmi {POLICIES}\u00a0: mémoire de plus",
            together.memory - alone.memory,
            at_most(HEAVIER),
            unit="Mo",
        ),
    ]


@click.command(help="Mesurer une question avec une politique, puis avec trente.")
@click.option("--ecrire", is_flag=True, help="Mettre le tableau dans docs/mesures.md.")
@click.option("--un", type=(int, str), hidden=True)
def main(*, ecrire: bool, un: tuple[int, str] | None) -> None:
    """Measure, print, and judge."""
    if un:
        click.echo(json.dumps(asdict(measure(*un))))
        return
    learn()
    began = perf_counter()
    cases = {"La PA20 et sa banque": "pa20", "Une politique sans banque": name_of(1)}
    figures = [
        figure
        for name, default in cases.items()
        for figure in figures_of(name, apart(1, default), apart(POLICIES, default))
    ]
    command = "python -m tests.bench.on_policies"
    raise SystemExit(measures.told(figures, command, perf_counter() - began, MARK if ecrire else None))


if __name__ == "__main__":
    main()
