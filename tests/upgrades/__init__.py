"""What each release leaves in a database, which those after it must open: one folder a version.

A folder has `base.sql`, the database as text, and `cles/`, the keys made for it. At each release, before its
section of CHANGELOG.md is dated: `python -m tests.upgrades --ecrire`. A folder is never changed afterwards.
"""
