"""The mask of WebSocket frames (RFC 6455 section 5.3). Pure."""

SHORT_BYTES = 256  # up to here one operation on large integers costs less than four passes over the data
_XOR = [bytes(byte ^ key for byte in range(256)) for key in range(256)]  # for each byte of a mask the table that applies it


def apply_mask(mask: bytes, data: bytes) -> bytes:
    """Return `data` with a mask applied, or removed: both are the same operation.

    Parameters:
        mask: The masking key, 4 bytes.
    """
    size = len(data)
    if size <= SHORT_BYTES:
        key = (mask * ((size + 3) // 4))[:size]
        return (int.from_bytes(data, "little") ^ int.from_bytes(key, "little")).to_bytes(size, "little")
    masked = bytearray(data)
    masked[0::4] = masked[0::4].translate(_XOR[mask[0]])
    masked[1::4] = masked[1::4].translate(_XOR[mask[1]])
    masked[2::4] = masked[2::4].translate(_XOR[mask[2]])
    masked[3::4] = masked[3::4].translate(_XOR[mask[3]])
    return bytes(masked)
