"""What the lab and the tests share: a private Open vSwitch, hosts in namespaces, real probes."""
