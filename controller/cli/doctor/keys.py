"""What Open vSwitch's tools must show ``ssl:`` remotes."""

from __future__ import annotations

from controller.settings import Settings


def keys_for(remote: str, settings: Settings) -> list[str]:
    """The options that name our key, certificate and authority; none where no TLS is spoken."""
    if not remote.startswith("ssl:"):
        return []
    return [
        f"--private-key={settings.switch_tls_key}",
        f"--certificate={settings.switch_tls_cert}",
        f"--ca-cert={settings.switch_tls_ca}",
    ]
