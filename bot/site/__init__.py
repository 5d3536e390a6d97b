"""The public site: the policies that the profile calls public, as plain files that any host can serve.

In: texts, versions, identities and the day. Out: pages, data, feeds and search indexes, as bytes by path.
"""
