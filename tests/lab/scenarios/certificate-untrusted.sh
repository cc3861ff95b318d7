# One service alone presents a certificate of an unknown CA, with the right
# name: untrusted. For "intercepted" one host proves too little.
want_status=1
want_findings=tls-untrusted
break_it() { front -c inspected pe vault vault 10.20.2.9; }
