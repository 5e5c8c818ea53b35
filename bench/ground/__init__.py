"""What the scenarios of growth and of storms stand on: processes, and sessions by the thousand that need no login."""
