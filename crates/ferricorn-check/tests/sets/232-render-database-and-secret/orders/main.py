from fastapi import FastAPI

from .db import Session

app = FastAPI()


@app.get("/healthz")
async def healthz():
    async with Session():
        return {}
