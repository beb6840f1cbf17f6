from fastapi import APIRouter, FastAPI

from api.routes import health

v1 = APIRouter(prefix="/v1")
v1.include_router(health.router)

app = FastAPI()
app.include_router(v1)
