from fastapi import FastAPI

from app.db import engine

NAME = engine.name

app = FastAPI()


@app.get("/healthz")
async def healthz():
    return {"ok": True}
