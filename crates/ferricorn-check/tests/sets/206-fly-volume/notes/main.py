from fastapi import FastAPI

from notes.db import engine

app = FastAPI()


@app.get("/healthz")
async def healthz():
    async with engine.connect():
        return {"status": "ok"}
