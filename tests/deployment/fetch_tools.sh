#!/bin/sh
# Fetch what the tests of deploiement/ need from Debian's packages, without installing anything: each is
# unpacked in .cache/debian/root, and only if the system lacks it. A test that lacks one says so aloud.
has() { command -v "$1" >/dev/null 2>&1 || [ -x "/usr/sbin/$1" ] || [ -x "$root/usr/bin/$1" ] || [ -x "$root/usr/sbin/$1" ]; }
cd "$(dirname "$0")/../.." || exit 0
folder=.cache/debian
root="$folder/root"
missing=""
has nginx || missing="$missing nginx"
has caddy || missing="$missing caddy"
has systemd-analyze || missing="$missing systemd libsystemd-shared"
has debootstrap || missing="$missing debootstrap"
for name in promtool rclone restic; do has $name || missing="$missing $name"; done
[ -n "$missing" ] || exit 0
command -v apt-get >/dev/null 2>&1 || exit 0
echo "Téléchargement de paquets de Debian pour les essais, sans les installer :$missing"
mkdir -p "$root"
# shellcheck disable=SC2086 — the names are words of ours
(cd "$folder" && { apt-get download -qq $missing || { apt-get update -qq && apt-get download -qq $missing; }; }) \
  >/dev/null 2>&1
for package in "$folder"/*.deb; do
  [ -f "$package" ] && dpkg-deb --extract "$package" "$root" && rm "$package"
done
exit 0
