"""Fuzzing of what reads the client's bytes. Each target is a plain function of bytes that raises if the hub is wrong.

`python -m fuzz NAME [SECONDS]` looks for new inputs with atheris; `tests/fuzz` replays those that are kept in `fuzz/corpus`.
"""
