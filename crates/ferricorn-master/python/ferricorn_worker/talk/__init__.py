"""The messages between master and worker: the channel, its messages, the scoreboard."""
