"""A FastAPI application: what a server's cost looks like beside a framework's."""

import os

from fastapi import FastAPI
from fastapi.responses import PlainTextResponse

app = FastAPI()


@app.get("/")
async def home() -> dict[str, str]:
    """Greets."""
    return {"message": "Hello, world!"}


@app.get("/pid")
async def pid() -> PlainTextResponse:
    """Tells which worker it is, so that the bench can spread its connections evenly."""
    return PlainTextResponse(str(os.getpid()))
