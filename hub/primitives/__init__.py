"""Building blocks that know nothing of the hub: time, secrets, tasks, caches, limiters."""
