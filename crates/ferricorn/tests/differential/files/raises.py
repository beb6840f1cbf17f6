workers = 1 / 0
