# Row 20, the public form: the link falls back to the Internet, so the missing
# record of the data endpoint shows as its public address.
command=dns
row=20
touches='data'
want_first=dns-registry-data-missing
want_status=1
break_it() {
  record_set private privatelink.azurecr.io "crlab.$REGION.data" "CNAME eus-3-data.fe.azcr.io."
}
