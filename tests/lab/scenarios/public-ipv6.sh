# Somebody wrote the stamp's public AAAA beside the private A: dual-stack
# clients leave by IPv6.
want_status=1
want_findings=dns-ipv6-public
break_it() { record_add private privatelink.blob.core.windows.net stlab "AAAA 2001:db8:20::20"; }
