"""The ceremonies that a user sees: logging in, coming back, logging out."""
