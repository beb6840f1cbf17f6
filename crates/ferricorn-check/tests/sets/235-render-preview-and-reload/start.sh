#!/bin/bash
set -e
alembic upgrade head
uvicorn wiki.main:app --host 0.0.0.0 --port "$PORT" --reload
