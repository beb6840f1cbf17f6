"""What a worker reports about itself: its requests in flight, and where it hangs."""
