/* What this machine's own files and variables say, and what becomes of it. */
#include "found.h"

#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#define GUID "3f8a2c1e-5b7d-4e9f-8a6b-1c2d3e4f5a6b"
#define SUB "00000000-0000-0000-0000-000000000001"
#define WS_ID                                                                  \
	"/subscriptions/" SUB "/resourceGroups/rg-lab/providers/"              \
	"Microsoft.MachineLearningServices/workspaces/mlw-lab"

static struct vp_discovery d;
static struct vp_found f;

static int setup(void **state)
{
	(void)state;
	memset(&d, 0, sizeof(d));
	f = (struct vp_found){ .arena = vp_arena_create(),
		               .out = &d,
		               .source = "test" };
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	vp_arena_destroy(f.arena);
	return 0;
}

/* "key=value;key=value(i);" of all that was found. */
static const char *all(void)
{
	char *text = vp_arena_strdup(f.arena, "");

	for (size_t i = 0; i < d.n_values; i++)
		text = vp_arena_printf(f.arena, "%s%s=%s%s;", text,
		                       d.values[i].key, d.values[i].value,
		                       d.values[i].inferred ? "(i)" : "");
	return text;
}

static void again(void)
{
	memset(&d, 0, sizeof(d));
}

static void test_values(void **state)
{
	static const struct {
		const char *key, *value, *want; /* want NULL: refused */
	} cases[] = {
		{ "cloud", "china", "china" },
		{ "cloud", "mars", NULL },
		{ "region", "West Europe", "westeurope" },
		{ "region", "eastus2", "eastus2" },
		{ "region", "east-us", NULL },
		{ "region", "abcdefghijabcdefghijabcdefghijabcdefghij",
		  "abcdefghijabcdefghijabcdefghijabcdefghij" },
		{ "region", "abcdefghijabcdefghijabcdefghijabcdefghijk", NULL },
		{ "workspace_id", "3F8A2C1E-5b7d-4e9f-8a6b-1c2d3e4f5a6b",
		  GUID },
		{ "workspace_id", "3f8a2c1e", NULL },
		{ "workspace", "mlw-lab_1.x(y)", "mlw-lab_1.x(y)" },
		{ "workspace", "a/b", NULL },
		{ "workspace", "a\nb", NULL },
		{ "workspace", "caf\xc3\xa9", NULL },
		{ "storage_account", "stlab", "stlab" },
		{ "storage_account", "st.z1.blob.storage.azure.net",
		  "st.z1.blob.storage.azure.net" },
		{ "storage_account", "st.evil.example", NULL },
		{ "notebook_fqdn", "Nb.eastus.notebooks.azure.net",
		  "nb.eastus.notebooks.azure.net" },
		{ "notebook_fqdn", "nb.evil.example", NULL },
		{ "notebook_fqdn", "notebooks.azure.net", NULL },
		{ "notebook_fqdn", "kv.vault.azure.net", NULL },
		{ "vnet", "10.20.0.0/16", "10.20.0.0/16" },
		{ "vnet", "0.0.0.0/0", NULL },
		{ "vnet", "168.63.129.0/24", NULL },
		{ "vnet_dns", "10.0.0.4", "10.0.0.4" },
		{ "vnet_dns", "10.0.0.400", NULL },
		{ "address", "a.b 10.0.0.4 10.0.0.5", "a.b 10.0.0.4 10.0.0.5" },
		{ "address", "*.a.b 10.0.0.4", "*.a.b 10.0.0.4" },
		{ "address", "a.b", NULL },
		{ "address", "a.b c.d", NULL },
		{ "machine_id", WS_ID "/../x", NULL },
		{ "machine_id", "/A/b", "/a/b" },
		{ "no_such_key", "x", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		bool ok = vp_found_add(&f, cases[i].key, cases[i].value);

		if (ok != (cases[i].want != NULL) ||
		    d.n_values != (ok ? 1u : 0u) || d.n_notes != (ok ? 0u : 1u))
			fail_msg("%s=%s: %s", cases[i].key, cases[i].value,
			         all());
		if (ok)
			assert_string_equal(d.values[0].value, cases[i].want);
		again();
	}
	assert_true(vp_found_add(&f, "workspace", ""));
	assert_true(vp_found_add(&f, "workspace", NULL));
	assert_int_equal(d.n_values, 0);
}

static void test_contradiction(void **state)
{
	(void)state;
	vp_found_add(&f, "workspace", "one");
	vp_found_add(&f, "workspace", "ONE"); /* the same to Azure */
	assert_int_equal(d.n_notes, 0);
	f.source = "other";
	vp_found_add(&f, "workspace", "two");
	assert_int_equal(d.n_notes, 1);
	assert_string_equal(d.notes[0], "other: it says workspace two, and "
	                                "test says one, which is believed");
	assert_string_equal(vp_found_get(&d, "workspace")->value, "one");
}

/* What is stated and what is inferred, in both orders. */
static void test_inferred(void **state)
{
	static const struct {
		const char *key, *first, *second, *note; /* NULL: none */
		bool inferred;                           /* the first is */
	} rows[] = {
		{ "workspace", "a", "b",
		  "two: it says workspace b, which is believed, and one says "
		  "a (inferred)",
		  true },
		{ "workspace", "a", "b",
		  "two: it says workspace b (inferred), and one says a, which "
		  "is believed",
		  false },
		{ "workspace", "a", "A", NULL, true },
		{ "workspace", "a", "A", NULL, false },
		/* of the machine and of the workspace */
		{ "subscription", SUB, GUID, NULL, true },
		{ "subscription", SUB, GUID, NULL, false },
		{ "key_vault", "a", "b", NULL, true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		f.source = "one";
		f.inferred = rows[i].inferred;
		vp_found_add(&f, rows[i].key, rows[i].first);
		f.source = "two";
		f.inferred = !rows[i].inferred;
		vp_found_add(&f, rows[i].key, rows[i].second);
		assert_int_equal(d.n_notes, rows[i].note != NULL ? 1 : 0);
		if (rows[i].note != NULL)
			assert_string_equal(d.notes[0], rows[i].note);
		again();
	}
}

static void test_nbvm(void **state)
{
	static const struct {
		const char *text, *want;
		size_t notes;
	} cases[] = {
		{ "instance=ci-one\ndomainsuffix=eastus.instances.azureml.ms\n",
		  "compute_instance=ci-one.eastus.instances.azureml.ms;"
		  "region=eastus;cloud=public;",
		  0 },
		{ "instance='ci-one'\r\n"
		  "domainsuffix = \"chinaeast2.instances.azureml.cn\"\r\n"
		  "certurl=https://chinaeast2.cert.api.ml.azure.cn/nbip\r\n",
		  "cloud=china;region=chinaeast2;"
		  "compute_instance=ci-one.chinaeast2.instances.azureml.cn;",
		  0 },
		{ "instance=ci-one\n", "compute_instance=ci-one;", 0 },
		{ "domainsuffix=eastus.instances.azureml.ms\n", "", 0 },
		{ "instance=www\ndomainsuffix=evil.example\n", "", 1 },
		{ "instance=a/b\ndomainsuffix=eastus.instances.azureml.ms\n",
		  "", 1 },
		{ "certurl=https://x@evil.example/\n", "", 1 },
		{ "certurl=https://evil.api.azureml.ms.example/\n", "", 1 },
		{ "certurl\n=\n==\n# instance=x\n\n", "", 0 },
		{ "", "", 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		vp_found_nbvm(&f, vp_arena_strdup(f.arena, cases[i].text));
		assert_string_equal(all(), cases[i].want);
		assert_int_equal(d.n_notes, cases[i].notes);
		again();
	}
}

static void test_mounts(void **state)
{
	static const struct {
		const char *line, *want;
	} cases[] = {
		{ "//stlab.file.core.windows.net/code-" GUID
		  " /mnt/x cifs rw,addr=10.0.0.4 0 0",
		  "storage_account=stlab;cloud=public;workspace_id=" GUID
		  "(i);" },
		{ "//st.file.core.usgovcloudapi.net/code-" GUID " /x smb3 rw",
		  "storage_account=st;cloud=usgovernment;workspace_id=" GUID
		  "(i);" },
		{ "//stlab.file.core.windows.net/data /mnt/x cifs rw", "" },
		{ "//stlab.file.core.windows.net/code-" GUID "x /x cifs rw",
		  "" },
		{ "//nas.example/code-" GUID " /mnt/x cifs rw 0 0", "" },
		{ "//stlab.blob.core.windows.net/code-" GUID " /x cifs rw",
		  "" },
		{ "//stlab.file.core.windows.net", "" },
		{ "//", "" },
		{ "proc /proc proc rw 0 0", "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		vp_found_mount_line(&f,
		                    vp_arena_strdup(f.arena, cases[i].line));
		assert_string_equal(all(), cases[i].want);
		again();
	}
}

static void test_variables(void **state)
{
	static const struct {
		const char *name, *value, *want;
	} cases[] = {
		{ "CI_NAME", "ci-one", "compute_instance=ci-one;" },
		{ "CI_WORKSPACE", "mlw-lab", "workspace=mlw-lab;" },
		{ "MLFLOW_TRACKING_URI",
		  "azureml://eastus.api.azureml.ms/mlflow/v1.0" WS_ID,
		  "cloud=public;region=eastus;subscription=" SUB
		  ";resource_group=rg-lab;workspace=mlw-lab;" },
		{ "MLFLOW_TRACKING_URI", "http://mlflow.example:5000", "" },
		{ "AZUREML_SERVICE_ENDPOINT",
		  "https://" GUID ".workspace.usgovvirginia.api.ml.azure.us",
		  "workspace_id=" GUID
		  ";region=usgovvirginia;cloud=usgovernment;" },
		{ "AZUREML_DISCOVERY_SERVICE_ENDPOINT",
		  "https://westeurope.api.azureml.ms/discovery",
		  "cloud=public;region=westeurope;" },
		{ "AZUREML_WORKSPACE_ID", GUID, "workspace_id=" GUID ";" },
		{ "AZUREML_WORKSPACE_ID", WS_ID,
		  "subscription=" SUB
		  ";resource_group=rg-lab;workspace=mlw-lab;" },
		{ "MSI_SECRET", "secret", "" },
		{ "PATH", "/bin", "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		vp_found_variable(&f, cases[i].name, cases[i].value);
		assert_string_equal(all(), cases[i].want);
		again();
	}
}

static void test_config_json(void **state)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{ "{\"subscription_id\": \"" SUB "\", \"resource_group\": "
		  "\"rg-lab\", \"workspace_name\": \"mlw-lab\"}",
		  "subscription=" SUB
		  ";resource_group=rg-lab;workspace=mlw-lab;" },
		{ "{\"subscription_id\": \"" SUB "\"}", "" },
		{ "{\"subscription_id\": 1, \"resource_group\": \"rg\", "
		  "\"workspace_name\": \"w\"}",
		  "" },
		{ "[]", "" },
		{ "", "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		vp_found_config_json(&f, cases[i].text, strlen(cases[i].text));
		assert_string_equal(all(), cases[i].want);
		again();
	}
}

static void test_trust(void **state)
{
	(void)state;
	assert_true(vp_found_trusts(0, 1000, NULL));
	assert_true(vp_found_trusts(1000, 1000, NULL));
	assert_false(vp_found_trusts(1001, 1000, NULL));
	assert_false(vp_found_trusts(1001, 0, NULL));
	assert_true(vp_found_trusts(1001, 0, "1001"));
	assert_false(vp_found_trusts(1001, 0, "1001x"));
	assert_false(vp_found_trusts(1001, 0, ""));
	/* Only root was somebody else before. */
	assert_false(vp_found_trusts(1001, 1000, "1001"));
}

/* A pipe that nobody writes to and a device are not opened; a file is. */
static void test_no_plain_file(void **state)
{
	char dir[] = "/tmp/test_found.XXXXXX", fifo[64], file[64];
	const char *const none[] = { NULL };
	const char *config[] = { fifo, "/dev/tty", file, NULL };
	struct vp_found_local from = { .nbvm = fifo,
		                       .mounts = "/dev/null",
		                       .files = none,
		                       .config = config };
	FILE *out;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(fifo, sizeof(fifo), "%s/fifo", dir);
	snprintf(file, sizeof(file), "%s/config.json", dir);
	assert_int_equal(mkfifo(fifo, 0600), 0);
	out = fopen(file, "w");
	assert_non_null(out);
	fputs("{\"subscription_id\": \"" SUB "\", \"resource_group\": \"rg\", "
	      "\"workspace_name\": \"mlw\"}",
	      out);
	fclose(out);
	alarm(10);
	vp_found_local(&f, &from);
	alarm(0);
	unlink(fifo);
	unlink(file);
	rmdir(dir);
	assert_string_equal(all(), "subscription=" SUB
	                           ";resource_group=rg;workspace=mlw;");
	assert_int_equal(d.n_notes, 2); /* one of each path */
	assert_int_equal(d.n_unread, 0);
	assert_non_null(strstr(d.notes[0], "no regular file"));
}

/* A share whose server is gone: a FUSE mount in a namespace of our own, whose
 * requests nobody answers. Even stat() of what is on it hangs. */
static bool mount_dead_share(const char *dir)
{
	unsigned uid = (unsigned)getuid(), gid = (unsigned)getgid();
	char text[64];
	int fd, map;

	if (unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0)
		return false;
	snprintf(text, sizeof(text), "0 %u 1", uid);
	map = open("/proc/self/uid_map", O_WRONLY | O_CLOEXEC);
	if (map < 0 || write(map, text, strlen(text)) < 0)
		return false;
	close(map);
	map = open("/proc/self/setgroups", O_WRONLY | O_CLOEXEC);
	if (map < 0 || write(map, "deny", 4) < 0)
		return false;
	close(map);
	snprintf(text, sizeof(text), "0 %u 1", gid);
	map = open("/proc/self/gid_map", O_WRONLY | O_CLOEXEC);
	if (map < 0 || write(map, text, strlen(text)) < 0)
		return false;
	close(map);
	/* It has to be opened by whom the namespace belongs to. */
	fd = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return false;
	snprintf(text, sizeof(text),
	         "fd=%d,rootmode=40000,user_id=0,group_id=0", fd);
	return mount("share", dir, "fuse", MS_NOSUID | MS_NODEV, text) == 0;
}

/* In a process of its own: 0: as it should be, 77: no such mount here. */
static int read_dead_share(const char *dir, const char *alive)
{
	const char *const none[] = { NULL };
	const char *config[3] = { NULL, alive, NULL };
	struct vp_found_local from = { .nbvm = "/nonexistent/.nbvm",
		                       .mounts = "/dev/null",
		                       .files = none,
		                       .config = config };
	char dead[96];

	if (!mount_dead_share(dir))
		return 77;
	snprintf(dead, sizeof(dead), "%s/config.json", dir);
	config[0] = dead;
	alarm(10); /* what hangs for ever ends here, as a failure */
	vp_found_local(&f, &from);
	if (d.n_notes != 1 || strstr(d.notes[0], dead) == NULL ||
	    strstr(d.notes[0], "it did not answer in 2 s: not read") == NULL)
		return 1;
	if (d.n_unread != 1 || strcmp(d.unread[0], dead) != 0)
		return 3;
	/* the next one was read all the same */
	return vp_found_get(&d, "workspace") != NULL ? 0 : 2;
}

static void test_dead_share(void **state)
{
	char dir[] = "/tmp/test_found.XXXXXX", share[64], file[64];
	int status;
	pid_t pid;
	FILE *out;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(share, sizeof(share), "%s/share", dir);
	snprintf(file, sizeof(file), "%s/config.json", dir);
	assert_int_equal(mkdir(share, 0700), 0);
	out = fopen(file, "w");
	assert_non_null(out);
	fputs("{\"subscription_id\": \"" SUB "\", \"resource_group\": \"rg\", "
	      "\"workspace_name\": \"mlw\"}",
	      out);
	fclose(out);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		_exit(read_dead_share(share, file));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	unlink(file);
	rmdir(share);
	rmdir(dir);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
		skip();
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

/* Of a private endpoint: it is no instance's name, and no mistake. */
static void test_wildcards(void **state)
{
	(void)state;
	assert_true(vp_found_host(&f, "*.eastus.instances.azureml.ms"));
	assert_string_equal(all(), "region=eastus;cloud=public;");
	assert_int_equal(d.n_notes, 0);
}

/* The settings' own words win; what was found fills the rest. */
static void test_apply(void **state)
{
	struct vp_settings s = { .arena = f.arena };

	(void)state;
	s.cloud = vp_arena_strdup(f.arena, "public");
	vp_found_nbvm(&f,
	              vp_arena_strdup(f.arena,
	                              "instance=ci-one\ndomainsuffix="
	                              "usgovvirginia.instances.azureml.us\n"));
	vp_found_variable(&f, "CI_NAME", "ci-one");
	vp_found_apply(&s, &d, true);
	assert_string_equal(s.cloud, "usgovernment");
	assert_string_equal(s.region, "usgovvirginia");
	assert_false(s.workspace.present); /* its id is not known */
	assert_int_equal(s.n_targets, 1);
	assert_string_equal(s.targets[0].text,
	                    "ci-one.usgovvirginia.instances.azureml.us");
	assert_string_equal(s.targets[0].origin, "found: test");

	vp_found_add(&f, "workspace_id", GUID);
	vp_found_add(&f, "key_vault", "kv-lab");
	vp_found_add(&f, "registry", "crlab");
	vp_found_add(&f, "storage_account", "stlab");
	s = (struct vp_settings){ .arena = f.arena };
	s.cloud = vp_arena_strdup(f.arena, "public");
	s.has_cloud = true;
	s.region = vp_arena_strdup(f.arena, "eastus");
	*VP_PUSH(f.arena, s.key_vaults, s.n_key_vaults) =
		(struct vp_key_vault){ .name = vp_arena_strdup(f.arena,
		                                               "mine") };
	vp_found_apply(&s, &d, true);
	assert_string_equal(s.cloud, "public");
	assert_string_equal(s.region, "eastus");
	assert_true(s.workspace.present);
	assert_string_equal(s.workspace.id, GUID);
	assert_int_equal(s.workspace.n_compute_instances, 1);
	assert_int_equal(s.n_key_vaults, 1);
	assert_string_equal(s.key_vaults[0].name, "mine");
	assert_int_equal(s.n_registries, 1);
	assert_int_equal(s.n_storage_accounts, 1);

	s = (struct vp_settings){ .arena = f.arena };
	vp_found_apply(&s, &d, false);
	assert_false(s.workspace.present);
	assert_int_equal(s.n_registries + s.n_targets, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_values, setup, teardown),
		cmocka_unit_test_setup_teardown(test_contradiction, setup,
		                                teardown),
		cmocka_unit_test_setup_teardown(test_inferred, setup, teardown),
		cmocka_unit_test_setup_teardown(test_nbvm, setup, teardown),
		cmocka_unit_test_setup_teardown(test_mounts, setup, teardown),
		cmocka_unit_test_setup_teardown(test_variables, setup,
		                                teardown),
		cmocka_unit_test_setup_teardown(test_config_json, setup,
		                                teardown),
		cmocka_unit_test_setup_teardown(test_trust, setup, teardown),
		cmocka_unit_test_setup_teardown(test_dead_share, setup,
		                                teardown),
		cmocka_unit_test_setup_teardown(test_no_plain_file, setup,
		                                teardown),
		cmocka_unit_test_setup_teardown(test_wildcards, setup,
		                                teardown),
		cmocka_unit_test_setup_teardown(test_apply, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
