"""Tools for text as people type it: spelling, language detection, and masking of personal details.

In: a text. Out: the corrected text, the masked text, its language, or the positions of personal details.
"""
