/*
 * subreaper AFTER_MS LIMIT_MS COMMAND ARG...
 *
 * Runs COMMAND and says on stdout what it and all that it left behind have used. As the subreaper of its descendants it reaps
 * every detached one, and wait4 counts those that a descendant itself waited for: no process escapes the sum, none is sampled.
 *
 *   host EXIT_NS WALL_NS QUEUED_NS CPU_US PEAK_KB STATUS
 *   left EXIT_NS 0 0 CPU_US PEAK_KB STATUS
 *   killed N
 *
 * COMMAND has three descriptors, as from a shell, whatever was open here: covering those that would leak is part of what is measured.
 * EXIT_NS is CLOCK_MONOTONIC, which is Node's process.hrtime. QUEUED_NS: the main thread was ready and no processor was free.
 * STATUS: exit code, or 128 + signal. What still lives AFTER_MS after the host (or LIMIT_MS after the start) is killed; all of it at once on
 * SIGTERM, SIGINT and SIGHUP, and when whoever started this is gone: nobody reads it then.
 *
 * A child's PEAK_KB is never below its parent's resident size at the fork: the kernel keeps the mark across exec.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static volatile sig_atomic_t is_over = 0;
static volatile sig_atomic_t is_told = 0;

static long long now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static long long queued_ns(pid_t pid) {
  char path[64];
  unsigned long long ran = 0, queued = 0;
  snprintf(path, sizeof path, "/proc/%d/schedstat", pid);
  FILE *file = fopen(path, "r");
  if (file == NULL) return 0;
  if (fscanf(file, "%llu %llu", &ran, &queued) != 2) queued = 0;
  fclose(file);
  return (long long)queued;
}

/* Whoever loses its parent comes to us: killing our children again and again reaches all of them. */
static int kill_children(void) {
  char path[64];
  int pid, killed = 0;
  snprintf(path, sizeof path, "/proc/self/task/%d/children", getpid());
  FILE *file = fopen(path, "r");
  if (file == NULL) return 0;
  while (fscanf(file, "%d", &pid) == 1) {
    kill(pid, SIGKILL);
    killed++;
  }
  fclose(file);
  return killed;
}

/* Repeats, so that a signal which comes just before a wait is followed by one within it. */
static void set_alarm(long ms) {
  struct itimerval timer = {{0, 20000}, {ms / 1000, (ms % 1000) * 1000 + 1}};
  setitimer(ITIMER_REAL, &timer, NULL);
  if (is_told && ms > 0) set_alarm(0); /* told just before: a later alarm would let everything live until then */
}

static void over(int number) {
  is_over = 1;
  if (number == SIGALRM) return;
  is_told = 1;
  set_alarm(0);
}

int main(int count, char **words) {
  if (count < 4) {
    fprintf(stderr, "usage: subreaper AFTER_MS LIMIT_MS COMMAND ARG...\n");
    return 2;
  }
  if (prctl(PR_SET_CHILD_SUBREAPER, 1) != 0) {
    perror("PR_SET_CHILD_SUBREAPER");
    return 1;
  }
  struct sigaction action = {.sa_handler = over};
  const int signals[] = {SIGALRM, SIGTERM, SIGINT, SIGHUP};
  for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) sigaction(signals[i], &action, NULL);
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  long long start = now_ns();
  pid_t host = fork();
  if (host < 0) {
    perror("fork");
    return 1;
  }
  if (host == 0) {
    setpgid(0, 0);
    close_range(3, ~0U, 0);
    execvp(words[3], words + 3);
    perror(words[3]);
    _exit(127);
  }
  set_alarm(atol(words[2]));
  int killed = 0;
  for (;;) {
    siginfo_t info = {0};
    if (waitid(P_ALL, 0, &info, WEXITED | WNOWAIT) != 0) {
      if (!is_over) {
        if (waitid(P_ALL, 0, &info, WEXITED | WNOWAIT | WNOHANG) != 0) break; /* ECHILD */
        continue;
      }
      killed += kill_children();
      is_over = 0;
      if (waitid(P_ALL, 0, &info, WEXITED | WNOWAIT | WNOHANG) != 0) break;
      if (info.si_pid == 0) continue;
    }
    long long end = now_ns();
    long long queued = info.si_pid == host ? queued_ns(host) : 0;
    struct rusage used;
    int status;
    if (wait4(info.si_pid, &status, 0, &used) < 0) continue; /* the alarm: it is still there */
    long long cpu_us = (used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1000000LL + used.ru_utime.tv_usec + used.ru_stime.tv_usec;
    printf("%s %lld %lld %lld %lld %ld %d\n", info.si_pid == host ? "host" : "left", end, info.si_pid == host ? end - start : 0LL,
           queued, cpu_us, used.ru_maxrss, WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
    if (info.si_pid == host) set_alarm(atol(words[1]));
  }
  printf("killed %d\n", killed);
  return 0;
}
