"""What is measured of the running controller, for Prometheus."""
