"""Persons, their accounts, the roles they hold and the groups they are in.

In: accounts and groups, as platforms tell of them and as the administration enters them. Out: the person
behind an account, the holders of a role on a day, the officers and employees.
"""
