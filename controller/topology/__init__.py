"""The networkx graph of switches and links; planes and routes."""
