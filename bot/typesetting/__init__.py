"""Typeset pages, drawn pictures and cleaned images, each made in a separate process.

In: a template and its data, or the bytes of an untrusted image. Out: PDF, PNG or JPEG bytes.
"""
