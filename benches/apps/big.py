"""A FastAPI application of some size: what loading an application once saves."""

import gc
import os

from fastapi import FastAPI
from fastapi.responses import PlainTextResponse
from pydantic import BaseModel, create_model

ROUTES = 150

app = FastAPI()


def _add(number: int) -> None:
    model: type[BaseModel] = create_model(f"Item{number}", name=(str, ...), size=(int, 1))

    @app.get(f"/items{number}")
    async def show(size: int = 1) -> dict[str, int]:
        return {"size": size}

    @app.post(f"/items{number}")
    async def make(item: model) -> dict[str, str]:  # type: ignore[valid-type]
        return {"made": repr(item)}


for _number in range(ROUTES):
    _add(_number)


@app.get("/")
async def home() -> dict[str, str]:
    """Greets."""
    return {"message": "Hello, world!"}


@app.get("/pid")
async def pid() -> PlainTextResponse:
    """Tells which worker it is, so that the bench can spread its connections evenly."""
    return PlainTextResponse(str(os.getpid()))


@app.get("/collect")
async def collect() -> PlainTextResponse:
    """Looks at every object that the collector knows, as each process does in time; tells which worker it is."""
    gc.collect()
    return PlainTextResponse(str(os.getpid()))
