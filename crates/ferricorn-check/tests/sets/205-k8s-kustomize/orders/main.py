from fastapi import FastAPI

from orders import health

app = FastAPI(title="orders")
app.include_router(health.router)
