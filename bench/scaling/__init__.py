"""Capacity planning: what so many users ask of hubs and Redis, by formulas that a simulation checks."""
