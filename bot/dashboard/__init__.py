"""The association's activity in a month or a year, as figures that reveal nobody.

In: the tables of other rooms. Out: a `Board` of figures for a whole month or year. Each figure is a band of
five numbers, such as « 5 à 9 ».
"""
