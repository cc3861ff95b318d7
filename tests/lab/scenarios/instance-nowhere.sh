# The compute instance was deleted: its name does not exist with either suffix,
# which is one finding about both.
command=dns
want_status=1
want_first=dns-name-unknown
want_count=1
break_it() { record_remove public instances.azureml.ms "ci-one.$REGION"; }
