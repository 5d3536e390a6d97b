"""The register of attestations: chained, signed, and the receipts made from it.

In: who attests what, and when. Out: entries that cannot be changed unseen, and receipts anyone can verify.
"""
