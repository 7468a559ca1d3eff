/* Lets the Nth write below a folder fail: preloaded into a process, which arms it.
   cc -shared -fPIC -o failing_writes.so failing_writes.c -ldl */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static char folder[4096];
static long left = -1;   /* writes until the failure; negative: not armed */
static int failure = 0;  /* errno of the failure */
static int lasting = 0;  /* whether all writes after it fail too */
static long counted = 0;

void arm_failure(const char *below, long nth, int error, int from_then_on)
{
    strncpy(folder, below, sizeof folder - 1);
    left = nth;
    failure = error;
    lasting = from_then_on;
    counted = 0;
}

long writes_counted(void) { return counted; }

static int fails(int file)
{
    char link[64], path[4096];
    ssize_t length;
    if (left < 0)
        return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    length = readlink(link, path, sizeof path - 1);
    if (length < 0)
        return 0;
    path[length] = 0;
    if (strncmp(path, folder, strlen(folder)) != 0)
        return 0;
    counted++;
    if (left > 1) {
        left--;
        return 0;
    }
    if (left == 1 || lasting) {
        left = 0;
        errno = failure;
        return 1;
    }
    return 0;
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

ssize_t write(int file, const void *bytes, size_t count)
{
    return fails(file) ? -1 : REAL(write)(file, bytes, count);
}

ssize_t pwrite(int file, const void *bytes, size_t count, off_t at)
{
    return fails(file) ? -1 : REAL(pwrite)(file, bytes, count, at);
}

ssize_t pwrite64(int file, const void *bytes, size_t count, off64_t at)
{
    return fails(file) ? -1 : REAL(pwrite64)(file, bytes, count, at);
}

int fsync(int file) { return fails(file) ? -1 : REAL(fsync)(file); }

int fdatasync(int file) { return fails(file) ? -1 : REAL(fdatasync)(file); }
