from fastapi import APIRouter, FastAPI

api = APIRouter(prefix="/api")


@api.get("/health")
async def health():
    return {}


def build() -> FastAPI:
    made = FastAPI(openapi_url=None)
    made.include_router(api)
    return made


app = build()
