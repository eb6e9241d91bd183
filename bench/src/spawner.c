/* The floor and the peers: starts a command again and again from a small process of one thread, and says how long each took
 * from fork to reaped. Each line on standard input is a command, its words apart by spaces; each answer is nanoseconds, or
 * the exit status after a minus sign if it was not zero. */
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static long long now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

int main(void) {
    static char line[4096];
    char *argv[128], *envp[] = {"PATH=/usr/bin:/bin", NULL};
    while (fgets(line, sizeof line, stdin)) {
        int count = 0;
        for (char *word = strtok(line, " \n"); word && count < 127; word = strtok(NULL, " \n")) argv[count++] = word;
        argv[count] = NULL;
        long long began = now();
        pid_t pid = fork();
        if (pid == 0) {
            execve(argv[0], argv, envp);
            _exit(127);
        }
        int status = 0;
        waitpid(pid, &status, 0);
        long long took = now() - began;
        printf("%lld\n", status == 0 ? took : -(long long)status);
        fflush(stdout);
    }
    return 0;
}
