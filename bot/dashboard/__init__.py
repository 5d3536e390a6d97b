"""The association's activity in a month or a year, as figures that reveal nobody.

In: the tables of the rooms below. Out: a `Board` of figures, each a band of five, for a whole month or year.
"""
