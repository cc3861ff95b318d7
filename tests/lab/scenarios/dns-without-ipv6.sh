# A machine without IPv6: AAAA is asked for and there is none, nowhere.
command=dns
twin=no # nothing is broken
setup() {
  in_ns client sh -c 'for i in all default eth0; do
    echo 1 >/proc/sys/net/ipv6/conf/$i/disable_ipv6; done'
}
