"""The application of the platform examples: what a platform asks of a service, and nothing else."""

import os

from fastapi import FastAPI

app = FastAPI(title="shop")


@app.get("/")
async def home() -> dict[str, str | int]:
    """Greets, and tells which worker answered."""
    return {"message": "Hello from the shop", "pid": os.getpid()}


@app.get("/health")
async def health() -> dict[str, str]:
    """For the platform's health check."""
    return {"status": "healthy"}
