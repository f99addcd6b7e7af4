"""OpenFlow bytes, the channel to the speaker, and OVSDB."""
