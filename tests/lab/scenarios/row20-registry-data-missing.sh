# Row 20: the registry's login name has its record, the data endpoint's was
# forgotten: NXDOMAIN behind the alias, and pulls stall after the login.
command=dns
row=20
touches='data'
want_first=dns-registry-data-missing
want_status=1
break_it() { record_remove private privatelink.azurecr.io "crlab.$REGION.data"; }
