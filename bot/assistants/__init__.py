"""The policies, served to AI assistants over the Model Context Protocol.

In: the library, and functions that answer a question and examine a text. Out: verified quotations, with their
version, force and dates. Requests are never stored, logged or learnt from.
"""
