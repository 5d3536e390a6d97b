"""Persons, their accounts, the roles they hold and the groups they are in.

In: accounts and groups, from the platforms and from the administration. Out: the person behind an account,
the holders of a role on a given day, the officers and employees.
"""
