"""Persons, their accounts, the roles they hold and the groups they are in.

In: accounts and groups of the platforms. Out: who someone is, and what they may do today.
"""
