"""The doctor: checks the surroundings of a hub, and says what is wrong and how to fix it."""
