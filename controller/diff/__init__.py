"""Program x program to a phased plan; pure."""
