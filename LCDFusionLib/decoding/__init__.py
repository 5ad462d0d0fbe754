"""Decoders of others, in C and C++, each in a process of its own: a damaged file may bring that down, and nothing else.

The rooms that read files look at a header themselves first, and hand a file over by its path; numbers come back.
"""

from .decoder import Decoder, DecodingError

__all__ = ["Decoder", "DecodingError"]
