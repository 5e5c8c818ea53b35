"""Building blocks that are independent of the rest of the hub: time, secrets, tasks, caches, limiters."""
