"""What happens when all do the same at once: ten thousand tokens that expire, two thousand channels that lose their node."""
