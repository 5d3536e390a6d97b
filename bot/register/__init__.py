"""The register: a signed chain of attestations and one of certificates, and the PDF that proves an entry.

In: a person's attestation that they read a text; a permission that is granted, withdrawn or ended.
Out: entries whose alteration is detected, and PDF pages that anyone can verify.
"""
