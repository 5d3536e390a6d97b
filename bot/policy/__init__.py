"""The text of the policies: articles, references, search, annotations, and the only source of quotations.

In: Markdown files, approved texts, `annotations.toml`. Out: versions, clauses, quotations, comparisons.
"""
