"""Figures about reports in bands of five, their weekly digest, and the export of a case as a PDF."""
