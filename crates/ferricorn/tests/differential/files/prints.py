import json
import sys

workers = 3
print(json.dumps({"settings": [], "workers": 99}))
print("to standard error", file=sys.stderr)
sys.stdout.write("{}")
