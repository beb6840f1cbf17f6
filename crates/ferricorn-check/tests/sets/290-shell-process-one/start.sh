#!/bin/bash
set -e
alembic upgrade head

uvicorn main:app --host 0.0.0.0 --port "${PORT:-8000}"
