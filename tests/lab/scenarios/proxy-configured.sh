# The environment names a proxy. vnetprobe does not use it, applications would:
# a warning, nothing else is wrong.
row=34
want_first=proxy-configured
want_status=0
want_findings=proxy-configured
break_it() { CHECK_WRAP=(env https_proxy=http://10.20.9.9:3128); }
