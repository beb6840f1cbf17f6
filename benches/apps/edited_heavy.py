"""A FastAPI application that imports much, and is saved again and again; it answers with the number of its save."""

import contextlib
import importlib

from fastapi import FastAPI
from fastapi.responses import PlainTextResponse
from pydantic import BaseModel

SAVE = 0

PACKAGES = (
    "asyncio.subprocess concurrent.futures.process doctest ftplib http.cookiejar logging.config pydoc"
    " multiprocessing.managers sqlite3 statistics unittest.mock wsgiref.simple_server xml.dom.minidom xmlrpc.client"
    " fastapi.openapi.docs granian h2.connection hypercorn.asyncio opentelemetry.metrics opentelemetry.trace yaml"
    " pip._internal.cli.main pip._internal.commands.install"
    " pandas sqlalchemy redis sentry_sdk prometheus_client"
)
"""What large applications import. The environment of the bench has not all of them: the last line is for a trial."""

for package in PACKAGES.split():
    with contextlib.suppress(ModuleNotFoundError):
        importlib.import_module(package)


class Item(BaseModel):
    """Something that a route takes and gives."""

    name: str
    price: float


app = FastAPI()


@app.get("/")
async def home() -> PlainTextResponse:
    """Tells which save serves."""
    return PlainTextResponse(str(SAVE))


@app.post("/items/{number}")
async def store(number: int, item: Item) -> Item:
    """Gives the item back."""
    return item
