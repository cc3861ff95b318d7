# Row 33: the workspace is addressed by its region's name, which is public for
# everybody, instead of the one with its GUID.
command=dns
row=33
want_first=dns-regional-name
want_status=1
break_it() { DNS_ARGS+=(--expect private "$REGION.api.azureml.ms"); }
