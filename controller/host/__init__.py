"""What runs on a multi-service host, configured over netlink with pyroute2."""
