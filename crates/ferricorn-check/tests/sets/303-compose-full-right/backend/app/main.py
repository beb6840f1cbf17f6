from fastapi import APIRouter, FastAPI

router = APIRouter(prefix="/utils")


@router.get("/health-check/")
async def health() -> bool:
    return True


api = APIRouter()
api.include_router(router)
app = FastAPI(openapi_url="/api/v1/openapi.json")
app.include_router(api, prefix="/api/v1")
