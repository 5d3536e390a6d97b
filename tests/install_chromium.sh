#!/bin/sh
# Install the system's Chromium when it is missing and we may; the browser tests say aloud when it is not there.
command -v chromium >/dev/null 2>&1 && exit 0
command -v apt-get >/dev/null 2>&1 || exit 0
as_root=""
[ "$(id -u)" = 0 ] || { command -v sudo >/dev/null 2>&1 || exit 0; as_root="sudo -n"; }
echo "Installation de Chromium (une fois)…"
$as_root apt-get update -qq >/dev/null && $as_root apt-get install -y -qq chromium >/dev/null
exit 0
