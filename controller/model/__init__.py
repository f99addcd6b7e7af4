"""What the network is and must do: values only, standard library only."""
