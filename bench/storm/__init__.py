"""Storms: ten thousand tokens expire at once, or two thousand channels lose their node."""
