"""Personal data, and the register of confidentiality incidents (Québec's Law 25).

In: a person, or the day of a nightly clean-up. Out: all data held about the person, to read, export or erase,
certificates of destruction, and a board of the people who may have something to do.
"""
