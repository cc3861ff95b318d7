# Row 1. The private zone of blob storage exists, with its record, but is not
# linked to the VNet whose resolvers ask: alias, then the stamp's public address,
# and Azure DNS itself says the same.
command=dns
row=1
want_status=1
want_first=dns-zone-not-linked
touches='blob'
break_it() { zone_unlink privatelink.blob.core.windows.net; }
