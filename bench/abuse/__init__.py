"""What a client that abuses the hub costs another user: the time of that user's calls, quiet and under each abuse."""
