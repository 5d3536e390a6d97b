"""Pages, pictures and cleaned images, each made in a process of its own.

In: a template and its data, or the bytes of an image from anyone. Out: PDF, PNG or JPEG bytes.
"""
