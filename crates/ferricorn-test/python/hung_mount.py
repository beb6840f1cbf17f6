"""A file system that never answers: whoever looks at a file of it waits in the kernel, where not even SIGKILL ends it.

Speaks the least of the FUSE protocol (`linux/fuse.h`): it answers the greeting, reads every request after it, and
answers none. A request that was read is waited for whatever signals come. It lasts until standard input ends.
"""

import ctypes
import os
import struct
import sys
import threading

INIT = 26
HEADER = struct.Struct("<IIQ")
"""Length, operation, number of the request."""


def mount(device: int, folder: str) -> None:
    """Raises `OSError` where that is not allowed."""
    libc = ctypes.CDLL(None, use_errno=True)
    options = f"fd={device},rootmode=40000,user_id=0,group_id=0,allow_other"
    if libc.mount(b"hung", folder.encode(), b"fuse", 0, options.encode()):
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def greeting(request: int) -> bytes:
    """Version 7.31, and limits that do not matter."""
    body = struct.pack("<IIIIHHIIHHII24x", 7, 31, 65536, 0, 12, 9, 65536, 1, 0, 0, 0, 0)
    return struct.pack("<IiQ", 16 + len(body), 0, request) + body


def leave() -> None:
    """Waits for the end of standard input. The kernel then answers every request with an error."""
    sys.stdin.read()
    os._exit(0)


device = os.open("/dev/fuse", os.O_RDWR)
mount(device, sys.argv[1])
threading.Thread(target=leave, daemon=True).start()
while True:
    packet = os.read(device, 1 << 20)
    _length, operation, request = HEADER.unpack_from(packet)
    if operation == INIT:
        os.write(device, greeting(request))
        print("mounted", flush=True)
