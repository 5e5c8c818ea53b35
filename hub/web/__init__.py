"""DOOR to the browser: Tornado adapters. Each reads a request, calls one service, and writes what it says."""
