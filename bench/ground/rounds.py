"""A round in which callers take turns, however many they are."""

from collections import deque

from bench.rounds import Round, Send


class TurnsRound(Round):
    """Keeps a fixed number of requests under way, of callers in turn: each is asked before the first is asked again."""

    def __init__(self, *, requests: int, at_once: int) -> None:
        super().__init__(requests=requests)
        self._at_once = at_once
        self._idle: deque[Send] = deque()

    def ask(self, send: Send) -> None:
        """Ask for the next request of one caller; it comes when all others have had their turn."""
        self._idle.append(send)
        while self._idle and self._left > 0 and self._under_way < self._at_once:
            self._hand_out(self._idle.popleft(), self.now())
        if self._left <= 0:
            self._end()
