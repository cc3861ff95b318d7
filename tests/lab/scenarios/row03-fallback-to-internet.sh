# Row 3. The record is missing, but the link falls back to the Internet: the
# linked zone's own SOA is there at Azure DNS, and yet the alias leads on to the
# stamp's public address, NOERROR.
command=dns
row=3
want_status=1
want_first=dns-fallback-to-internet
touches='blob'
break_it() { record_falls_back privatelink.blob.core.windows.net stlab; }
