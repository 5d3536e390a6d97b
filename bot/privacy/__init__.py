"""What is held about a person, and the register of incidents (Québec's Law 25).

In: a person, or the day of a nightly clean-up. Out: everything held about them, to read, take away or erase;
certificates of what was destroyed.
"""
