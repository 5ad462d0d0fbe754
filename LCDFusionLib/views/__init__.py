"""Slice views on MRML: how they are arranged, what they show together at one place, what is written in them. Same needs as `mrml`."""
