from fastapi import FastAPI

app = FastAPI()


@app.get("/health")
async def healthz():
    return {"ok": True}
