"""Pages, pictures and cleaned images, each made in a process of its own.

In: a template and data, or an image. Out: PDF or PNG bytes.
"""
