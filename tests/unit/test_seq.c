/* SPDX-License-Identifier: MIT */
/* The executor, with made-up tables: order, waiting, fds, errors, deaths and undo. */
#include "engine/seq.h"

#include "base/own.h"
#include "engine/start.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include <cmocka.h>

/* What happened, in order, written by both processes into shared memory. */
static struct {
	int n;
	char word[64][32];
} * said;

static struct plan plan;

static void say(const char *word)
{
	int i = __atomic_fetch_add(&said->n, 1, __ATOMIC_SEQ_CST);

	(void)snprintf(said->word[i], sizeof(said->word[i]), "%s", word);
}

static int place(const char *word)
{
	for (int i = 0; i < said->n; i++)
		if (strcmp(said->word[i], word) == 0)
			return i;
	return -1;
}

static int make_a(struct run *r, struct err *e)
{
	(void)r, (void)e;
	say("a");
	return 0;
}

static void undo_a(struct run *r)
{
	(void)r;
	say("undo a");
}

static int do_fork(struct run *r, struct err *e)
{
	pid_t pid = fork();

	(void)e;
	r->who = pid ? KEEPER : INIT;
	r->init_pid = pid;
	return pid == 0;
}

static void undo_fork(struct run *r)
{
	say("undo fork");
	(void)kill(r->init_pid, SIGKILL);
	(void)waitpid(r->init_pid, NULL, 0);
}

static int make_b(struct run *r, struct err *e)
{
	(void)r, (void)e;
	(void)usleep(20000);
	say("b");
	return 0;
}

static void undo_b(struct run *r)
{
	(void)r;
	say("undo b");
}

static int after_b(struct run *r, struct err *e)
{
	(void)r, (void)e;
	say("after b");
	return 0;
}

static int give(struct run *r, struct err *e)
{
	int pair[2];

	if (pipe(pair) < 0 || write(pair[1], "x", 1) != 1)
		return err_sys(e, "make", "a pipe");
	return run_give(r, SLOT_TTYS, pair[0], e);
}

static int take(struct run *r, struct err *e)
{
	char c = 0;

	if (r->slot[SLOT_TTYS].n != 1 || read(r->slot[SLOT_TTYS].v[0], &c, 1) != 1 || c != 'x')
		return err_say(e, EINVAL, "no fd came over");
	say("took");
	return 0;
}

static int refuse(struct run *r, struct err *e)
{
	(void)r;
	return err_num(e, ENOENT, "open", "the thing");
}

static int die(struct run *r, struct err *e)
{
	(void)r, (void)e;
	(void)raise(SIGKILL);
	return 0;
}

static int leave(struct run *r, struct err *e)
{
	(void)r, (void)e;
	_exit(3);
}

static int exec_true(struct run *r, struct err *e)
{
	(void)r;
	say("exec");
	(void)execl("/bin/true", "true", (char *)NULL);
	return err_sys(e, "run", "/bin/true");
}

static bool never(const struct plan *p)
{
	(void)p;
	return false;
}

static int run_table(const struct step *rows, size_t n, struct err *e)
{
	struct seq s = { .name = "test", .v = rows, .n = n };
	struct seq_page *page = seq_page_new(NULL, e);
	struct run r;
	int x;

	memset(said, 0, sizeof(*said));
	run_init_fields(&r, &plan);
	x = seq_run(&s, 0, &r, page, e);
	if (x == 0)
		(void)waitpid(r.init_pid, NULL, 0);
	for (size_t i = 0; i < r.slot[SLOT_TTYS].n; i++)
		(void)close(r.slot[SLOT_TTYS].v[i]);
	free(r.slot[SLOT_TTYS].v);
	seq_page_free(page);
	return x;
}

#define RUN(rows, e) run_table(rows, ARRAY_SIZE(rows), e)

static void test_order_and_fds(void **state)
{
	static const struct step rows[] = {
		{ KEEPER, "a", make_a, .undo = undo_a },
		{ KEEPER, "fork", do_fork, .undo = undo_fork, .forks = true },
		{ KEEPER, "b", make_b, .undo = undo_b },
		{ INIT, "after", after_b, .needs = "b" },
		{ INIT, "give", give, .gives = SLOT_TTYS },
		{ KEEPER, "take", take, .needs = "give" },
		{ INIT, "not", die, .when = never },
		{ INIT, "exec", exec_true, .needs = "take" },
	};
	struct err e = { 0 };

	(void)state;
	assert_int_equal(RUN(rows, &e), 0);
	assert_true(place("b") < place("after b") && place("took") < place("exec"));
	assert_int_equal(place("undo a"), -1);
}

