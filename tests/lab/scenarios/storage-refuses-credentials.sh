# Storage refuses for want of rights (a code of its own), not because of the
# network as in network-denied: the path is right, and nothing is wrong with it.
want_status=0
want_findings=''
break_it() {
  sed -i -e 's/NoAuthenticationInformation/AuthorizationPermissionMismatch/g' -e 's/return 401/return 403/' "$FRONTS"/pe/blob.conf
}
