from fastapi import FastAPI

from src.models import Item

items = [Item()]

app = FastAPI()


@app.get("/healthz")
async def healthz():
    return {"ok": True}
