# The private endpoint was made anew, the blob record still has its old
# address, which now belongs to the vault: private, answers, wrong certificate.
want_status=1
want_findings=tls-name-mismatch
break_it() { record_set private privatelink.blob.core.windows.net stlab "A 10.20.2.9"; }
