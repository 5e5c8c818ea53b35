"""The life of a process: start, workers, signals, graceful shutdown, the private Redis."""
