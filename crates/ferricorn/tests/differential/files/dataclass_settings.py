from dataclasses import asdict, dataclass


@dataclass
class Settings:
    workers: int = 2
    timeout: int = 44
    loglevel: str = "error"


globals().update(asdict(Settings()))
