# resolv.conf names systemd-resolved's stub at 127.0.0.53: the servers behind it
# are asked as well, and the stub's own questions are nothing to complain about.
want_status=0
want_findings=''
twin=no # nothing is broken
setup() { stub_resolver; }
