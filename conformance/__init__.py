"""Foreign suites against the hub. They need what CI does not have; what they cover is tested in `tests` as well."""
