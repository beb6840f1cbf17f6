"""A FastAPI application of some size: what loading an application once saves."""

import gc

from fast import app, pid
from fastapi.responses import PlainTextResponse
from pydantic import BaseModel, create_model

ROUTES = 150


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


@app.get("/collect")
async def collect() -> PlainTextResponse:
    """Looks at every object that the collector knows, as each process does in time; tells which worker it is."""
    gc.collect()
    return await pid()
