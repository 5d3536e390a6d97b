"""The register of attestations, a signed chain, and its receipts.

In: a person's attestation that they read a text. Out: entries whose alteration is detected, and receipts that
anyone can verify.
"""
