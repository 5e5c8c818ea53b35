"""Processes, and thousands of sessions without a login: the basis of the scenarios of growth and of storms."""
