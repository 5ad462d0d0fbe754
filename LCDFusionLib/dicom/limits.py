"""What numbers of an image's geometry can be at all: wide enough for mice and for whole tables, narrow enough to see damage."""

LEAST_MM = 1e-3
"""Between pixels or slices: a tenth of what the finest animal scanner does."""

MOST_MM = 100.0
"""Between pixels."""

MOST_APART_MM = 500.0
"""Between slices."""

MOST_POSITION_MM = 1e5
"""From a frame of reference's origin, which may lie anywhere in the room."""

MOST_PIXELS = 65535
"""Rows or Columns (US)."""
