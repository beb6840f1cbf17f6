"""A small FastAPI application that is saved again and again; it answers with the number of its save."""

from fastapi import FastAPI
from fastapi.responses import PlainTextResponse

SAVE = 0

app = FastAPI()


@app.get("/")
async def home() -> PlainTextResponse:
    """Tells which save serves."""
    return PlainTextResponse(str(SAVE))
