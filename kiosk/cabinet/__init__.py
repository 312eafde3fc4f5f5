"""The virtual cabinet: steel doors, boards and badge readers to try a bridge on, without steel.

Its boards are written from the public frames, independently of ``lockers.drivers``: one
mistake must not hide on both ends of the wire. Edge code: no Django.
"""
