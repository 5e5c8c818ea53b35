"""The mask of WebSocket frames (RFC 6455 section 5.3), behind one function. Pure.

`apply_mask` returns `data` with a mask of 4 bytes applied, or removed: both are the same operation.
"""

__all__ = ["apply_mask", "mask_in_python"]

try:
    from tornado.speedups import websocket_mask as apply_mask  # machine code, which not every build of Tornado has
except ImportError:

    def apply_mask(mask: bytes, data: bytes) -> bytes:
        """Apply a mask of 4 bytes without machine code."""
        return mask_in_python(mask, data)


_XOR = [bytes(byte ^ key for byte in range(256)) for key in range(256)]  # for each byte of a mask the table that applies it


def mask_in_python(mask: bytes, data: bytes) -> bytes:
    """Apply a mask of 4 bytes in four passes over the data."""
    masked = bytearray(data)
    for offset, key in enumerate(mask):
        masked[offset::4] = masked[offset::4].translate(_XOR[key])
    return bytes(masked)
