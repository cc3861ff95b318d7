# Row 19: a policy made the workspace's API zone and knew nothing of the other
# one: api.azureml.ms is private, notebooks are public, at Azure DNS as well.
command=dns
row=19
touches='notebooks'
want_first=dns-workspace-zone-missing
want_status=1
break_it() { zone_unlink privatelink.notebooks.azure.net; }
