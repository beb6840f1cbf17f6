"""FastAPI with one of each kind: a quick answer, a slow one, a stream, a WebSocket, and a mistake."""

import asyncio
import logging
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from typing import Annotated

from fastapi import FastAPI, Query, WebSocket, WebSocketDisconnect
from fastapi.responses import StreamingResponse

logger = logging.getLogger("uvicorn.error")

Seconds = Annotated[float, Query(ge=0, le=3600)]


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """What is opened here is closed when the worker stops, after its last response."""
    logger.info("Example started")
    yield
    logger.info("Example stopped")


app = FastAPI(title="ferricorn example", lifespan=lifespan)


@app.get("/")
async def home() -> dict[str, str | int]:
    """Greets, and tells which worker answered."""
    return {"message": "Hello from FastAPI", "pid": os.getpid()}


@app.get("/health")
async def health() -> dict[str, str]:
    """For load balancers and platforms."""
    return {"status": "healthy"}


@app.get("/slow")
async def slow(seconds: Seconds = 1.0) -> dict[str, float]:
    """Takes its time, while the worker goes on serving others."""
    await asyncio.sleep(seconds)
    return {"seconds": seconds}


@app.get("/block")
async def block(seconds: Seconds = 60.0) -> dict[str, float]:
    """The mistake: `time.sleep` in an `async def` stops the whole worker. `--timeout` is what replaces it."""
    time.sleep(seconds)
    return {"seconds": seconds}


@app.get("/stream")
async def stream(
    chunks: Annotated[int, Query(ge=0)] = 0, pause: Annotated[float, Query(ge=0, le=60)] = 0.1
) -> StreamingResponse:
    """Sends `chunks` numbered lines, `pause` seconds apart; 0 chunks means without end."""

    async def lines() -> AsyncIterator[str]:
        for number in range(chunks) if chunks else count():
            yield f"chunk {number}\n"
            await asyncio.sleep(pause)

    return StreamingResponse(lines(), media_type="text/plain")


@app.websocket("/ws")
async def echo(websocket: WebSocket) -> None:
    """Sends every text back."""
    await websocket.accept()
    try:
        async for text in websocket.iter_text():
            await websocket.send_text(text)
    except WebSocketDisconnect:
        logger.debug("the client of /ws has gone")
