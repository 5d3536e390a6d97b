#!/bin/sh
# Install what the tests need of the system, when it is missing and we may: Chromium for the sandbox, alone
# (« headless shell ») where the system has it so, pdftotext for the receipts. A test that lacks it says so
# aloud.
has() { command -v "$1" >/dev/null 2>&1; }
missing=""
has chromium-headless-shell || has chromium || missing="chromium"
has pdftotext || missing="$missing poppler-utils"
[ -n "$missing" ] || exit 0
has apt-get || exit 0
as_root=""
[ "$(id -u)" = 0 ] || { has sudo || exit 0; as_root="sudo -n"; }
echo "Installation de ce qui manque au système, une fois : $missing"
$as_root apt-get update -qq >/dev/null || exit 0
apt-cache show chromium-headless-shell >/dev/null 2>&1 &&
  missing=$(echo "$missing" | sed 's/^chromium/&-headless-shell/')
# shellcheck disable=SC2086 — the names are words of ours
$as_root apt-get install -y -qq $missing >/dev/null
exit 0
