class Settings:
    max_jobs = 4
