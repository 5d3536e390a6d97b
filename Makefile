# Les deux commandes à connaître : « make demo » et « make test ». « make help » donne les autres.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header

PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
DEBIAN := Sur Debian ou Ubuntu : sudo apt install git make python3-venv, puis relancez make $(MAKECMDGOALS).
UNREACHED = echo "L'installation s'est arrêtée (la raison est au-dessus). Vérifiez l'accès à Internet et l'espace \
libre, puis relancez make $(MAKECMDGOALS) : ce qui est fait n'est pas refait."; exit 1

.DEFAULT_GOAL := help
.PHONY: help demo install test check format lock locale site pages bench publication study outlines torture torture-revision torture-reports torture-permissions leaks mutants soak attaque deploiement release release-check clean

help:  ## Cette liste
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

# Ce qui manque se dit en une ligne, avec la commande à taper. « pip » plutôt que « python » : un environnement
# commencé sans « python3-venv » a le second et non le premier, et se refait.
$(BIN)/pip:
	@command -v $(PYTHON) >/dev/null || { echo "Il manque Python 3.11 ou plus récent. $(DEBIAN)"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Il faut Python 3.11 ou plus récent. Essayez : make $(MAKECMDGOALS) PYTHON=python3.13"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "Il manque python3-venv. $(DEBIAN)"; exit 1; }
	@$(PYTHON) -m venv --clear $(VENV) || { rm -rf $(VENV); echo "$(VENV) ne se crée pas. $(DEBIAN)"; exit 1; }

$(VENV)/.runs: requirements.lock pyproject.toml | $(BIN)/pip
	@echo "Installation de ce dont Vigie a besoin (quelques minutes, la première fois)…"
	@$(PIP) --require-hashes -r requirements.lock || { $(UNREACHED); }
	@$(PIP) --quiet --no-deps -e . || { $(UNREACHED); }
	@touch $@

$(VENV)/.tests: requirements-dev.lock $(VENV)/.runs
	@$(PIP) --require-hashes -r requirements-dev.lock || { $(UNREACHED); }
	@touch $@

# Ce que la version porte de questions apprises, refait quand une banque a changé. Sans lui, le robot apprend à son
# démarrage, et répond par le texte seul d'ici là.
LEARN := env -i PATH="$$PATH" HOME="$$HOME" LANG=C.UTF-8 $(BIN)/vigie --essai --reglages /dev/null apprendre --livrer

install: $(VENV)/.runs  ## Installer ce qu'il faut pour faire marcher Vigie, et apprendre les questions
	@$(LEARN) || echo "Vigie marche, et réessaiera à son démarrage."
	@echo "Vigie est installée. Ensuite : $(BIN)/vigie installer"

data/modeles: | $(VENV)/.runs
	@$(LEARN) || echo "Vigie marche, et réessaiera à son démarrage."

demo: $(VENV)/.runs | data/modeles  ## Ouvrir le bac à sable sur la vraie PA20 (PORT=… pour en choisir le port; aucun jeton n'est lu)
	@env -i PATH="$$PATH" HOME="$$HOME" LANG=C.UTF-8 $(BIN)/vigie --reglages /dev/null servir \
	  $(if $(PORT),--port $(PORT))

test: $(VENV)/.tests system install  ## Installer ce que les essais demandent, puis les passer tous
# Ce qui est compilé ressert la fois suivante, même si l'environnement dit de n'en rien garder.
	PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -n 2 --dist loadfile

.PHONY: system
system:  ## Chromium, pdftotext, Caddy et nginx, s'ils manquent
	@sh tests/install_system.sh
	@sh tests/deployment/fetch_tools.sh

check: $(VENV)/.tests  ## Style, types, règles d'importation, textes compilés
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/.tests  ## Mettre le code en forme
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

release: $(VENV)/.tests install  ## Bâtir dans dist/ le paquet, l'archive des sources, leurs composants et leurs empreintes
	@rm -rf dist
	SOURCE_DATE_EPOCH=$$(git log -1 --format=%ct) $(BIN)/hatchling build --directory dist
	$(BIN)/python -m tests.release.components dist
	cd dist && sha256sum vigie-* > SHA256SUMS

release-check: release  ## Installer ce que « make release » a bâti par pip, pipx et uv, hors de tout dépôt, et s'en servir
	$(BIN)/python -m tests.release.install dist

lock: $(VENV)/.tests  ## Refaire les listes de dépendances, empreintes comprises
	$(COMPILE) pyproject.toml -o requirements.lock
	$(COMPILE) pyproject.toml --extra mcp -c requirements.lock -o requirements-mcp.lock
	$(COMPILE) pyproject.toml --extra mcp --group dev -c requirements-mcp.lock -o requirements-dev.lock
	$(COMPILE) pyproject.toml --group training -c requirements.lock -o requirements-training.lock

locale: $(VENV)/.tests  ## Compiler les textes de la ligne de commande
	$(BIN)/pybabel compile -d bot/cli/locale -l fr -D messages

site: $(VENV)/.tests  ## Construire le site de docs/ dans build/site, sans réseau; un avertissement est une erreur
	@$(BIN)/python -m tests.site.build
	@echo "Ouvrez build/site/index.html. Pour y chercher aussi : $(BIN)/python -m http.server -b 127.0.0.1 -d build/site"

pages: $(VENV)/.tests system  ## Refaire ce que docs/ tient du programme : commandes, réglages, messages, tables, images
	$(BIN)/python -m tests.site --ecrire
	$(BIN)/python -m tests.browser.pictures

# Avec « --ecrire », chacun de ceux-ci met ses chiffres dans docs/mesures.md.

bench: $(VENV)/.tests  ## Comparer Vigie aux bibliothèques nues
	$(BIN)/python -m tests.bench
	$(BIN)/python -m tests.bench.start.parts
	$(BIN)/python -m tests.bench.crowd
	$(BIN)/python -m tests.bench.on_questions
	$(BIN)/python -m tests.bench.instances
	$(BIN)/python -m tests.bench.training
	$(BIN)/python -m tests.bench.on_policies

publication: $(VENV)/.tests  ## Mesurer la publication de trente politiques de cent dispositions en cinq versions
	$(BIN)/python -m tests.publication.bench

soak: $(VENV)/.tests  ## Tenir le robot occupé dix minutes à dix fois son heure la plus chargée
	$(BIN)/python -m tests.bench.soak

study: $(VENV)/.tests  ## Refaire les mesures de docs/questions.md
	$(BIN)/python -m tests.study --ecrire

outlines: $(VENV)/.tests  ## Mesurer ce qui se lit dans les documents d'autres associations, s'ils sont à côté du dépôt
	$(BIN)/python -m tests.outlines

torture: $(VENV)/.tests  ## Tuer le robot mille fois, remplir son disque, dérégler son horloge, puis compter
	$(BIN)/python -m tests.torture

torture-reports: $(VENV)/.tests  ## Tuer le robot mille fois pendant qu'il reçoit et annonce des signalements
	$(BIN)/python -m tests.torture.reports

torture-permissions: $(VENV)/.tests  ## Tuer le robot mille fois pendant qu'on demande des autorisations et qu'on en décide
	$(BIN)/python -m tests.torture.permissions

torture-revision: $(VENV)/.tests  ## Annoncer une révision à 500 personnes en tuant le robot 200 fois, puis compter
	$(BIN)/python -m tests.torture.revision

leaks: $(VENV)/.tests  ## Recevoir mille signalements pendant que tout se brise, puis chercher partout qui les a faits, et quand
	$(BIN)/python -m tests.leaks
	$(BIN)/python -m tests.leaks.clock

mutants: $(VENV)/.tests  ## Changer le programme en 300 endroits tirés au hasard, et compter ce qu'un essai remarque
	$(BIN)/python -m tests.mutants

attaque: $(VENV)/.tests  ## Mener contre le robot toutes les attaques qui ont une fin, en dix minutes
	$(BIN)/python -m tests.attacks

deploiement: $(VENV)/.tests  ## Essayer les unités de systemd, les mandataires et le conteneur (un quart d'heure)
	@sh tests/deployment/fetch_tools.sh
	$(BIN)/python -m pytest tests/deployment
	$(BIN)/python -m tests.deployment.confined -m pytest -p no:cacheprovider \
	  tests/typesetting tests/revision tests/answers/test_store.py tests/app/test_failed_trainings.py
	$(BIN)/python -m tests.deployment.container

clean:  ## Tout enlever, sauf les données
	rm -rf $(VENV) data/modeles dist .cache .mypy_cache .pytest_cache .ruff_cache .hypothesis
