workers = 2.5
