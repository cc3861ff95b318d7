# Nobody listens at the registry's private endpoint: RST.
want_status=1
want_findings=tcp-refused
break_it() { front_remove pe registry; }
