"""The picture of it all: what the association did in a month or a year, from which no one can be guessed.

In: the tables of the rooms below. Out: a `Board` of figures, each a band of five, for a whole month or year.
"""