static void test_error_of_init_is_undone_upwards(void **state)
{
	static const struct step rows[] = {
		{ KEEPER, "a", make_a, .undo = undo_a },
		{ KEEPER, "fork", do_fork, .undo = undo_fork, .forks = true },
		{ KEEPER, "b", make_b, .undo = undo_b },
		{ INIT, "refuse", refuse },
		{ INIT, "exec", exec_true },
	};
	struct err e = { 0 };
	char text[256];

	(void)state;
	assert_int_equal(RUN(rows, &e), -ENOENT);
	err_text(&e, text, sizeof(text));
	assert_string_equal(text, "cannot open the thing: No such file or directory");
	assert_string_equal(e.step, "refuse");
	assert_string_equal(e.role, "container init");
	assert_true(place("undo b") < place("undo fork") && place("undo fork") < place("undo a"));
	assert_int_equal(place("exec"), -1);
}

static void test_error_of_keeper_undoes_its_own_half_done_row(void **state)
{
	static const struct step rows[] = {
		{ KEEPER, "a", make_a, .undo = undo_a },
		{ KEEPER, "refuse", refuse, .undo = undo_b },
		{ KEEPER, "fork", do_fork, .undo = undo_fork, .forks = true },
		{ INIT, "exec", exec_true },
	};
	struct err e = { 0 };

	(void)state;
	assert_int_equal(RUN(rows, &e), -ENOENT);
	assert_string_equal(e.role, "keeper");
	assert_int_equal(place("undo fork"), -1);
	assert_true(place("undo b") < place("undo a"));
}

static void test_death_of_init_is_told_with_its_step(void **state)
{
	static const struct step killed[] = {
		{ KEEPER, "fork", do_fork, .undo = undo_fork, .forks = true },
		{ INIT, "die", die },
		{ INIT, "exec", exec_true },
	};
	static const struct step exited[] = {
		{ KEEPER, "fork", do_fork, .undo = undo_fork, .forks = true },
		{ INIT, "leave", leave },
		{ INIT, "exec", exec_true },
	};
	struct err e = { 0 };

	(void)state;
	assert_int_equal(RUN(killed, &e), -ECHILD);
	assert_string_equal(e.object, "container init was killed by signal 9 (Killed) in step die");
	err_clear(&e);
	assert_int_equal(RUN(exited, &e), -ECHILD);
	assert_string_equal(e.object, "container init exited with status 3 in step leave");
}

static int take_a_while(struct run *r, struct err *e)
{
	(void)r, (void)e;
	(void)usleep(300000);
	say("took a while");
	return 0;
}

/* A row may have nothing but its undo, or only be waited for. */
static void test_a_wait_goes_on_while_the_other_side_is_in_a_slow_row(void **state)
{
	struct step rows[] = {
		{ KEEPER, "later", NULL, .undo = undo_a },
		{ KEEPER, "fork", do_fork, .undo = undo_fork, .forks = true },
		{ INIT, "while", take_a_while, .slow = true },
		{ KEEPER, "release", NULL, .needs = "while" },
		{ INIT, "exec", exec_true, .needs = "release" },
	};
	const struct seq s = { .name = "test", .v = rows, .n = ARRAY_SIZE(rows), .deadline_ms = 50 };
	struct seq_page *page = seq_page_new(NULL, NULL);
	struct run r = { .plan = &plan, .who = KEEPER };
	struct err e = { 0 };

	(void)state;
	said->n = 0;
	assert_int_equal(seq_run(&s, 0, &r, page, &e), 0);
	assert_int_equal(place("took a while"), 0);
	undo_fork(&r);
	seq_page_free(page);

	rows[2].slow = false;
	said->n = 0;
	page = seq_page_new(NULL, NULL);
	r = (struct run){ .plan = &plan, .who = KEEPER };
	assert_int_equal(seq_run(&s, 0, &r, page, &e), -ETIMEDOUT);
	assert_string_equal(e.object, "the container init");
	assert_string_equal(e.step, "release");
	assert_true(place("undo fork") < place("undo a"));
	seq_page_free(page);
}

static bool is_needed(const char *name)
{
	for (size_t i = 0; i < start_seq.n; i++)
		if (start_seq.v[i].needs && strcmp(start_seq.v[i].needs, name) == 0)
			return true;
	return false;
}

static void test_start_table_is_sound(void **state)
{
	(void)state;
	assert_int_equal(start_seq.v[start_seq.n - 1].who, INIT);
	for (size_t i = 0; i < start_seq.n; i++) {
		const struct step *s = &start_seq.v[i];

		assert_true(s->run || s->undo || s->needs || is_needed(s->name));
		assert_int_equal(seq_find(&start_seq, s->name), i); /* no name twice */
		if (!s->needs)
			continue;
		/* what is waited for stands above, and is the other side's: the order is a serial one */
		assert_true(seq_find(&start_seq, s->needs) < i);
		assert_int_not_equal(start_seq.v[seq_find(&start_seq, s->needs)].who, s->who);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order_and_fds),
		cmocka_unit_test(test_error_of_init_is_undone_upwards),
		cmocka_unit_test(test_error_of_keeper_undoes_its_own_half_done_row),
		cmocka_unit_test(test_death_of_init_is_told_with_its_step),
		cmocka_unit_test(test_a_wait_goes_on_while_the_other_side_is_in_a_slow_row),
		cmocka_unit_test(test_start_table_is_sound),
	};

	said = mmap(NULL, sizeof(*said), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
