"""Bulkhead: an SDN controller for hosts that run many services at once."""
