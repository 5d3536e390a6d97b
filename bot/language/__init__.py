"""French as people write it: spelling, which language, and personal details masked.

In: a text. Out: the same text corrected or masked, or what was found in it.
"""
