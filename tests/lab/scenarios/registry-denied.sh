# The registry's firewall refuses this machine's own address: it was asked
# directly, no device in between. A plain refusal, with the address it quotes.
want_status=1
want_findings=http-network-denied
break_it() { front -a deny pe registry registry 10.20.2.10; }
