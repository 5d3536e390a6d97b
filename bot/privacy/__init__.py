"""What is held about a person, and the register of incidents (Québec's Law 25).

In: a person. Out: everything held about them, as they may read, take away or erase it.
"""
