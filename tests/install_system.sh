#!/bin/sh
# Install what the tests need of the system, when it is missing and we may: Chromium for the sandbox,
# pdftotext for the receipts. A test that lacks it says so aloud.
missing=""
command -v chromium >/dev/null 2>&1 || missing="chromium"
command -v pdftotext >/dev/null 2>&1 || missing="$missing poppler-utils"
[ -n "$missing" ] || exit 0
command -v apt-get >/dev/null 2>&1 || exit 0
as_root=""
[ "$(id -u)" = 0 ] || { command -v sudo >/dev/null 2>&1 || exit 0; as_root="sudo -n"; }
echo "Installation de ce qui manque au système, une fois :$missing"
# shellcheck disable=SC2086 — the names are words of ours
$as_root apt-get update -qq >/dev/null && $as_root apt-get install -y -qq $missing >/dev/null
exit 0
