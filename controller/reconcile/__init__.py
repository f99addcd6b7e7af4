"""The loop that makes switches equal to the network, as a state machine without I/O."""
