"""The public site: the policies that the profile calls public, as plain files that any host can serve.

In: texts, versions, identities and today's date. Out: pages, data, feeds and search indexes, as bytes by
path. A provision is a clause or a part that contains clauses. Its identity stays the same when its number
changes (see `bot.policy.changes.identities`).
"""
