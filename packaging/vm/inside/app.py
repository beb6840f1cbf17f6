"""The application of the checks, bare ASGI: the path says what to do, the query how much of it."""

import asyncio
import logging
import os
import time
from urllib.parse import parse_qs

HELD = []
if os.path.exists("/run/broken"):
    raise RuntimeError("this version is broken")


async def act(path, amount):
    if path == "/take":
        # Mebibytes, each page of them touched.
        HELD.append(bytearray(b"x" * (1 << 20) * int(amount)))
    elif path == "/slow":
        await asyncio.sleep(amount)
    elif path == "/block":
        time.sleep(amount)
    elif path == "/log":
        logging.getLogger("uvicorn.error").error("an error of the application")
    elif path == "/raise":
        raise ValueError("raised by the application")


async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        while (await receive())["type"] == "lifespan.startup":
            await asyncio.sleep(float(os.environ.get("BOOT", "0")))
            await send({"type": "lifespan.startup.complete"})
        # An end that takes longer than the timeout, for who asks for it.
        await asyncio.to_thread(time.sleep, float(os.environ.get("END", "0")))
        await send({"type": "lifespan.shutdown.complete"})
    elif scope["type"] == "http":
        query = parse_qs(scope["query_string"].decode())
        await act(scope["path"], float(query.get("n", ["1"])[0]))
        body = str(os.getpid()).encode()
        headers = [(b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})
