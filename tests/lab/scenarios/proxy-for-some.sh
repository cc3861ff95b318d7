# A proxy for both schemes, in the file that every login reads; no_proxy has
# storage and a prefix. Storage is exempt by its name; a prefix exempts no name,
# and not the metadata address either.
row=34
want_first=proxy-configured
want_status=0
want_findings='proxy-configured proxy-takes-metadata'
break_it() {
  printf '%s\n' 'http_proxy=http://10.20.9.9:3128' 'https_proxy="http://me:pw@10.20.9.9:3128"' \
    'no_proxy=.core.windows.net,10.20.0.0/16' >/etc/environment
}
