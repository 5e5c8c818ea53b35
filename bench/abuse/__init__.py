"""The cost of abuse for another user: the time of that user's calls, quiet and under each abuse."""
