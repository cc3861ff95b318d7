# The compute instance's name has the other suffix that documents have as well,
# and there it is public: no record of it leads to the workspace's endpoint. In
# the twin that name does not exist, which is told of and no failure.
command=dns
want_status=1
want_first=dns-no-private-endpoint
break_it() {
  public_zone instances.ml.azure.ms <<<"ci-one.$REGION CNAME vienna-$REGION.$REGION.cloudapp.azure.com."
}
