"""What master and worker say to each other: the channel, its messages, the scoreboard."""
