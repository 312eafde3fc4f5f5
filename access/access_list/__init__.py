"""The access list of a bridge: what stands in it, its proof, and what it lets be opened.

Pure; edge code: no Django. Server and bridge use the same.
"""
