class Defaults:
    workers = 9
    timeout = 99


class Production(Defaults):
    workers = 5


workers = Production.workers
timeout = Production.timeout
