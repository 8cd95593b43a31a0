"""What recipes share that judge segments of log-mel frames: where these lie, the network, its storing."""
