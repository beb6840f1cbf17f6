"""What is different in a worker whose application is being worked on; imported by no other."""
