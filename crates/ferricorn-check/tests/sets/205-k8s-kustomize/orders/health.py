from fastapi import APIRouter

router = APIRouter(prefix="/health", tags=["health"])


@router.get("/live")
async def live():
    return {}


@router.get("/ready")
async def ready():
    return {}
