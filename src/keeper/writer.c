/* SPDX-License-Identifier: MIT */
/*
 * keg-idle log FILE SIZE OLD: appends what comes by the socket at its fd 0 to FILE. What is longer than SIZE (0: never)
 * is cut, or, where OLD files are kept, renamed to FILE.1, what was that to FILE.2, and so on. Every call here may wait
 * for a disk for ever: that is what the process is for.
 */
#include "keeper/writer.h"

#include "base/own.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>

enum { NAME_ROOM = 1024 + 8, TOGETHER = 4 * WRITER_MOST };

static struct {
	const char *path;
	int fd, old;
	long long size, length;
	int error; /* of a write, since it was told last */
} f = { .fd = -1 };

static int open_file(void)
{
	int fd = open(f.path, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_NOCTTY | O_CLOEXEC, 0640);

	if (fd < 0)
		return errno;
	close_fd(&f.fd);
	f.fd = fd;
	f.length = lseek(fd, 0, SEEK_END);
	return 0;
}

/* FILE.N; FILE itself for 0. */
static const char *name_of(int n, char *room)
{
	size_t len = strlen(f.path);

	if (n == 0 || len + 4 > NAME_ROOM)
		return f.path;
	memcpy(room, f.path, len);
	room[len++] = '.';
	if (n > 9)
		room[len++] = (char)('0' + n / 10);
	room[len++] = (char)('0' + n % 10);
	room[len] = 0;
	return room;
}

/* Where that cannot be, it goes on in the file that it has. */
static void begin_anew(void)
{
	char from[NAME_ROOM], to[NAME_ROOM];

	for (int n = f.old; n > 0; n--)
		if (rename(name_of(n - 1, from), name_of(n, to)) < 0 && n == 1)
			return;
	if (f.old)
		(void)open_file();
}

static void keep_to_size(size_t more)
{
	if (!f.size || f.length + (long long)more <= f.size)
		return;
	if (f.old)
		begin_anew();
	else if (ftruncate(f.fd, 0) == 0)
		f.length = 0;
}

/* Many small packets are one write; there is nothing here when it waits for the next. */
static struct {
	size_t n;
	char data[TOGETHER];
} held;

/* What cannot be written is lost. */
static void flush(void)
{
	const char *data = held.data;
	size_t n = held.n;

	held.n = 0;
	if (n > 0)
		keep_to_size(n);
	while (n > 0) {
		ssize_t done = write(f.fd, data, n);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0) {
			f.error = done < 0 ? errno : EIO;
			return;
		}
		f.length += done;
		data += done;
		n -= (size_t)done;
	}
}

static void append(const char *data, size_t n)
{
	if (held.n + n > sizeof(held.data))
		flush();
	memcpy(held.data + held.n, data, n);
	held.n += n;
}

static void answer(int32_t number, int error)
{
	const struct writer_answer a = { .number = number, .error = error };

	/* nobody may read it: then it is one too many, and lost */
	(void)!send(0, &a, sizeof(a), MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void serve(const char *packet, size_t n)
{
	int32_t number = 0;

	if (packet[0] != WRITER_DATA)
		flush();
	if (n == 1 + sizeof(number))
		memcpy(&number, packet + 1, sizeof(number));
	switch (packet[0]) {
	case WRITER_DATA:
		append(packet + 1, n - 1);
		break;
	case WRITER_ANEW:
		begin_anew();
		break;
	case WRITER_OPEN:
		answer(number, open_file());
		break;
	case WRITER_SYNC:
		answer(number, f.error);
		f.error = 0;
		break;
	}
}

static long long number_of(const char *text)
{
	long long n = 0;

	while (*text >= '0' && *text <= '9')
		n = n * 10 + *text++ - '0';
	return n;
}

int writer_main(char **words)
{
	static char packet[1 + WRITER_MOST];
	ssize_t n;
	int error;

	if (!words[0] || !words[1] || !words[2])
		return 2;
	f.path = words[0];
	f.size = number_of(words[1]);
	f.old = (int)number_of(words[2]);
	(void)prctl(PR_SET_NAME, "keg-log", 0, 0, 0);
	error = open_file();
	answer(0, error);
	if (error)
		return 1;
	while ((n = recv(0, packet, sizeof(packet), 0)) > 0) { /* waits: for its keeper's next word, or its end */
		serve(packet, (size_t)n);
		while ((n = recv(0, packet, sizeof(packet), MSG_DONTWAIT)) > 0)
			serve(packet, (size_t)n);
		flush();
	}
	return 0;
}
