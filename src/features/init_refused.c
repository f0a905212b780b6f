/* SPDX-License-Identifier: MIT */
/* Looks at a program that could not be run, in the root that it was to run in; see init_refused.h. */
#include "features/init_refused.h"

#include "base/io.h"
#include "base/own.h"
#include "base/str.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/utsname.h>
#include <unistd.h>

enum { HEAD = 256, SEGMENTS_MOST = 64 };

static const struct {
	int machine;
	const char *name; /* as uname(2) has it */
} machines[] = {
	{ EM_386, "i686" },	   { EM_X86_64, "x86_64" }, { EM_ARM, "arm" },
	{ EM_AARCH64, "aarch64" }, { EM_RISCV, "riscv64" }, { EM_PPC64, "ppc64" },
	{ EM_S390, "s390x" },	   { EM_MIPS, "mips" },	    { 258, "loongarch64" }, /* EM_LOONGARCH: glibc 2.36 */
};

static const char *machine_name(int machine)
{
	for (size_t i = 0; i < ARRAY_SIZE(machines); i++)
		if (machines[i].machine == machine)
			return machines[i].name;
	return NULL;
}

static bool is_elf(const char *head, ssize_t n)
{
	return n >= EI_NIDENT && memcmp(head, ELFMAG, SELFMAG) == 0;
}

/* The program of "#!PROGRAM ARGUMENT"; NULL: none. */
static char *interpreter(const char *head, ssize_t n)
{
	const char *from = head + 2;

	if (n < 2 || memcmp(head, "#!", 2) != 0)
		return NULL;
	from += strspn(from, " \t");
	return strndup(from, strcspn(from, " \t\n"));
}

/* What PT_INTERP of a 64-bit program names. */
static char *loader(int fd, const char *head, ssize_t n)
{
	Elf64_Ehdr h;
	Elf64_Phdr p;
	char name[PATH_MAX];

	if (n < (ssize_t)sizeof(h) || !is_elf(head, n) || head[EI_CLASS] != ELFCLASS64)
		return NULL;
	memcpy(&h, head, sizeof(h));
	for (int i = 0; i < h.e_phnum && i < SEGMENTS_MOST; i++) {
		if (pread(fd, &p, sizeof(p), (off_t)(h.e_phoff + (uint64_t)i * sizeof(p))) != (ssize_t)sizeof(p))
			return NULL;
		if (p.p_type != PT_INTERP || p.p_filesz == 0 || p.p_filesz >= sizeof(name))
			continue;
		if (pread(fd, name, p.p_filesz, (off_t)p.p_offset) != (ssize_t)p.p_filesz)
			return NULL;
		name[p.p_filesz] = 0;
		return strdup(name);
	}
	return NULL;
}

static void hint_missing(const char *program, struct err *e)
{
	char to[PATH_MAX];
	ssize_t n = readlink(program, to, sizeof(to) - 1);

	if (n > 0) {
		to[n] = 0;
		err_hint(e, "%.100s is a link to %.100s, which the rootfs has not", program, to);
	}
	err_hint(e, "the rootfs has no such program: set lxc.init.cmd to one that it has");
}

/* The program is there, but what it needs is not. */
static void hint_needs(int fd, const char *head, ssize_t n, struct err *e)
{
	_own_free char *script = interpreter(head, n), *so = loader(fd, head, n);

	if (script && str_ends(script, "\r"))
		err_hint(e, "its first line ends in a carriage return: write it with the line ends of Unix");
	else if (script)
		err_hint(e, "it is a script, and its interpreter %.150s is not in the rootfs", script);
	else if (so)
		err_hint(e, "its loader %.150s is not in the rootfs", so);
	else
		err_hint(e, "it is there, but its interpreter or loader is not in the rootfs");
}

static void hint_format(const char *head, ssize_t n, struct err *e)
{
	struct utsname u;
	Elf64_Half machine;
	const char *name;

	if (n == 0)
		err_hint(e, "the file is empty");
	if (!is_elf(head, n) || n < (ssize_t)(offsetof(Elf64_Ehdr, e_machine) + sizeof(machine))) {
		err_hint(e, "it is no program; a script begins with the line #!/bin/sh");
		return;
	}
	memcpy(&machine, head + offsetof(Elf64_Ehdr, e_machine), sizeof(machine));
	name = machine_name(machine);
	if (uname(&u) == 0 && name)
		err_hint(e, "it is built for %s, and this host is %s", name, u.machine);
	err_hint(e, "it is built for another architecture");
}

static void hint_denied(const char *program, struct err *e)
{
	struct statvfs fs;
	struct stat st;

	if (stat(program, &st) < 0)
		return;
	if (S_ISDIR(st.st_mode))
		err_hint(e, "it is a folder: name a program in it");
	else if (!(st.st_mode & 0111))
		err_hint(e, "make it executable: chmod +x in the rootfs");
	else if (statvfs(program, &fs) == 0 && fs.f_flag & ST_NOEXEC)
		err_hint(e, "it is on a mount with noexec: remount that with exec");
	else
		err_hint(e, "init's user must be able to read and run it, and what it is run by");
}

void init_hint_refused(const char *program, int error, struct err *e)
{
	_own_fd int fd = -1;
	char head[HEAD + 1];
	ssize_t n;

	if (error == EACCES) {
		hint_denied(program, e);
		return;
	}
	if (error != ENOENT && error != ENOEXEC)
		return;
	fd = open(program, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	n = fd < 0 ? -1 : io_read_full(fd, head, HEAD);
	if (n >= 0)
		head[n] = 0;
	if (error == ENOENT && n < 0)
		hint_missing(program, e);
	else if (error == ENOENT)
		hint_needs(fd, head, n, e);
	else if (n >= 0)
		hint_format(head, n, e);
}
