"""Outlines measured on real documents, which are kept beside the repository."""
