# The front end of the vault presents a certificate that ended in 2023.
want_status=1
want_findings=tls-expired
break_it() { front -c expired pe vault vault 10.20.2.9; }
