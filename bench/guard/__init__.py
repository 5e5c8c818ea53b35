"""The cost of one request in things that can be counted, so that a regression shows on any machine, however busy it is."""
