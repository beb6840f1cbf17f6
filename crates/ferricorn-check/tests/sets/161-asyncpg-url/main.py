from db import engine
from fastapi import FastAPI

NAME = engine.name

app = FastAPI()


@app.get("/healthz")
async def healthz():
    return {"ok": True}
