# The registry's login name is private, its data endpoint was forgotten: pulls
# stall after the login.
want_status=1
want_findings=dns-registry-data-missing
break_it() { record_remove private privatelink.azurecr.io "crlab.$REGION.data"; }
