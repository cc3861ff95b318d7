# Correct design 2 in a spoke: the zones are linked to the hub, where the servers
# are. The spoke's own 168.63.129.16 answers publicly, and nobody asks it.
command=dns
twin=no # nothing is broken
setup() { LINKED_FROM=10.20.0.0/24; }
