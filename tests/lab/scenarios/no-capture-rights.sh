# Without CAP_NET_RAW names and reach still work; whether something leaked
# nobody can say.
want_status=3
want_findings=capture-off
break_it() { CHECK_WRAP=(setpriv --bounding-set=-net_raw --inh-caps=-net_raw); }
