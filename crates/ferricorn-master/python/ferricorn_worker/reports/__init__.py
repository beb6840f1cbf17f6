"""What a worker says about itself: its requests in flight, and where it stands still."""
