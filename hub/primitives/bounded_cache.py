"""A bounded memory of what a pure function says about short texts that come again and again, such as names of header fields."""

from collections.abc import Callable
from typing import Generic, TypeVar

MOST = 1024
LONGEST = 1024  # characters; with as many texts as there may be, a megabyte

Value = TypeVar("Value")


class BoundedCache(dict[str, Value], Generic[Value]):
    """`remembered[text]` is what the function returns for the text.

    Nobody can fill the memory: when there are too many texts, it begins anew, and a long text is not kept.
    """

    def __init__(self, function: Callable[[str], Value], most: int = MOST) -> None:
        super().__init__()
        self._function = function
        self._most = most

    def __missing__(self, text: str) -> Value:
        value = self._function(text)
        if len(text) <= LONGEST:
            if len(self) >= self._most:
                self.clear()
            self[text] = value
        return value
