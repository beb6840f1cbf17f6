"""Starlette with lifespan state: what the start-up opens, every request finds in `request.state`."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from typing import TypedDict

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route


class Catalogue:
    """Stands for what is expensive to open: a pool of connections, a model, a cache."""

    def __init__(self, titles: list[str]) -> None:
        self._titles = titles
        self._lookups = count(1)

    def find(self, number: int) -> tuple[str, int]:
        """The title with this number (it wraps round), and how many lookups this worker has made."""
        return self._titles[number % len(self._titles)], next(self._lookups)

    def close(self) -> None:
        """Gives back what was opened."""
        self._titles.clear()


class State(TypedDict):
    """What the lifespan hands to the requests."""

    catalogue: Catalogue


@asynccontextmanager
async def lifespan(app: Starlette) -> AsyncIterator[State]:
    """Runs once in every worker: before its first request and after its last."""
    catalogue = Catalogue(["Emma", "Middlemarch", "Villette"])
    try:
        yield {"catalogue": catalogue}
    finally:
        catalogue.close()


async def book(request: Request) -> JSONResponse:
    """Looks a title up in the catalogue that the lifespan opened."""
    catalogue: Catalogue = request.state.catalogue
    title, lookups = catalogue.find(request.path_params["number"])
    return JSONResponse({"title": title, "lookups": lookups})


app = Starlette(routes=[Route("/books/{number:int}", book)], lifespan=lifespan)
