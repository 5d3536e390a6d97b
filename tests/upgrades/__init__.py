"""What each release leaves in a database, which those after it must open: one folder a version.

A folder has `base.sql`, the database as text, `cles/`, the keys made for it, and `vu.json`, what someone is
answered. `avant-0.9.0` is of a program that has only the first tables. At each release, before its
section of CHANGELOG.md is dated: `python -m tests.upgrades --ecrire`. A folder is never changed afterwards.
"""
