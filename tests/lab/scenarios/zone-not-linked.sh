# The private zone of blob storage exists, with its record, but is not linked to
# the VNet whose resolvers ask: alias to privatelink, then on to the stamp's
# public address (the most common mistake).
want_status=1
want_findings=dns-zone-not-linked
break_it() { zone_unlink privatelink.blob.core.windows.net; }
