"""Tools for text as people type it: spelling, language detection, and masking of personal details.

In: a text. Out: the text corrected or masked, its language, or the places of personal details.
"""
