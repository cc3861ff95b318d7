# systemd-resolved's stub before the two servers of the VNet.
command=dns
twin=no # nothing is broken
setup() { stub_resolver; }
