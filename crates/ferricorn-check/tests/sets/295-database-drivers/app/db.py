import os

from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine

url = os.environ["DB_URL"]
options = {"pool_pre_ping": True}

engine = create_async_engine(url, **options)
sessions = async_sessionmaker(engine)
