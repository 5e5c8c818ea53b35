"""Looks at everything around a hub and says what is wrong, and how to mend it."""
