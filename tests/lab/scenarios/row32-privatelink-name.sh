# Row 32: a program was given the name in the private zone instead of the
# account's own. It resolves, privately even; no certificate has it.
command=dns
row=32
want_first=dns-privatelink-name
want_status=1
break_it() { DNS_ARGS+=(stlab.privatelink.blob.core.windows.net); }
