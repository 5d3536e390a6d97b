"""The register of attestations, a signed chain, and the receipts made from it.

In: a person who attests a text. Out: entries that cannot be changed unnoticed, and receipts that anyone can
verify.
"""
