"""Tools for text as people type it: spelling, language detection, dates, masking of personal details.

In: a text. Out: the corrected text, the masked text, its language, the day that it means, or the positions
of personal details.
"""
