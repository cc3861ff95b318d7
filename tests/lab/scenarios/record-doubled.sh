# Two A records for the blob, one of an endpoint that is long gone: every other
# connection of an application hangs.
want_status=1
want_findings=dns-record-doubled
plan_packets='host 10.20.2.29 and tcp port 443'
break_it() {
  record_add private privatelink.blob.core.windows.net stlab "A 10.20.2.29"
  router_rule ip daddr 10.20.2.29 drop
}
