// Tools: busybox in processes of its own, over files made here; a shell script with many forks.
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/bench/guest/bench.h"

// Text of numbers and words that repeat, in the current directory.
static void write_text(const char* name, uint32_t lines) {
    static const char* const kWords[] = {"window", "extent", "guard", "block", "page", "chain"};
    FILE* file = fopen(name, "w");
    uint32_t seed = 11;
    if (file == NULL) give_up(name);
    while (lines-- != 0)
        fprintf(file, "%u %s %u %s\n", next_random(&seed) % 1000, kWords[seed % 6], lines,
                kWords[seed / 7 % 6]);
    fclose(file);
}

static uint32_t checksum_of(const char* name) {
    static unsigned char bytes[65536];
    uint32_t check = 1;
    size_t count = 0;
    FILE* file = fopen(name, "r");
    if (file == NULL) give_up(name);
    while ((count = fread(bytes, 1, sizeof bytes, file)) != 0)
        check = mix_bytes(check, bytes, count);
    fclose(file);
    return check;
}

// Runs the script n times, $BB being busybox; its output is the checksum.
static void script(uint32_t n, const char* text) {
    begin();
    while (n-- != 0) {
        const pid_t child = fork();
        if (child < 0) give_up("fork");
        if (child == 0) {
            setenv("BB", places.busybox, 1);
            if (dup2(open("output", O_WRONLY | O_CREAT | O_TRUNC, 0600), STDOUT_FILENO) < 0)
                give_up("output");
            execl(places.busybox, "sh", "-c", text, NULL);
            give_up(places.busybox);
        }
        int status = 0;
        waitpid(child, &status, 0);
        if (status != 0) give_up("the script");
    }
    end(checksum_of("output"));
}

void gzip_tool(uint32_t n) {
    write_text("text", 40000);
    script(n, "$BB gzip -c <text >text.gz; $BB gunzip -c <text.gz | $BB md5sum");
}

void md5sum_tool(uint32_t n) {
    write_text("text", 60000);
    script(n, "$BB md5sum text");
}

void awk_tool(uint32_t n) {
    write_text("text", 30000);
    script(n,
           "$BB awk '{ sum[$2] += $1; if ($4 ~ /^e.*t$/) ++hits; line = $2 \"-\" $4;"
           " long += length(line) } END { print sum[\"page\"], sum[\"guard\"], hits, long }' text");
}

void tar_tool(uint32_t n) {
    char name[32];
    mkdir("tree", 0700);
    for (int i = 0; i < 40; ++i) {
        snprintf(name, sizeof name, "tree/%d", i);
        write_text(name, 500);
    }
    script(n,
           "$BB tar -cf tree.tar tree && $BB mkdir -p copy && $BB tar -xf tree.tar -C copy &&"
           " $BB cat copy/tree/* | $BB wc; $BB rm -r copy");
}

void shell_tool(uint32_t n) {
    script(n,
           "i=0; while [ $i -lt 60 ]; do i=$((i + 1)); a=$($BB expr $i \\* 3);"
           " b=$(echo $a | $BB sed s/1/x/); ( : ); $BB test $i -gt 30 && echo $a $b; done;"
           " $BB true");
}
