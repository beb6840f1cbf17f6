from pathlib import Path

base = Path("/var/log/shop")
accesslog = str(base / "access.log")
errorlog = str(base / "error.log")
pythonpath = ",".join(str(Path(name)) for name in ("lib", "src"))
