# The registry was deleted, or its name is mistyped in the configuration:
# NXDOMAIN without an alias, from the public zone. Its data endpoint has gone
# with it: the same finding for two targets.
want_status=1
want_findings=dns-name-unknown
break_it() {
  record_remove public azurecr.io crlab
  record_remove public azurecr.io "crlab.$REGION.data"
}
