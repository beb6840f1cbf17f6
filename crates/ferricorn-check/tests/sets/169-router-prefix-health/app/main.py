from fastapi import FastAPI

from app.api.routes import api_router

PREFIX = "/api/v1"

app = FastAPI()
app.include_router(api_router, prefix=PREFIX)
