"""Who gets which door, under which policy, until when and why: pure, for the server and for the
simulation alike.
"""
