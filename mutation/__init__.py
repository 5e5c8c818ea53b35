"""Mutation tests of the hub: small changes of its code, each judged by the tests that reach the changed line.

`python3 -m mutation` tells which changes no test notices. docs/testing.md says how to read the result, and why no ready-made
runner serves. The operators are those of mutmut, and a few more (`mutation.operators`).
"""
