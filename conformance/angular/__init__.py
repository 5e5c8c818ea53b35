"""Applications of many versions of Angular, compiled ahead of time and driven in Chromium behind the hub."""
