"""As for `mrml`."""

from Testing.mrml.pairs import application, fuse_plainly, pair, sarcoma, tilted

__all__ = ["application", "fuse_plainly", "pair", "sarcoma", "tilted"]
