"""The register of attestations, a signed chain, and its receipts.

In: a person's attestation of a text. Out: tamper-evident entries, and receipts that anyone can verify.
"""
