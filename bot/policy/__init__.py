"""The text: articles, references, search, annotations, and the library that alone gives its words.

In: Markdown files and approved texts. Out: versions, clauses and quotations.
"""
