# Row 9. 168.63.129.16 is on the list of a machine that is not in Azure: no
# answer, and no packet back. (The twin is an Azure VM, where it answers.)
command=dns
row=9
want_status=1
want_first=dns-azure-unreachable
setup() {
  platform azure
  resolvers "$AZURE_DNS"
}
break_it() {
  platform other
  router_rule ip daddr "$AZURE_DNS" drop
}
