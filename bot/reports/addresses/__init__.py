"""Conversion of pasted text to one canonical address per post, by the rules in `data/addresses.toml`.

Two reports are about the same post when their canonical addresses are equal.
"""
