"""Volumes: windows, SUV ranges, resampling, colour. Nothing but NumPy and SimpleITK."""
